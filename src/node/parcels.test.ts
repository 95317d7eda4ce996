import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeMessage } from '../message/decode-message.ts';
import { newMessage } from '../message/message.ts';
import { ownParcel, toParcel } from './parcels.ts';

const SETTINGS = { serialization: 'cbor', compression: 'z', defaultMessageRetries: 1 } as const;
const MESSAGE = newMessage({
  toNode: 'ship1',
  fromNode: 'central',
  method: 'REQCliCommand',
  ackTimeout: 5,
  retries: 3,
});
const REQUEST = { message: MESSAGE, hasRetries: false, hasReplyRetries: false };

test('a message becomes a parcel on its subject, in the configured form', () => {
  const parcel = toParcel(REQUEST, SETTINGS, 'batch', 1000);
  assert.equal(parcel.subject, 'ship1.REQCliCommand.CommandACK');
  assert.deepEqual(
    [parcel.batch, parcel.ackTimeoutMs, parcel.format],
    ['batch', 5000, { serial: 'cbor', cmp: 'z' }],
  );
  const { serial, cmp } = parcel.format;
  assert.equal(decodeMessage(parcel.body, { serial, cmp, maxBytes: 10_000 }).fromNode, 'central');
  assert.notEqual(parcel.id, toParcel(REQUEST, SETTINGS, 'batch', 1000).id);
});

test('a delivery budget applies only where somebody said how often to try', () => {
  assert.equal(toParcel(REQUEST, SETTINGS, null, 0).budgetMs, undefined);
  assert.equal(toParcel({ ...REQUEST, hasRetries: true }, SETTINGS, null, 0).budgetMs, 15_000);
  assert.equal(toParcel(REQUEST, { ...SETTINGS, defaultMessageRetries: 3 }, null, 0).budgetMs, 15_000);
  assert.equal(ownParcel(MESSAGE, SETTINGS).budgetMs, undefined);
  assert.equal(ownParcel(MESSAGE, SETTINGS, { budgetMs: 7000 }).budgetMs, 7000);
});

test('a life in seconds becomes the time at which it ends', () => {
  assert.equal(toParcel({ ...REQUEST, expiresIn: 2.5 }, SETTINGS, null, 1000).expiresAt, 3500);
  assert.equal('expiresAt' in toParcel(REQUEST, SETTINGS, null, 1000), false);
});
