import assert from 'node:assert/strict';
import { test } from 'node:test';
import { vectors } from '../../../test/support/vectors.ts';
import { decodeMessage } from '../codec/decode-message.ts';
import { newMessage } from '../message.ts';
import { METHOD_NAMES } from '../method-names.ts';
import { type Checked, readMessage } from './check-message.ts';
import { messageToJson } from './message-json.ts';

const options = {
  nodeName: 'central',
  defaultAckTimeout: 10,
  defaultRetries: 1,
  defaultMethodTimeout: 10,
  isKnownMethod: (name: string) => METHOD_NAMES.includes(name) && name !== 'REQNone',
};
const request = { toNode: 'ship1', method: 'REQCliCommand' };

test('a message gets the defaults of its node for what it leaves out', () => {
  const { requests, warnings } = accepted({ toNode: 'ship1', method: 'REQPing' });
  const message = newMessage({
    toNode: 'ship1',
    method: 'REQPing',
    fromNode: 'central',
    ackTimeout: 10,
    retries: 1,
    methodTimeout: 10,
  });
  assert.deepEqual(requests, [{ message, hasRetries: false, hasReplyRetries: false }]);
  assert.deepEqual(warnings, []);
});

test('what a message says of times and retries is kept', () => {
  const { requests } = accepted({
    ...request,
    ackTimeout: 3,
    RETRIES: 2,
    replyAckTimeout: 4,
    replyRetries: 5,
    methodTimeout: -1,
    replyMethodTimeOut: -1,
    expiresIn: 60,
  });
  const { ackTimeout, retries, replyAckTimeout, replyRetries, methodTimeout, replyMethodTimeout } =
    requests[0]!.message;
  assert.deepEqual(
    [ackTimeout, retries, replyAckTimeout, replyRetries, methodTimeout, replyMethodTimeout],
    [3, 2, 4, 5, -1, -1],
  );
  assert.deepEqual(
    [requests[0]!.expiresIn, requests[0]!.hasRetries, requests[0]!.hasReplyRetries],
    [60, true, true],
  );
});

test('toNode and toNodes together give one request per node, in order', () => {
  const { requests } = accepted({ ...request, toNodes: ['ship2', 'ship1', 'errorCentral', 'ship2'] });
  assert.deepEqual(
    requests.map(({ message }) => [message.toNode, message.toNodes]),
    [
      ['ship1', null],
      ['ship2', null],
      ['errorCentral', null],
    ],
  );
});

test('keys are matched in any case, null means absent, lists of nothing are kept', () => {
  const { requests, warnings } = accepted({
    TONODE: 'ship1',
    Method: 'REQPing',
    data: null,
    methodArgs: [],
    retries: null,
  });
  assert.deepEqual([requests[0]!.message.data, requests[0]!.message.methodArgs], [null, []]);
  assert.deepEqual(warnings, []);
});

test('the names that the README also uses mean the methods', () => {
  const { requests } = accepted({ toNode: 'a', method: 'REQnCliCommandCont', replyMethod: 'ReqCliCommand' });
  assert.equal(requests[0]!.message.method, 'REQCliCommandCont');
  assert.equal(requests[0]!.message.replyMethod, 'REQCliCommand');
});

test('data is text, or bytes in base64', () => {
  const { requests } = accepted({ ...request, data: ['é', '', { base64: '/wA=' }] });
  assert.deepEqual(
    requests[0]!.message.data?.map((item) => [...item]),
    [[0xc3, 0xa9], [], [0xff, 0]],
  );
});

test('what a node would silently change or leave out is told as a warning', () => {
  const { warnings } = accepted({
    ...request,
    replyMethodd: 'x',
    '': 1,
    FromNode: 'other',
    data: ['\ud800'],
  });
  const told = warnings.map(({ field, reason }) => `${field}: ${reason}`);
  assert.match(told[0]!, /^replyMethodd: there is no field "replyMethodd".*did you mean replyMethod\?/);
  assert.match(told[1]!, /^: there is no field ""/);
  assert.match(told[2]!, /^data: .*surrogate/);
  assert.match(told[3]!, /^FromNode: .*"central"/);
  assert.equal(accepted({ ...request, FromNode: 'other' }).requests[0]!.message.fromNode, 'central');
});

test('REQNone is a reply method, and no method', () => {
  accepted({ ...request, replyMethod: 'REQNone' });
  assert.equal(refused({ toNode: 'a', method: 'REQNone' }).field, 'method');
});

test('a message that cannot be right is refused with the field, what is wrong, and a way out', () => {
  const faults: [unknown, string, RegExp][] = [
    [null, '', /must be an object.*empty/],
    [[], '', /must be an object.*a list/],
    ['x', '', /must be an object.*the text "x"/],
    [{ ...request, toNode: 5 }, 'toNode', /text in quotes, but is the number 5/],
    [{ ...request, retries: '3' }, 'retries', /without quotes, but is the text "3"/],
    [{ ...request, retries: -1 }, 'retries', /from 0 to 2147483647, but is the number -1/],
    [{ ...request, ACKTimeout: 1.5 }, 'ACKTimeout', /whole number.*1\.5/],
    [{ ...request, replyRetries: 2 ** 31 }, 'replyRetries', /2147483648/],
    [{ ...request, methodTimeout: -2 }, 'methodTimeout', /-1 for never.*-2/],
    [{ ...request, isReply: 'yes' }, 'isReply', /true or false/],
    [{ ...request, methodArgs: 'ls' }, 'methodArgs', /a list of texts, as in \["ls"\]/],
    [{ ...request, methodArgs: ['ls', 1] }, 'methodArgs[1]', /text in quotes, but is the number 1/],
    [
      { ...request, methodArgs: ['ls', 'a\0'] },
      'methodArgs[1]',
      /"a.u0000" contains a NUL character.*as data/,
    ],
    [{ ...request, data: [{}] }, 'data[0]', /base64.*an object/],
    [{ ...request, data: [{ base64: 'a' }] }, 'data[0]', /"a" is not/],
    [{ ...request, expiresIn: 0 }, 'expiresIn', /seconds above 0.*number 0/],
    [{ ...request, PreviousMessage: 1 }, 'PreviousMessage', /must be an object.*number 1/],
    [{ ...request, PreviousMessage: { retries: 'x' } }, 'PreviousMessage.retries', /whole number/],
    [{ ...request, PreviousMessage: { toNode: '../x' } }, 'PreviousMessage.toNode', /contains "\/"/],
    [{ ...request, PreviousMessage: { fileName: 'a/b' } }, 'PreviousMessage.fileName', /contains "\/"/],
    [{ method: 'REQPing' }, 'toNode', /missing.*toNodes/],
    [{ method: 'REQPing', toNodes: [] }, 'toNode', /missing/],
    [{ toNode: 'ship1' }, 'method', /missing.*REQCliCommand/],
    [{ toNode: 'ship1', method: 'REQClicomand' }, 'method', /did you mean REQCliCommand\?/],
    [{ toNode: 'ship1', method: 'a.b' }, 'method', /contains "\."/],
    [{ ...request, replyMethod: 'REQToFiles' }, 'replyMethod', /did you mean REQToFile\?/],
    [{ ...request, relayReplyMethod: 'x' }, 'relayReplyMethod', /not a method/],
    [{ ...request, toNode: 'a b' }, 'toNode', /toNode "a b" contains a space; a node name has/],
    [{ ...request, toNodes: ['ok', '*'] }, 'toNodes[1]', /contains "\*"/],
    [{ ...request, toNodes: [''] }, 'toNodes[0]', /is empty/],
    [{ ...request, relayViaNode: 'a>' }, 'relayViaNode', /contains ">"/],
    [{ ...request, directory: 'a\u0000' }, 'directory', /control character U\+0000/],
    [{ ...request, directory: '../etc' }, 'directory', /the part "\.\."/],
    [{ ...request, directory: 'x'.repeat(300) }, 'directory', /too long/],
    [{ ...request, fileName: 'a/b' }, 'fileName', /contains "\/"; put the folders into directory/],
    [{ ...request, fileName: '..' }, 'fileName', /not the name of a file/],
    [{ ...request, fileName: 'a\nb' }, 'fileName', /U\+000A/],
    [{ ...request, fileName: 'x'.repeat(256) }, 'fileName', /too long/],
    [{ ...request, data: Array(200_000).fill('') }, 'data', /200000 items; split it/],
  ];
  for (const [item, field, reason] of faults) {
    const fault = refused(item);
    assert.equal(fault.field, field, JSON.stringify(item)?.slice(0, 100));
    assert.match(fault.reason, reason);
  }
});

test('paths as the README has them are taken', () => {
  for (const directory of ['/var/cli/command_result/', './my/log/files/', 'a..b', '']) {
    accepted({ ...request, directory, fileName: 'some.log' });
  }
});

test('too many previous messages are refused', () => {
  let item: Record<string, unknown> = request;
  for (let depth = 1; depth < 8; depth++) item = { ...request, PreviousMessage: item };
  accepted(item);
  assert.match(refused({ ...request, PreviousMessage: item }).reason, /previous messages/);
});

test('every captured message that a user may send is taken back from its JSON as it was', () => {
  for (const { payload, serial, cmp } of vectors('cbor')) {
    const message = decodeMessage(payload, { serial, cmp, maxBytes: 100_000 });
    if (message.toNode.includes('.')) continue;
    const read = readMessage(JSON.parse(JSON.stringify(messageToJson(message))), {
      ...options,
      nodeName: message.fromNode,
    });
    assert.ok(read.ok, JSON.stringify(read));
    assert.deepEqual(
      read.requests.map((one) => one.message),
      [message],
    );
  }
});

test('a schedule is read, and refused where it or the method cannot be', () => {
  assert.deepEqual(accepted({ ...request, schedule: [5, 60] }).requests[0]?.schedule, [5, 60]);
  assert.equal(accepted({ ...request, Schedule: ' 0  4 * * * ' }).requests[0]?.schedule, '0 4 * * *');
  assert.equal(accepted({ ...request, schedule: null }).requests[0]?.schedule, undefined);
  assert.match(refused({ ...request, schedule: '* * *' }).reason, /needs five fields/);
  assert.match(refused({ ...request, schedule: [5, 60], relayViaNode: 'ship2' }).reason, /relayed/);
  const scheduleFault = (method: string) => `${method} cannot`;
  const checked = readMessage({ ...request, schedule: [5, 60] }, { ...options, scheduleFault });
  assert.deepEqual(checked, { ok: false, field: 'schedule', reason: 'REQCliCommand cannot' });
});

test('what is wanted of the output is read, and refused where it is none of the three', () => {
  for (const output of ['end', 'live', 'none'])
    assert.equal(accepted({ ...request, Output: output }).requests[0]?.output, output);
  assert.equal(accepted({ ...request, output: null }).requests[0]?.output, undefined);
  const { field, reason } = refused({ ...request, output: 'Live' });
  assert.deepEqual(
    [field, reason],
    ['output', 'must be one of "end", "live", "none", but is the text "Live"'],
  );
  const [warning] = accepted({ ...request, output: 'live', relayViaNode: 'ship2' }).warnings;
  assert.match(warning!.reason, /relayed request comes with its end/);
});

test('a priority is read, and refused where it is none of the three', () => {
  for (const priority of ['urgent', 'normal', 'bulk'])
    assert.equal(accepted({ ...request, priority }).requests[0]?.priority, priority);
  assert.equal(accepted(request).requests[0]?.priority, undefined);
  const { field, reason } = refused({ ...request, priority: 1 });
  assert.deepEqual(
    [field, reason],
    ['priority', 'must be one of "urgent", "normal", "bulk", but is the number 1'],
  );
});

test('a key is read, and refused where it is none', () => {
  for (const supersedes of ['k', 'config/nginx:v2', 'x'.repeat(100)])
    assert.equal(accepted({ ...request, Supersedes: supersedes }).requests[0]?.supersedes, supersedes);
  assert.equal(accepted({ ...request, supersedes: null }).requests[0]?.supersedes, undefined);
  for (const supersedes of ['', 'a key', 'ä', 'x'.repeat(101), 5]) {
    const { field, reason } = refused({ ...request, supersedes });
    assert.equal(field, 'supersedes');
    assert.match(reason, /^must be a key of 1 to 100 letters, digits and signs without spaces, but is the /);
  }
});

test('data that is no text goes through JSON unchanged', () => {
  const data = [Uint8Array.of(0xff, 0xfe, 0), Buffer.from('text'), new Uint8Array(), Buffer.from('\ufeffx')];
  const json = messageToJson(newMessage({ ...request, data }));
  assert.deepEqual(json.data, [{ base64: '//4A' }, 'text', '', '\ufeffx']);
  const back = accepted(JSON.parse(JSON.stringify(json))).requests[0]!.message.data;
  assert.deepEqual(
    back?.map((item) => [...item]),
    data.map((item) => [...item]),
  );
});

function accepted(item: unknown): Extract<Checked, { ok: true }> {
  const checked = readMessage(item, options);
  assert.ok(checked.ok, JSON.stringify(checked));
  return checked;
}

function refused(item: unknown): Extract<Checked, { ok: false }> {
  const checked = readMessage(item, options);
  assert.ok(!checked.ok, 'the message was accepted');
  return checked;
}
