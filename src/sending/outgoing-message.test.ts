import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeMessage } from '../message/codec/decode-message.ts';
import { newMessage } from '../message/message.ts';
import { ownOutgoing, toOutgoing } from './outgoing-message.ts';

const SETTINGS = {
  serialization: 'cbor',
  defaultMessageRetries: 1,
  trust: { mode: 'open', wantsProof: false, originals: [], relays: [], replyCommands: false },
} as const;
const MESSAGE = newMessage({
  toNode: 'ship1',
  fromNode: 'central',
  method: 'REQCliCommand',
  ackTimeout: 5,
  retries: 3,
});
const PLACE = { id: 'id', batch: 'batch' };
const REQUEST = { message: MESSAGE, hasRetries: false, hasReplyRetries: false };

test('a message becomes an outgoing message on its subject, in the configured form and uncompressed', () => {
  const outgoing = toOutgoing(REQUEST, SETTINGS, PLACE);
  assert.equal(outgoing.subject, 'ship1.REQCliCommand.CommandACK');
  assert.deepEqual(
    [outgoing.id, outgoing.batch, outgoing.ackTimeoutMs, outgoing.format],
    ['id', 'batch', 5000, { serial: 'cbor', cmp: '' }],
  );
  const { serial, cmp } = outgoing.format;
  assert.equal(decodeMessage(outgoing.body, { serial, cmp, maxBytes: 10_000 }).fromNode, 'central');
});

test('a delivery budget applies only where somebody said how often to try', () => {
  assert.equal(toOutgoing(REQUEST, SETTINGS, PLACE).budgetMs, undefined);
  assert.equal(toOutgoing({ ...REQUEST, hasRetries: true }, SETTINGS, PLACE).budgetMs, 15_000);
  assert.equal(toOutgoing(REQUEST, { ...SETTINGS, defaultMessageRetries: 3 }, PLACE).budgetMs, 15_000);
  assert.equal(ownOutgoing(MESSAGE, SETTINGS, { id: 'id' }).budgetMs, undefined);
  assert.equal(ownOutgoing(MESSAGE, SETTINGS, { id: 'id', budgetMs: 7000 }).budgetMs, 7000);
});

test('how long an answer is awaited is the word of whoever submits here, and up to an hour that of others', () => {
  const message = { ...MESSAGE, ackTimeout: 86_400 };
  assert.equal(toOutgoing({ ...REQUEST, message }, SETTINGS, PLACE).ackTimeoutMs, 86_400_000);
  assert.equal(ownOutgoing(message, SETTINGS, { id: 'id' }).ackTimeoutMs, 3_600_000);
});

test('a key holds between this node and the target, also where a request is relayed', () => {
  assert.equal(toOutgoing({ ...REQUEST, supersedes: 'k' }, SETTINGS, PLACE).supersedes, 'k');
  const message = { ...MESSAGE, relayViaNode: 'relay 1' };
  assert.equal(toOutgoing({ ...REQUEST, message, supersedes: 'k' }, SETTINGS, PLACE).supersedes, 'ship1 k');
  assert.equal('supersedes' in toOutgoing(REQUEST, SETTINGS, PLACE), false);
});

test('a life in seconds is kept as a span, whatever the clocks say', () => {
  assert.equal(toOutgoing({ ...REQUEST, expiresIn: 2.5 }, SETTINGS, PLACE).expiresInMs, 2500);
  const lives = [1000, 9000, -9000, 367 * 86_400_000].map(
    (ageMs) => toOutgoing({ ...REQUEST, expiresIn: 2.5 }, SETTINGS, { ...PLACE, ageMs }).expiresInMs,
  );
  assert.deepEqual(
    lives,
    [1500, 1, 2500, 2500],
    'of what lay a while, what is left; by a clock that was set, all',
  );
  assert.equal('expiresInMs' in toOutgoing(REQUEST, SETTINGS, PLACE), false);
});
