import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newMessage } from './message.ts';
import { senderOf } from './sender-of.ts';

const request = newMessage({ toNode: 'ship2', fromNode: 'central', relayFromNode: 'ship1' });
const copy = newMessage({
  toNode: 'ship1',
  fromNode: 'ship2',
  isReply: true,
  previousMessage: request,
});

test("the copy of a relayed request's reply comes from the node that relayed", () => {
  assert.equal(senderOf(copy), 'central');
  assert.equal(senderOf({ ...copy, previousMessage: { ...request, fromNode: 'a*b' } }), 'ship2');
});

test('all else comes from its FromNode', () => {
  const reply = { ...copy, toNode: 'central' };
  assert.equal(senderOf(reply), 'ship2');
  const first = { ...reply, previousMessage: { ...request, relayOriginalViaNode: 'central' } };
  assert.equal(senderOf(first), 'ship2');
  assert.equal(senderOf({ ...copy, isReply: false }), 'ship2');
  assert.equal(senderOf({ ...copy, previousMessage: null }), 'ship2');
});
