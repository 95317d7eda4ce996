import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32, zstdCompressSync } from 'node:zlib';
import { decompress } from '../message/codec/compression.ts';
import { HEADER } from '../message/codec/wire-headers.ts';
import { compress } from './compress.ts';
import { encode } from './encode.ts';
import { publish } from './publish.ts';
import { split } from './split.ts';
import { type OutboundMessage, unanswered, WHOLE, type Wrapper, wayOut } from './way-out.ts';

const SUBJECT = 'ship1.REQToFile.EventACK';
const NUMBERED = { form: 'numbered', bytes: 262_144, wholeUpTo: Number.POSITIVE_INFINITY, from: 0 } as const;
const PLAIN = { serial: 'cbor', cmp: '' } as const;

function message(payload: Uint8Array, more: Partial<OutboundMessage> = {}): OutboundMessage {
  const place = { epoch: 'e1', seq: 7, floor: 3 };
  return { ...unanswered(SUBJECT, payload, PLAIN), id: 'id', place, parts: NUMBERED, ...more };
}

interface Published {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly reply?: string;
  readonly headers: Record<string, string>;
}

function start(wrappers: readonly Wrapper[], takes = Number.POSITIVE_INFINITY) {
  const published: Published[] = [];
  const publisher = {
    publish: (
      subject: string,
      payload: Uint8Array,
      more: { reply?: string; headers: Record<string, string> },
    ) => {
      if (published.length >= takes) return false;
      published.push({ subject, payload, ...more });
      return true;
    },
  };
  return { published, send: wayOut(wrappers, publish(publisher)) };
}

test('the steps get the messages in their order, and the results on the way back', () => {
  const order: string[] = [];
  const step =
    (name: string): Wrapper =>
    (messages, next) => {
      order.push(`${name} out`);
      const sent = next(messages);
      order.push(`${name} back`);
      return sent;
    };
  const { send } = start([step('first'), step('second')]);
  assert.deepEqual(send([message(Buffer.from('abc'))]), [{ bytes: 3, wholeBytes: 3 }]);
  assert.deepEqual(order, ['first out', 'second out', 'second back', 'first back']);
});

test('what is said of a message goes into its headers, and nothing of what is not said', () => {
  const { published, send } = start([encode()]);
  send([
    message(Buffer.from('x'), {
      life: { leftMs: 5.5, endsAt: 12 },
      schedule: '[1,2]',
      output: 'live',
      reply: 'r',
    }),
    unanswered(SUBJECT, Buffer.from('y'), { serial: '', cmp: '' }),
  ]);
  assert.deepEqual(published[0]?.headers, {
    [HEADER.serial]: 'cbor',
    [HEADER.id]: 'id',
    [HEADER.lane]: 'e1/7/3',
    [HEADER.notAfter]: '12',
    [HEADER.left]: '5',
    [HEADER.schedule]: '[1,2]',
    [HEADER.output]: 'live',
  });
  assert.equal(published[0]?.reply, 'r');
  assert.deepEqual([published[1]?.headers, published[1]?.reply], [{}, undefined]);
});

test('a plain body is compressed, and one that an earlier version compressed goes as it is', () => {
  const { published, send } = start([compress('g')]);
  const body = Buffer.from('to be compressed '.repeat(20));
  const packed = zstdCompressSync(body);
  send([message(body), message(packed, { format: { serial: 'cbor', cmp: 'z' } })]);
  assert.equal(published[0]?.headers[HEADER.compression], 'g');
  assert.deepEqual(Buffer.from(decompress(published[0]!.payload, 'g', 10_000)), body);
  assert.equal(published[1]?.headers[HEADER.compression], 'z');
  assert.equal(published[1]?.payload, packed);
});

test('of a message that is too large the piece goes whose turn it is, and what comes behind it waits', () => {
  const { published, send } = start([split({ maxPayload: 102_048 })]);
  const large = Buffer.alloc(250_000, 1);
  const whole = { wholeBytes: 250_000 };
  assert.deepEqual(send([message(large), message(Buffer.from('x'))]), [{ bytes: 100_000, ...whole }]);
  assert.deepEqual(send([message(large, { parts: { ...NUMBERED, from: 200_000 } })]), [
    { bytes: 50_000, ...whole },
  ]);
  assert.deepEqual(
    published.map(({ headers }) => headers[HEADER.part]),
    ['1/3', '3/3'],
  );
  const small = message(Buffer.from('x'));
  assert.equal(send([small, small, message(large)]).length, 2, 'and what is before it goes alone');
});

test('parts by offset are as large as the link allows for, and name the whole', () => {
  const { published, send } = start([split({ maxPayload: 102_048 })]);
  const body = Buffer.alloc(5000, 7);
  const parts = { form: 'offset', bytes: 2000, wholeUpTo: 2000, from: 0 } as const;
  assert.deepEqual(send([message(body, { parts })]), [{ bytes: 2000, wholeBytes: 5000 }]);
  send([message(body, { parts: { ...parts, bytes: 9000, from: 3999 } })]);
  const sum = crc32(body).toString(16);
  assert.deepEqual(
    published.map(({ headers, payload }) => [headers[HEADER.part], payload.length]),
    [
      [`@0/5000/${sum}`, 2000],
      [`@3999/5000/${sum}`, 1001],
    ],
  );
  send([message(body.subarray(0, 2000), { parts })]);
  assert.equal(published[2]?.headers[HEADER.part], undefined, 'what is small enough goes whole');
});

test('no part of a message is all of it, also where the broker takes hardly more than headers', () => {
  const { published, send } = start([encode(), split({ maxPayload: 2048 })]);
  const body = Buffer.from('0123456789');
  for (const from of [0, 5]) send([message(body, { parts: { ...NUMBERED, from } })]);
  assert.deepEqual(
    published.map(({ headers, payload }) => [headers[HEADER.part], Buffer.from(payload).toString()]),
    [
      ['1/2', '01234'],
      ['2/2', '56789'],
    ],
  );
});

test('an end that goes with a reply goes with its last part', () => {
  const { published, send } = start([encode(), split({ maxPayload: 102_048 })]);
  const parts = { form: 'offset', bytes: 2000, wholeUpTo: 2000, from: 0 } as const;
  for (const from of [0, 2000, 4000])
    send([message(Buffer.alloc(5000), { end: '{}', parts: { ...parts, from } })]);
  send([message(Buffer.from('x'), { end: '{}' })]);
  assert.deepEqual(
    published.map(({ headers }) => headers[HEADER.end]),
    [undefined, undefined, '{}', '{}'],
  );
});

test('what may not be split is held back, with the size that it would have', () => {
  const { published, send } = start([compress('z'), split({ maxPayload: 102_048 })]);
  const random = Buffer.alloc(200_000);
  for (let at = 0; at < random.length; at++) random[at] = (at * at * 31 + at) % 251;
  const [sent] = send([message(random, { parts: WHOLE, schedule: '[1,2]', needsLanes: true })]);
  assert.equal(sent?.bytes, 0);
  assert.ok(sent!.wholeBytes < random.length);
  assert.deepEqual(published, []);
});

test('where the connection is lost on the way the result says how far it came', () => {
  const { send } = start([encode(), compress(''), split({ maxPayload: 100_000 })], 2);
  assert.equal(send([1, 2, 3].map(() => message(Buffer.from('x')))).length, 2);
});
