/** What messages have in common, what is most frequent last, so that the first of a lane may repeat it. Another text needs another word (DICTIONARY). */
export const SHIPPED_TEXT = Buffer.from(
  [
    'REQRelay REQPing REQPong REQCancel REQHello REQErrorLog REQTailFile REQHttpGet REQCopyFileFrom REQCopyFileTo ',
    '"superseded" "interrupted" "timed-out" "cancelled" "undelivered" "expired" "rejected" "handed-over" ',
    '{"state":"failed","reason":"the command ended with exit code 1","exitCode":1,"signal":"SIGTERM","stderrTail":"","stderrBytes":0,',
    '"stdoutFrom":0,"stdout":"","stdoutBytes":0,"outputBytes":0,"acceptedAt":1,"startedAt":1,"endedAt":1}',
    'Steward-Told:0+Steward-Supersedes:position\nSteward-Priority:bulk\nSteward-Not-After:1\nSteward-Left:60000\nserial:cbor-bytes\nSteward-Re:0',
    '\nSteward-End:{"state":"succeeded","exitCode":0,"acceptedAt":1,"startedAt":1,"endedAt":1,"outputBytes":0,"stdoutBytes":0}\n',
    'qREQCliCommandContdbashb-ciREQToFilelREQToConsoleoREQToFileAppend\xf6`\xf6\xf4gcentral\x05\x01\0\0\x18<\0',
    'serial:cbor\nSteward-Output:live\nSteward-Priority:urgent\nL:?\n\x98\x19eship1\xf6\0\xf6mREQCliCommand\x81fuptimegREQNone\xf6\xf4gcentral\x05\x01\0\0\x18<\0``\xf6``````',
    'serial:cbor\nL:?\n\x98\x19gcentral\xf6\0\x81y\x01\0{"ends":[{"id":"01","state":"running","acceptedAt":1,"startedAt":1,"output":[{"stream":"stderr","offset":0,"text":"',
    '{"stream":"stdout","offset":0,"text":"\\n"}]}]}{"ends":[{"id":"01","state":"succeeded","exitCode":0,"outputBytes":0,"endedAt":1,"acceptedAt":1,"startedAt":1,',
    '"stdoutText":"\\n"}]}iREQReport\xf6`\xf6\xf4eship1\x05\x01\0\0\x18<\0``\xf6``````',
  ].join(''),
  'latin1',
);
