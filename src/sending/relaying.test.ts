import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config } from '../config/config.ts';
import { newId } from '../lib/new-id.ts';
import { newMessage } from '../message/message.ts';
import type { ReplyCopy } from '../relay/reply-copies.ts';
import { replyKeyOf } from '../relay/reply-key.ts';
import type { Store } from '../store/store.ts';
import { Relaying } from './relaying.ts';

const request = newMessage({
  toNode: 'ship2',
  fromNode: 'central',
  method: 'REQCliCommand',
  replyMethod: 'REQToFileAppend',
  relayOriginalViaNode: 'central',
  relayFromNode: 'ship1',
  relayToNode: 'ship2',
  relayOriginalMethod: 'REQCliCommand',
  relayReplyMethod: 'REQToFile',
});
const reply = newMessage({
  toNode: 'central',
  fromNode: 'ship2',
  method: 'REQToFileAppend',
  isReply: true,
  ackTimeout: 3,
  retries: 2,
  previousMessage: request,
});
const ID = '019ab2c3-d4e5-7f00-8123-456789abcdef';

function setUp({ isFull = false } = {}) {
  const queued: ReplyCopy[] = [];
  const errors: string[] = [];
  const state = { isFull };
  const relaying = new Relaying({ nodeName: 'central' } as Config, {
    newId,
    store: {
      get: (<T>(_: string, key: string) =>
        key === replyKeyOf(request) ? ({} as T) : undefined) as Store['get'],
    },
    ledger: { has: (id) => queued.some((one) => one.id === id), receiverOf: () => undefined },
    undelivered: { cancel: async () => 0 },
    sending: {
      cancel: async () => {},
      copies: async (copies) => {
        if (state.isFull) throw new Error('the disk is full');
        queued.push(...copies);
      },
    },
    errorReporter: { report: (text) => void errors.push(text) },
  });
  const copy = relaying.beforeAccepted.bind(relaying);
  return { copy, queued, errors, state };
}

test('a reply that comes again is not copied again', async () => {
  const { copy, queued } = setUp();
  await copy([{ id: ID, message: reply }]);
  await copy([{ id: ID, message: reply }]);
  assert.deepEqual(
    queued.map(({ message, budgetMs }) => [message.toNode, message.method, budgetMs]),
    [['ship1', 'REQToFile', undefined]],
  );
});

test('where copies cannot be queued the replies are not to be accepted, and nothing is lost', async () => {
  const { copy, queued, state } = setUp({ isFull: true });
  await assert.rejects(copy([{ id: ID, message: reply }]), /disk is full/);
  state.isFull = false;
  await copy([{ id: ID, message: reply }]);
  assert.equal(queued.length, 1);
});

test('what is no reply to a relayed request is left alone', async () => {
  const { copy, queued, errors } = setUp();
  const direct = { ...request, relayOriginalViaNode: '', relayFromNode: '' };
  await copy([
    { id: ID, message: { ...reply, previousMessage: direct } },
    { id: ID, message: request },
    { id: ID, message: { ...reply, previousMessage: null } },
  ]);
  assert.deepEqual([queued, errors], [[], []]);
});

test('a reply from another node than the target, or to a request that was not relayed, is reported and not copied', async () => {
  const { copy, queued, errors } = setUp();
  await copy([
    { id: ID, message: { ...reply, fromNode: 'ship3' } },
    { id: ID, message: { ...reply, previousMessage: { ...request, relayFromNode: 'ship4' } } },
  ]);
  assert.deepEqual(queued, []);
  assert.match(errors[0]!, /a reply from ship3 was not sent on to ship1/);
  assert.match(errors[1]!, /a reply from ship2 was not sent on to ship4/);
});

test('replyRetries of the request limit how long a copy is kept', async () => {
  const { copy, queued } = setUp();
  const limited = { ...reply, previousMessage: { ...request, replyRetries: 2 } };
  await copy([{ id: ID, message: limited }]);
  assert.equal(queued[0]?.budgetMs, 6000);
});
