import assert from 'node:assert/strict';
import { test } from 'node:test';
import { vectors } from '../../test/support/vectors.ts';
import { decodeMessage } from './codec/decode-message.ts';
import { type Message, newMessage } from './message.ts';
import { replyTo } from './reply.ts';

const captured = vectors('cbor').map(({ payload, serial, cmp }) => {
  return decodeMessage(payload, { serial, cmp, maxBytes: 100_000 });
});

/** Replies that a node builds itself; a relaying node rewrites a copy of a reply, with relay fields of its own. */
const replies = captured.filter(
  ({ previousMessage }) => previousMessage !== null && !previousMessage.relayFromNode,
);

test('every captured reply is built from its request', () => {
  assert.ok(replies.length >= 12);
  for (const reply of replies) {
    const previous = reply.previousMessage!;
    const asked = previous.isReply
      ? requestThatWasReply(previous)
      : { ...previous, data: [Buffer.from('in')] };
    const nodeName = previous.isReply ? previous.fromNode : previous.toNode;
    assert.deepEqual(replyTo(asked, reply.data!, { nodeName, defaultMethodTimeout: 10 }), reply);
  }
});

test('the captured requests have the captured replies', () => {
  const built = captured
    .filter(({ previousMessage, method }) => previousMessage === null && method !== 'REQErrorLog')
    .flatMap((message) => replyTo(message, [], { nodeName: message.toNode, defaultMethodTimeout: 10 }) ?? []);
  const found = replies.filter((reply) => built.some((own) => same({ ...reply, data: [] }, own)));
  assert.ok(found.length >= 10, `${found.length} replies were found`);
});

test('a reply takes its times from the request, and defaults where it has none', () => {
  const request = newMessage({
    fromNode: 'central',
    toNode: 'ship1',
    ackTimeout: 3,
    retries: 2,
    methodTimeout: 7,
  });
  const options = { nodeName: 'ship1', defaultMethodTimeout: 10 };
  const plain = replyTo(request, [], options)!;
  assert.deepEqual([plain.ackTimeout, plain.retries, plain.methodTimeout], [3, 2, 10]);
  assert.equal(plain.method, 'REQToFileAppend');
  const own = {
    ...request,
    replyAckTimeout: 4,
    replyRetries: 5,
    replyMethodTimeout: -1,
    replyMethodArgs: ['x'],
  };
  const reply = replyTo(own, [], options)!;
  assert.deepEqual(
    [reply.ackTimeout, reply.retries, reply.methodTimeout, reply.methodArgs],
    [4, 5, -1, ['x']],
  );
});

test('REQNone asks for no reply', () => {
  const request = newMessage({ fromNode: 'central', toNode: 'ship1', replyMethod: 'REQNone' });
  assert.equal(replyTo(request, [], { nodeName: 'ship1', defaultMethodTimeout: 10 }), undefined);
});

test('a chain of replies does not grow beyond what is read', () => {
  let request = newMessage({ fromNode: 'a', toNode: 'b', isReply: true });
  for (let count = 0; count < 40; count++)
    request = replyTo(request, [], { nodeName: 'b', defaultMethodTimeout: 10 })!;
  let depth = 0;
  for (let part: Message | null = request; part !== null; part = part.previousMessage) depth++;
  assert.equal(depth, 16);
});

/** What the node got before it swapped the nodes for its own reply and filled in the reply method. */
function requestThatWasReply(previous: Message): Message {
  const { toNode, fromNode } = previous;
  return { ...previous, toNode: fromNode, fromNode: toNode, replyMethod: '', data: [Buffer.from('in')] };
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
