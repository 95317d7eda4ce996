import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatNumber } from '../message/codec/body-format.ts';
import { encodeMessage } from '../message/codec/encode-message.ts';
import { type Message, newMessage } from '../message/message.ts';
import { replyTo } from '../message/reply.ts';
import { replyDigestOf } from '../message/reply-digest.ts';
import type { SentRequest } from '../message/sent-request.ts';
import { kindOf, subjectOf } from '../message/subject.ts';
import { AskedFor } from './asked-for.ts';
import type { KeyedRequest } from './request-index.ts';

let lastKey = 0;

function kept(id: string, message: Message, more: Partial<SentRequest> = {}): KeyedRequest {
  const { payload, serial, cmp } = encodeMessage(message, { serialization: '', compression: '' });
  const subject = subjectOf(message, kindOf(message.method));
  return {
    id,
    subject,
    isOpen: true,
    format: formatNumber({ serial, cmp }),
    body: payload,
    replyDigest: null,
    key: ++lastKey,
    ...more,
  };
}

/** `read` gets the ids of what is read for those that name no request. */
function askedFor(
  ...sent: KeyedRequest[]
): AskedFor & Record<'sent', KeyedRequest[]> & Record<'read', string[]> {
  const read: string[] = [];
  const asked = new AskedFor('central', {
    sentRequest: (id) => sent.find((request) => request.id === id),
    requestsTo: (subject, limit, after) => {
      const found = sent.filter((request) => request.subject === subject && request.key > after);
      const newest = found.toReversed().slice(0, limit);
      read.push(...newest.map(({ id }) => id));
      return newest;
    },
  });
  return Object.assign(asked, { sent, read });
}

const COMMAND = newMessage({
  ...{ toNode: 'ship1', fromNode: 'central', method: 'REQCliCommand', methodArgs: ['x'] },
  ...{ replyMethod: 'REQToSocket', replyMethodArgs: ['/run/a.sock'], directory: 'd', fileName: 'f' },
});
const reply = (request: Message) =>
  replyTo(request, [Buffer.from('out')], { nodeName: request.toNode, defaultMethodTimeout: 10 })!;

test('a reply as nodes make it is known by the id of its request, and without it by what it says of the request', () => {
  const asked = askedFor(kept('one', COMMAND));
  assert.equal(asked.answers(reply(COMMAND), 'ship1', 'one'), 'request');
  assert.equal(asked.answers(reply(COMMAND), 'ship1', undefined), 'request');
  assert.equal(asked.answers(reply(COMMAND), 'ship1', 'two'), 'unknown');
  assert.equal(asked.answers(reply(COMMAND), 'ship2', undefined), 'unknown');
  assert.deepEqual(asked.answers(reply(COMMAND), 'ship2', 'one'), {
    fault: 'the request one was sent to ship1, not to ship2',
  });
});

test('a flood of replies and files that nobody asked for has each request read once', () => {
  const from = newMessage({
    ...{ toNode: 'ship1', fromNode: 'central', method: 'REQCopyFileFrom' },
    methodArgs: ['/src', 'central', '/dst'],
  });
  const asked = askedFor(kept('one', COMMAND), kept('two', COMMAND), kept('three', from));
  for (let n = 0; n < 50; n++) {
    assert.equal(
      asked.answers({ ...reply(COMMAND), fileName: `made-up${n}` }, 'ship1', undefined),
      'unknown',
    );
    const copy = newMessage({ method: 'REQCopyFileTo', methodArgs: ['/src', 'central', `/made-up${n}`] });
    assert.equal(isAsked(asked, copy, 'ship1', undefined), false);
  }
  assert.deepEqual(asked.read.toSorted(), ['one', 'three', 'two']);
  // What is sent later is found all the same.
  asked.sent.push(kept('four', { ...COMMAND, fileName: 'later' }));
  assert.equal(asked.answers({ ...reply(COMMAND), fileName: 'later' }, 'ship1', undefined), 'request');
});

test('a reply goes to no other file, socket or folder than its request names', () => {
  const asked = askedFor(kept('one', COMMAND));
  const other = { fault: 'the request one has another place for its reply' };
  for (const change of [
    ...[
      { directory: 'e' },
      { fileName: 'g' },
      { method: 'REQToFile' },
      { methodArgs: ['/run/steward.sock'] },
    ],
    { previousMessage: newMessage({ ...COMMAND, toNode: 'errorCentral' }) },
  ])
    assert.deepEqual(asked.answers({ ...reply(COMMAND), ...change }, 'ship1', 'one'), other);
  assert.ok(typeof asked.answers({ ...reply(COMMAND), previousMessage: null }, 'ship1', 'one') === 'object');
});

test('a reply that carries what is followed here is one to its request, from the node that was asked', () => {
  const followed = { ...COMMAND, replyMethod: 'REQNone', replyMethodArgs: null, directory: '', fileName: '' };
  const asked = askedFor(kept('one', followed));
  const deskForm = { replyMethod: 'REQToFileAppend', directory: '.steward-output', fileName: 'one' };
  const sent = reply({ ...followed, ...deskForm });
  // A node that had not said hello sends it under the request's id, an original node under none.
  for (const re of ['one', undefined]) {
    assert.equal(asked.answers(sent, 'ship1', re), 'request');
    assert.notEqual(asked.answers(sent, 'ship2', re), 'request');
    assert.notEqual(asked.answers({ ...sent, fromNode: 'ship2' }, 'ship1', re), 'request');
  }
});

test('what is no longer kept of a request is known by the digest that was written down with it', () => {
  const gone = { body: null, isOpen: false };
  assert.equal(askedFor(kept('one', COMMAND, gone)).answers(reply(COMMAND), 'ship1', 'one'), 'unknown');
  const digested = kept('one', COMMAND, { ...gone, replyDigest: replyDigestOf(COMMAND) });
  assert.equal(askedFor(digested).answers(reply(COMMAND), 'ship1', 'one'), 'request');
});

test('a copy is taken of the file that was asked for, to the path that was asked for, until it has ended', () => {
  const from = newMessage({
    ...{ toNode: 'ship1', fromNode: 'central', method: 'REQCopyFileFrom' },
    methodArgs: ['/src', 'central', '/dst'],
  });
  const asked = askedFor(kept('one', from));
  const copy = (...methodArgs: string[]) => newMessage({ method: 'REQCopyFileTo', methodArgs });
  const begin = (transfer: string, target: string) =>
    copy('/src', 'central', '/dev/null', 'begin', transfer, target, '1', '600', 'i');
  assert.equal(isAsked(asked, copy('/src', 'central', '/dst', 'whole', '600', 'sum'), 'ship1', 'one'), true);
  assert.equal(
    isAsked(asked, copy('/src', 'central', '/dst', 'whole', '600', 'sum'), 'ship1', undefined),
    true,
  );
  assert.equal(isAsked(asked, copy('/src', 'central', '/dev/null', 'probe'), 'ship1', 'one'), true);
  assert.equal(isAsked(asked, begin('one', '/dst'), 'ship1', undefined), true);
  assert.equal(isAsked(asked, begin('one', '/etc/passwd'), 'ship1', undefined), false);
  assert.equal(isAsked(asked, begin('two', '/dst'), 'ship1', undefined), false);
  assert.equal(isAsked(asked, copy('/src', 'central', '/root/.ssh/authorized_keys'), 'ship1', 'one'), false);
  assert.equal(isAsked(asked, begin('one', '/dst'), 'ship2', 'one'), false);
  const ended = askedFor(kept('one', from, { isOpen: false }));
  assert.equal(isAsked(ended, begin('one', '/dst'), 'ship1', undefined), false);
  assert.equal(
    isAsked(ended, copy('/src', 'central', '/dev/null', 'abort', 'one'), 'ship1', undefined),
    true,
  );
});

test('a file counts as asked for by this node itself, not by one that it relays for; so do its pieces', () => {
  const from = newMessage({
    ...{ toNode: 'ship1', fromNode: 'central', method: 'REQCopyFileFrom' },
    methodArgs: ['/src', 'central', '/root/.ssh/authorized_keys'],
  });
  const copy = newMessage({
    ...{ method: 'REQCopyFileTo' },
    methodArgs: [...from.methodArgs!, 'whole', '600', 'sum'],
  });
  assert.equal(isAsked(askedFor(kept('one', from)), copy, 'ship1', 'one'), true);
  assert.equal(askedFor(kept('one', from)).isAskedTransfer('one', 'ship1'), true);
  assert.equal(askedFor(kept('one', from)).isAskedTransfer('one', 'ship2'), false);
  assert.equal(askedFor(kept('one', COMMAND)).isAskedTransfer('one', 'ship1'), false);
  const relayed = askedFor(kept('one', { ...from, relayFromNode: 'ship2', relayToNode: 'ship1' }));
  for (const re of ['one', undefined]) assert.equal(isAsked(relayed, copy, 'ship1', re), false);
  assert.equal(relayed.isAskedTransfer('one', 'ship1'), false);
});

function isAsked(asked: AskedFor, copy: Message, sender: string, re: string | undefined): boolean {
  return asked.askedCopy(copy, sender, re) !== undefined;
}

test('the copy of a relayed reply is known by the relay that was asked', () => {
  const relay = newMessage({
    ...{ toNode: 'ship2.hub', fromNode: 'central', method: 'REQRelay', relayOriginalViaNode: 'hub' },
    ...{ relayFromNode: 'central', relayToNode: 'ship2', relayOriginalMethod: 'REQCliCommand' },
    ...{ replyMethod: 'REQToFile', relayReplyMethod: 'REQToFileAppend', directory: 'd', fileName: 'f' },
  });
  const copy = newMessage({
    ...{ toNode: 'central', fromNode: 'ship2', method: 'REQToFileAppend', isReply: true },
    ...{ directory: 'd', fileName: 'f' },
    previousMessage: newMessage({ ...relay, toNode: 'ship2', fromNode: 'hub', method: 'REQCliCommand' }),
  });
  const asked = askedFor(kept('one', relay));
  assert.equal(asked.answers(copy, 'hub', undefined), 'request');
  assert.equal(asked.answers(copy, 'ship2', undefined), 'unknown');
});
