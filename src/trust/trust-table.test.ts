import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Message, newMessage } from '../message/message.ts';
import { METHOD_NAMES } from '../message/method-names.ts';
import { writeFetch, writeRelayedFile } from '../message/relayed-file.ts';
import { type Arrived, type Facts, isEverTaken, judge, mayTellEnds } from './judge.ts';
import { type Right, rightOf, type Sender, TRUST_TABLE } from './trust-table.ts';

/** What a node of each kind may do at central and at a ship, written out once more: all that is not here is nothing. */
const MEMBER_RIGHTS: Readonly<Record<string, readonly [atCentral: Right, atShip: Right]>> = {
  REQToFileAppend: ['append', 'reply'],
  REQToFile: ['reply', 'reply'],
  REQToConsole: ['reply', 'reply'],
  REQToSocket: ['reply', 'reply'],
  REQPong: ['reply', 'reply'],
  REQCopyFileTo: ['copy', 'copy'],
  REQReport: ['report', 'report'],
  REQCancel: ['cancel', 'cancel'],
  REQHello: ['hello', 'none'],
  REQErrorLog: ['errors', 'errors'],
  REQRelay: ['relay', 'relay'],
};

const ALL_METHODS = [
  ...new Set([
    ...METHOD_NAMES,
    'REQReport',
    'REQHello',
    'REQErrorLog',
    'REQSomethingNew',
    ...Object.keys(TRUST_TABLE),
  ]),
];
const SHIP: Facts = {
  ...{ nodeName: 'ship1', centralNodeName: 'central', replyCommands: false },
  relays: () => [{ from: 'ship3', via: 'ship2', to: 'ship1' }],
  answers: () => 'unknown',
  firstSenderOf: () => undefined,
  askedCopy: () => undefined,
  askedRelay: () => undefined,
  areFrom: () => false,
  isNode: (name) => name === 'ship9',
};
const CENTRAL: Facts = {
  ...SHIP,
  nodeName: 'central',
  relays: () => [{ from: 'ship2', via: 'central', to: 'ship1' }],
};

function arrived(fields: Partial<Message>, sender: string | undefined = 'ship2', re?: string): Arrived {
  return { message: newMessage({ toNode: 'x', fromNode: sender ?? 'ship2', ...fields }), sender, re };
}

test('every cell of the table says what is promised: method by method, sender by sender, at central and at a ship', () => {
  const senders: readonly Sender[] = ['self', 'central', 'member'];
  let cells = 0;
  for (const method of ALL_METHODS) {
    const [atCentral, atShip] = MEMBER_RIGHTS[method] ?? ['none', 'none'];
    const ofCentral = method === 'REQRelayInitial' ? 'none' : 'all';
    for (const [isCentral, member] of [
      [true, atCentral],
      [false, atShip],
    ] as const) {
      for (const sender of senders) {
        const wanted = { self: 'all', central: ofCentral, member }[sender];
        assert.equal(
          rightOf(method, sender, isCentral),
          wanted,
          `${method} of ${sender} at central: ${isCentral}`,
        );
        cells++;
      }
    }
  }
  assert.equal(cells, ALL_METHODS.length * 6);
});

test('a sender that is not proved gets nothing for now, whatever the method', () => {
  for (const method of ALL_METHODS)
    assert.equal(judge({ ...arrived({ method }), sender: undefined }, SHIP).do, 'later', method);
});

test('a message that names another sender than the broker does is refused', () => {
  for (const method of ALL_METHODS) {
    const decision = judge(arrived({ method, fromNode: 'central' }), SHIP);
    assert.equal(decision.do, 'refuse', method);
    assert.match(
      decision.do === 'refuse' ? decision.reason : '',
      /comes from ship2 and says that it is from central/,
    );
  }
});

test('commands of central run on ships, commands of ships run nowhere', () => {
  const command = { method: 'REQCliCommand' };
  assert.equal(judge(arrived(command, 'central'), SHIP).do, 'take');
  assert.equal(judge(arrived(command), SHIP).do, 'refuse');
  assert.equal(judge(arrived(command), CENTRAL).do, 'refuse');
  assert.equal(judge(arrived(command, 'central'), CENTRAL).do, 'take');
});

test('a reply counts where it answers a request; what answers an unknown one is kept apart, and what was not asked is refused', () => {
  for (const method of ['REQToFile', 'REQToConsole', 'REQToSocket', 'REQPong', 'REQToFileAppend']) {
    const reply = arrived({ method, isReply: true, previousMessage: newMessage({}) });
    assert.equal(judge(reply, { ...CENTRAL, answers: () => 'request' }).do, 'take', method);
    assert.equal(judge(reply, CENTRAL).do, 'keep', method);
    assert.equal(judge(reply, { ...CENTRAL, answers: () => ({ fault: 'no' }) }).do, 'refuse', method);
  }
  for (const method of ['REQToFile', 'REQToConsole', 'REQToSocket', 'REQPong'])
    assert.equal(judge(arrived({ method }), CENTRAL).do, 'refuse', method);
});

test('a reply to what this node sent on for another one counts for that one, and is taken', () => {
  const reply = arrived({ method: 'REQToFile', isReply: true, previousMessage: newMessage({}) });
  const decision = judge(reply, {
    ...CENTRAL,
    answers: () => 'request',
    firstSenderOf: () => 'ship1',
  });
  assert.deepEqual(decision, { do: 'take', unasked: { owedBy: 'ship1' } });
});

test("an append that nobody asked for goes below the sender's own folder", () => {
  const append = (directory: string) =>
    judge(
      arrived({
        method: 'REQToFileAppend',
        directory,
        fileName: 'f',
        previousMessage: newMessage({ toNode: 'errorCentral' }),
      }),
      CENTRAL,
    );
  const taken = append('notes');
  assert.equal(taken.do === 'take' && taken.message?.toNode, 'ship2');
  assert.equal(taken.do === 'take' && taken.message?.previousMessage, null);
  for (const directory of [
    'errorLog',
    './errorLog',
    '/errorLog/x',
    'hello-messages',
    'unasked',
    'notes/ship9',
  ])
    assert.equal(append(directory).do, 'refuse', directory);
});

test('hellos and errors have one place each, and a line of the error log names its sender', () => {
  const hello = (fields: Partial<Message>) => judge(arrived({ method: 'REQHello', ...fields }), CENTRAL).do;
  assert.equal(hello({}), 'take');
  assert.equal(hello({ directory: 'hello-messages', fileName: 'hello.log' }), 'take');
  assert.equal(hello({ directory: 'errorLog' }), 'refuse');
  assert.equal(hello({ fileName: 'x' }), 'refuse');
  const lines = (text: string) => {
    const decision = judge(arrived({ method: 'REQErrorLog', data: [Buffer.from(text)] }), CENTRAL);
    return decision.do === 'take' && Buffer.from(decision.message!.data![0]!).toString();
  };
  assert.equal(lines('Mon, node: ship2, error: x\n'), 'Mon, node: ship2, error: x\n');
  assert.equal(lines('Mon, node: ship1, error: x\n'), 'node: ship2, says: Mon, node: ship1, error: x\n');
  assert.equal(lines('Mon, node: ship2, error: its output\n\n'), 'Mon, node: ship2, error: its output\n');
  assert.equal(
    lines('Mon, node: ship2, error: x\nMon, node: ship1, forged\n'),
    'Mon, node: ship2, error: x\n    Mon, node: ship1, forged\n',
  );
});

test('a relayed request counts as that of the node which sent it first', () => {
  const command = { method: 'REQCliCommand', relayFromNode: 'ship3', relayToNode: 'ship1' };
  assert.equal(judge(arrived(command), SHIP).do, 'take');
  assert.equal(judge(arrived({ ...command, relayFromNode: 'central' }), SHIP).do, 'refuse');
  assert.equal(judge(arrived(command, 'ship4'), SHIP).do, 'refuse');
  assert.equal(isEverTaken('REQCliCommand', 'ship2', SHIP), true);
  assert.equal(isEverTaken('REQCliCommand', 'ship4', SHIP), false);
  const relay = (relayToNode: string) => judge(arrived({ method: 'REQRelay', relayToNode }), CENTRAL).do;
  assert.deepEqual([relay('ship1'), relay('ship5')], ['take', 'refuse']);
});

test('requests of others are not cancelled, files that nobody asked for are not taken', () => {
  const cancel = arrived({ method: 'REQCancel', methodArgs: ['one'] });
  assert.equal(judge(cancel, SHIP).do, 'refuse');
  assert.equal(
    judge(cancel, { ...SHIP, areFrom: (ids, sender) => ids[0] === 'one' && sender === 'ship2' }).do,
    'take',
  );
  const copy = arrived({ method: 'REQCopyFileTo' });
  assert.equal(judge(copy, CENTRAL).do, 'refuse');
  assert.equal(judge(copy, { ...CENTRAL, askedCopy: () => newMessage({}) }).do, 'take');
});

test('a relay has what it was asked to relay, and as much of it as it was told, and gives no more to a relay than that', () => {
  const file = { source: '/src', node: 'ship4', target: '/t', mode: 0o644, identity: 'i', size: 5 };
  const relay = newMessage({ methodArgs: writeRelayedFile({ ...file, request: '' }) });
  const fetch = { source: '/src', node: 'central', target: '/place', re: 'id' };
  const request = newMessage({ methodArgs: writeFetch({ ...fetch, size: 5 }) });
  const begin = (total: string) =>
    arrived({
      method: 'REQCopyFileTo',
      methodArgs: ['/src', 'central', '/dev/null', 'begin', 'id', '/place', total, '644', 'i'],
    });
  const come = (total: string) => judge(begin(total), { ...CENTRAL, askedCopy: () => request }).do;
  assert.deepEqual([come('5'), come('6'), come('5000000000')], ['take', 'refuse', 'refuse']);
  const give = (source: string) =>
    judge(
      arrived({
        method: 'REQCopyFileFrom',
        methodArgs: writeFetch({ ...fetch, source, node: 'ship9', size: 9e9 }),
      }),
      { ...SHIP, askedRelay: () => relay },
    );
  assert.equal(give('/other').do, 'refuse');
  const given = give('/src');
  const { methodArgs } = (given.do === 'take' && given.message) || newMessage({});
  assert.deepEqual(methodArgs, writeFetch({ ...fetch, node: 'ship2', size: 5 }));
});

test('a command is a reply only where central runs those', () => {
  const reply = arrived({ method: 'REQCliCommand', isReply: true, previousMessage: newMessage({}) });
  const asked: Facts = { ...CENTRAL, answers: () => 'request' };
  assert.equal(judge(reply, asked).do, 'refuse');
  assert.equal(judge(reply, { ...asked, replyCommands: true }).do, 'take');
  assert.equal(judge(arrived({ method: 'REQCliCommand' }), { ...asked, replyCommands: true }).do, 'refuse');
});

test('what a file brings along does not decide what is said of it, and to whom: the request for it does', () => {
  const request = newMessage({
    ...{ toNode: 'ship2', fromNode: 'central', method: 'REQCopyFileFrom', replyMethod: 'REQToFile' },
    ...{ methodArgs: ['/src', 'central', '/d/f'], ackTimeout: 5, retries: 3, replyMethodTimeout: 7 },
  });
  const forged = {
    ...{ ackTimeout: 0, retries: -1, replyAckTimeout: 1e9, replyMethodTimeout: 1e9, isReply: true },
    ...{ method: 'REQCopyFileTo', replyMethod: 'REQCliCommand', replyMethodArgs: ['touch', '/mark'] },
    ...{ directory: 'errorLog', fileName: 'error.log' },
    previousMessage: newMessage({ method: 'REQCopyFileFrom', fromNode: 'ship9', toNode: 'ship2' }),
  };
  const decision = judge(arrived(forged), { ...CENTRAL, askedCopy: () => request });
  const taken = (decision.do === 'take' && decision.message) || newMessage({});
  const { replyMethod, replyMethodArgs, directory, fileName, previousMessage } = taken;
  const { ackTimeout, retries, replyAckTimeout, replyMethodTimeout, isReply } = taken;
  assert.deepEqual([ackTimeout, retries, replyAckTimeout, replyMethodTimeout, isReply], [5, 3, 0, 7, false]);
  assert.deepEqual([replyMethod, replyMethodArgs, directory, fileName], ['REQToFile', null, '/d', 'f']);
  assert.deepEqual([previousMessage?.fromNode, previousMessage?.method], ['central', 'REQCopyFileFrom']);
});

test('what is no reply has the name of its sender, however it makes itself look like the copy of one', () => {
  const previousMessage = newMessage({ fromNode: 'ship2', relayFromNode: 'central' });
  for (const method of ['REQHello', 'REQErrorLog', 'REQReport', 'REQCancel', 'REQRelay']) {
    const forged = { toNode: 'central', method, fromNode: 'ship9', isReply: true, previousMessage };
    assert.equal(judge(arrived(forged), { ...CENTRAL, areFrom: () => true }).do, 'refuse', method);
  }
});

test('what ships have this node do with replies is harmless: those to relayed requests, and to replies', () => {
  const relay = (more: Partial<Message>) =>
    judge(arrived({ method: 'REQRelay', relayToNode: 'ship1', ...more }), CENTRAL).do;
  const reply = (replyMethod: string) =>
    judge(arrived({ method: 'REQToFile', isReply: true, replyMethod }), {
      ...CENTRAL,
      answers: () => 'request',
    }).do;
  for (const method of ['REQCliCommand', 'REQToSocket', 'REQCopyFileTo', 'REQOpProcessStart']) {
    assert.equal(relay({ replyMethod: method }), 'refuse', method);
    assert.equal(reply(method), 'refuse', method);
    assert.equal(relay({ replyMethod: 'REQToFile', relayReplyMethod: method }), 'take', method);
  }
  for (const method of ['', 'REQNone', 'REQToFile', 'REQToFileAppend', 'REQToConsole']) {
    assert.equal(relay({ replyMethod: method }), 'take', method);
    assert.equal(reply(method), 'take', method);
  }
  assert.equal(relay({ directory: '/errorLog/x' }), 'refuse');
});

test('ends that messages bring along count from whoever may report', () => {
  for (const sender of ['central', 'ship1', 'ship2'])
    assert.equal(mayTellEnds(sender, CENTRAL), rightOf('REQReport', 'member', true) !== 'none', sender);
});
