import assert from 'node:assert/strict';
import { test } from 'node:test';
import { vectors } from '../../test/support/vectors.ts';
import { newId } from '../lib/new-id.ts';
import { decodeMessage } from '../message/codec/decode-message.ts';
import { type Message, newMessage } from '../message/message.ts';
import { readRelayedFile } from '../message/relayed-file.ts';
import type { CopySource } from '../methods/copy/copy-source.ts';
import { copyIdOf, copyOf, isRelayedReply } from './copy-reply.ts';
import { replyKeyOf } from './reply-key.ts';
import { createReqRelay } from './req-relay.ts';
import { createReqRelayInitial } from './req-relay-initial.ts';
import { toRelayInitial } from './to-relay-initial.ts';

const captured = vectors('cbor').map(({ subject, payload, serial, cmp }) => ({
  subject,
  message: decodeMessage(payload, { serial, cmp, maxBytes: 100_000 }),
}));

function find(subject: string): Message {
  return captured.find((one) => one.subject === subject && isOfRelay(one.message))!.message;
}

function isOfRelay({ relayFromNode, previousMessage }: Message): boolean {
  return relayFromNode !== '' || (previousMessage?.relayFromNode ?? '') !== '';
}

function options(nodeName: string) {
  return {
    nodeName,
    defaultAckTimeout: 10,
    defaultRetries: 1,
    openSource: () => Promise.reject(new Error('no file')),
    fetchesFiles: async () => true,
    keepBytes: 1e9,
  };
}

const submitted = newMessage({
  toNode: 'ship2',
  fromNode: 'ship1',
  method: 'REQCliCommand',
  methodArgs: ['bash', '-c', 'echo relayed'],
  replyMethod: 'REQToFileAppend',
  ackTimeout: 3,
  retries: 2,
  methodTimeout: 4,
  directory: 'relay',
  fileName: 'relay.log',
  relayViaNode: 'central',
  relayReplyMethod: 'REQToFile',
});
const initial = find('ship1.REQRelayInitial.EventACK');
const relay = find('ship2.central.REQRelay.EventACK');
const original = find('ship2.REQCliCommand.CommandACK');
const reply = find('central.REQToFileAppend.EventACK');
const copy = find('ship1.REQToFile.EventACK');

test('every step of a relayed message is that of the captured reference nodes', () => {
  assert.deepEqual(toRelayInitial(submitted, true), initial);
  const first = createReqRelayInitial(options('ship1')).forward({ id: 'x', message: initial });
  assert.deepEqual(first, { message: relay, budgetMs: 6000 });
  const second = createReqRelay(options('central')).forward({ id: 'x', message: relay });
  assert.deepEqual(second, { message: original, budgetMs: 6000, replyKey: replyKeyOf(original) });
  assert.deepEqual(copyOf(reply, reply.previousMessage!), copy);
});

test('replies are known again by their request, and anything else that they ask for is not', () => {
  const request = reply.previousMessage!;
  assert.ok(isRelayedReply(reply, 'central'));
  assert.equal(isRelayedReply(reply, 'ship2'), false);
  assert.equal(isRelayedReply(copy, 'central'), false);
  assert.equal(replyKeyOf(request), replyKeyOf(original));
  assert.equal(replyKeyOf({ ...request, replyMethodArgs: [] }), replyKeyOf(original));
  const forgeries: Partial<Message>[] = [
    { relayReplyMethod: 'REQCliCommand' },
    { relayFromNode: 'ship3' },
    { replyMethodArgs: ['rm'] },
    { directory: 'other' },
    { fileName: 'other' },
  ];
  for (const forgery of forgeries)
    assert.notEqual(replyKeyOf({ ...request, ...forgery }), replyKeyOf(original));
});

test('a copy goes out under the reply method where no other was asked for, and not at all for REQNone', () => {
  const request = reply.previousMessage!;
  assert.equal(copyOf(reply, { ...request, relayReplyMethod: '' })?.method, 'REQToFileAppend');
  assert.equal(copyOf(reply, { ...request, relayReplyMethod: 'REQNone' }), undefined);
});

test("a copy's id follows from its reply's, keeps its time, and is a new one for a reply without an id", () => {
  const id = '019ab2c3-d4e5-7f00-8123-456789abcdef';
  const of = (fields: object) => copyIdOf({ id, message: reply, ...fields }, newId);
  assert.equal(of({}), of({}));
  assert.match(of({}), /^019ab2c3-d4e5-7[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.notEqual(of({}), of({ message: { ...reply, fromNode: 'ship3' } }));
  assert.notEqual(of({ id: '' }), of({ id: '' }));
});

test('nobody is taken to have given retries who gave none, be it here or on a reference node', () => {
  const unsaid = toRelayInitial({ ...submitted, retries: 1 }, false);
  assert.equal(unsaid.retries, 0);
  const { budgetMs, message } = createReqRelayInitial(options('ship1')).forward({ id: 'x', message: unsaid });
  assert.equal(budgetMs, undefined);
  const central = createReqRelay(options('central'));
  const next = central.forward({ id: 'x', message });
  assert.equal(next.budgetMs, undefined);
  assert.equal(next.message.retries, 1);
  assert.equal(central.forward({ id: 'x', message: { ...relay, retries: 1 } }).budgetMs, 3000);
  const ofOriginal = { id: 'x', isFromOriginal: true };
  assert.equal(central.forward({ ...ofOriginal, message: { ...relay, retries: 1 } }).budgetMs, undefined);
  assert.equal(central.forward({ ...ofOriginal, message: relay }).budgetMs, 6000);
});

test('data travels along; where there is none, one empty item does', () => {
  const data = [Buffer.from('one'), Buffer.from('two')];
  const { message } = createReqRelayInitial(options('ship1')).forward({
    id: 'x',
    message: { ...initial, data },
  });
  assert.deepEqual(message.data, data);
  assert.deepEqual(createReqRelay(options('central')).forward({ id: 'x', message }).message.data, data);
});

test('of a file that is too large for a message the relay is told what to fetch, unless it runs an older version', async () => {
  const large = { size: 16 * 1024 * 1024 + 1, mode: 0o640, identity: 'state' };
  const openSource = async () =>
    ({ ...large, [Symbol.asyncDispose]: async () => {} }) as unknown as CopySource;
  const ready = (isNew: boolean) =>
    createReqRelayInitial({ ...options('ship1'), openSource, fetchesFiles: async () => isNew }).ready!({
      ...initial,
      ...{ relayOriginalMethod: 'REQCopyFileFrom', methodArgs: ['source', 'ship2', 'target'] },
    });
  const readied = await ready(true);
  assert.ok('message' in readied);
  const { relayOriginalMethod, data, methodArgs } = readied.message;
  assert.deepEqual([relayOriginalMethod, data], ['REQCopyFileTo', null]);
  const file = { ...large, source: 'source', node: 'ship2', target: 'target' };
  assert.deepEqual(readRelayedFile({ methodArgs }), { ...file, request: '' });
  const message = { ...readied.message, toNode: 'ship2.central', method: 'REQRelay' };
  const own = createReqRelay(options('central')).forward({ id: 'x', message });
  assert.deepEqual([own.message.toNode, own.message.method], ['central', 'REQCopyFileFrom']);
  assert.deepEqual(readRelayedFile(own.message), { ...file, request: 'x' });
  const older = await ready(false);
  assert.match(
    'fault' in older ? older.fault : '',
    /central, which runs an older version or did not answer, relays no more/,
  );
});
