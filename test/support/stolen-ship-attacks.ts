import { type Message, newMessage } from '../../src/message/message.ts';

/** A command that leaves a mark. */
export function touch(path: string): Partial<Message> {
  return { method: 'REQCliCommand', methodArgs: ['touch', path] };
}

/** What a ship may ask nobody for, under whatever name. */
export function forbiddenAsks(mark: string): readonly Partial<Message>[] {
  const asCommand = { replyMethod: 'REQCliCommand', replyMethodArgs: ['touch', mark] };
  return [
    ...['central', 'ship2'].map((toNode) => ({ toNode, ...touch(mark) })),
    { method: 'REQPing', ...asCommand },
    { method: 'REQNone', ...asCommand },
    { method: 'REQOpProcessStart', methodArgs: ['REQCliCommand', 'CommandACK'] },
    { method: 'REQStartupAdd', methodArgs: ['x'], data: [Buffer.from('[]')] },
    { method: 'REQCopyFileFrom', methodArgs: ['/etc/shadow', 'ship1', '/x'] },
    { method: 'REQTailFile', methodArgs: ['/etc/shadow'] },
    { method: 'REQHttpGet', methodArgs: ['http://127.0.0.1/'] },
    { method: 'REQRelayInitial', relayFromNode: 'central', relayToNode: 'ship2', ...asCommand },
    { method: 'REQMadeUp' },
    { toNode: 'ship3', method: 'REQToFile' },
    { toNode: 'ship2', method: 'REQToFile', isReply: true, previousMessage: newMessage({ toNode: 'ship1' }) },
  ];
}

/** Subjects on which the key of ship1 publishes nothing: of others, of the system, and with strange parts. */
export const FORBIDDEN_SUBJECTS: readonly string[] = [
  ...['ship2.REQCliCommand.CommandACK.reply.central.1-1', 'ship2.REQCliCommand.CommandACK.reply'],
  ...['central.REQToFile.EventACK.reply.ship2.1-1', 'errorCentral.REQErrorLog.EventACK.reply.ship2.1-1'],
  ...['central.Steward.State', 'central.Steward.State.from.ship2', 'ship2.Steward.State.from.ship1'],
  ...[
    'central.Steward.Instance',
    'ship2.Steward.Instance',
    'Steward.Join.UAAA.answer',
    '_INBOX.x',
    '$SYS.REQ',
  ],
  ...['central.REQToFile.EventACK.from.ship1.x', 'central.REQToFile.EventACK.from', 'central.from.ship1'],
  ...[
    'central.*.EventACK.from.ship1',
    'x.central.REQToFile.EventACK.from.ship1',
    'central.REQToFile.from.ship1',
  ],
  ...[
    'ship2.central.REQRelay.EventACK',
    'ship3.central.REQRelay.EventACK.from.ship1',
    'ship2.ship1.REQRelay.EventACK',
  ],
];

/** Places where others wait for answers, and where central may publish more than answers. */
export const OTHERS_PLACES: readonly string[] = [
  ...[
    'central.REQToFileAppend.EventACK.reply.ship2.steal',
    'central.REQReport.EventACK.reply.ship2.steal',
    '_INBOX.steal',
  ],
  // Where original nodes wait, all of them at one place.
  ...['central.REQToFileAppend.EventACK.reply', 'central.REQToFileAppend.EventACK.reply.central.steal'],
  ...['ship2.REQToFile.EventACK.from.central', 'ship2.REQCliCommand.CommandACK', 'Steward.Join.U.answer'],
  ...['errorCentral.REQErrorLog.EventACK.reply.ship2.steal'],
];

/** Files that a ship must not append to unasked. */
export const WRONG_FILES: readonly Partial<Message>[] = [
  ...[
    { directory: '..' },
    { directory: 'd/../../etc' },
    { directory: 'd/../errorLog' },
    { directory: 'errorLog/x' },
  ],
  ...[{ directory: '/unasked/ship2' }, { directory: './/hello-messages' }, { directory: 'd/ship2' }],
  ...[
    { directory: 'd/central' },
    { fileName: '../f' },
    { fileName: 'a/b' },
    { fileName: '..' },
    { fileName: 'a\0b' },
  ],
  ...[{ directory: 'd\n' }, { fileName: 'x'.repeat(300) }],
];

/** Relayed requests that central must not send on, though it relays from ship1 to ship2. */
export const WRONG_RELAYS: readonly Partial<Message>[] = [
  ...[
    { directory: 'errorLog' },
    { relayFromNode: 'central' },
    { relayFromNode: 'ship2' },
    { relayToNode: 'ship3' },
  ],
  ...[{ relayOriginalViaNode: 'ship2' }, { fromNode: 'ship2', relayFromNode: 'ship2' }],
  { relayOriginalMethod: 'REQRelay' },
];
