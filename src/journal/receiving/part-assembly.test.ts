import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { crc32 } from 'node:zlib';
import { tempStore } from '../../../test/support/temp-store.ts';
import { TestJournal } from '../../../test/support/test-journal.ts';
import { systemClock } from '../../lib/clock.ts';
import { encodeMessage } from '../../message/codec/encode-message.ts';
import { HEADER } from '../../message/codec/wire-headers.ts';
import { newMessage } from '../../message/message.ts';
import { formatPartPlace } from '../../message/part-place.ts';
import { KeptParts } from './kept-parts.ts';
import { PartMemory } from './part-memory.ts';

const MESSAGE = newMessage({
  toNode: 'ship1',
  fromNode: 'central',
  method: 'REQToFileAppend',
  data: [Buffer.from('0123456789'.repeat(1000))],
});
const BODY = encodeMessage(MESSAGE, { serialization: '', compression: '' }).payload;

function placeAt(offset: number, body: Uint8Array = BODY): string {
  return formatPartPlace({ offset, total: body.length, sum: crc32(body).toString(16) });
}

/** A receiver whose steady clock the test moves. */
async function receiver(t: TestContext, store = tempStore(t)) {
  let now = 0;
  const applied: Buffer[] = [];
  const made = await TestJournal.open(t, {
    store: await store,
    clock: { ...systemClock, steadyNow: () => now },
    apply: async (batch) =>
      batch.map(
        ({ message }) => ({ ok: applied.push(Buffer.concat(message.data ?? [])) > 0 }) as { ok: true },
      ),
  });
  const send = async (offset: number, end: number, body = BODY) => {
    now += 1000;
    const more = { payload: body.subarray(offset, end) };
    made.journal.receive(
      made.arrival(made.effect, { seq: 1, part: placeAt(offset, body) }, more),
      made.effect,
    );
    await made.settled();
    const { status, headers } = made.answers.splice(0).at(-1)!;
    return [status, headers[HEADER.part]];
  };
  return { made, send, applied };
}

test('parts come by their bytes, however long each is; what is there already counts once', async (t) => {
  const { made, send, applied } = await receiver(t);
  assert.deepEqual(await send(0, 3000), ['part', placeAt(3000)]);
  assert.deepEqual(await send(1000, 4000), ['part', placeAt(4000)], 'a part that was sent again');
  assert.deepEqual(await send(4000, 4001), ['part', placeAt(4001)]);
  assert.deepEqual(await send(7000, 8000), ['gap', placeAt(4001)], 'and what is missing is named');
  assert.deepEqual(await send(4001, BODY.length), ['accepted', undefined]);
  assert.deepEqual(applied, [Buffer.from('0123456789'.repeat(1000))]);
  assert.equal(made.next(), 2);
});

test('a receiver that starts again goes on where it was, a few seconds ago at most', async (t) => {
  const store = tempStore(t);
  const before = await receiver(t, store);
  await before.send(0, 1000);
  await before.send(1000, 2000);
  await before.send(2000, 3000);
  await before.send(3000, 4000);
  await before.made[Symbol.asyncDispose]();
  const after = await receiver(t, store);
  assert.deepEqual(await after.send(4000, 5000), ['gap', placeAt(3000)]);
  assert.deepEqual(await after.send(3000, BODY.length), ['accepted', undefined]);
  assert.equal(after.applied.length, 1);
  assert.deepEqual((await store).all('SELECT 1 FROM arriving'), []);
});

test('parts of another encoding of the message are not joined with those that came', async (t) => {
  const { send, applied } = await receiver(t);
  const other = encodeMessage(MESSAGE, { serialization: 'cbor', compression: '' }).payload;
  await send(0, 3000);
  assert.deepEqual(await send(3000, 6000, other), ['gap', placeAt(0, other)]);
  await send(0, 3000);
  assert.deepEqual(await send(3000, BODY.length), ['accepted', undefined]);
  assert.equal(applied.length, 1);
});

test('what its parts do not add up to is asked for again from the beginning', async (t) => {
  const { made, send } = await receiver(t);
  await send(0, 3000);
  const wrong = Buffer.from(BODY);
  wrong[5000] = (wrong[5000] ?? 0) ^ 1;
  const more = { payload: wrong.subarray(3000) };
  made.journal.receive(made.arrival(made.effect, { seq: 1, part: placeAt(3000) }, more), made.effect);
  assert.equal(made.answers.at(-1)?.headers[HEADER.part], placeAt(0));
  assert.equal(made.answers.at(-1)?.status, 'gap');
});

test('a message that would be too large is refused with its first part', async (t) => {
  const { made } = await receiver(t);
  const part = formatPartPlace({ offset: 0, total: 2_000_000, sum: 'ab' });
  const more = { payload: Buffer.alloc(10) };
  made.journal.receive(made.arrival(made.effect, { seq: 1, part }, more), made.effect);
  await made.settled();
  assert.equal(made.answers.at(-1)?.status, 'rejected');
  assert.match(made.answers.at(-1)?.headers[HEADER.reason] ?? '', /larger than this node takes/);
});

test('a header that is no place of a part is refused', async (t) => {
  const { made } = await receiver(t);
  for (const [seq, part] of ['@1', '@9/8/ab', '@0/8/xyz'].entries())
    made.journal.receive(made.arrival(made.effect, { seq: seq + 1, part }), made.effect);
  await made.settled();
  assert.ok(made.answers.every(({ status }) => status === 'rejected'));
});

test('whoever begins many messages drives out none of another sender, and memory stays bounded', () => {
  const memory = new PartMemory({ maxBytes: 100, maxDiskBytes: 1000 });
  const cleared: string[] = [];
  const unfinished = (sender: string, name: string) => {
    const one = {
      sender,
      giveWay: () => {
        cleared.push(name);
        memory.free(one);
      },
    };
    return one;
  };
  memory.take(unfinished('ship2', 'slow'), 30);
  for (let count = 1; count <= 20; count++) memory.take(unfinished('ship1', `many ${count}`), 20);
  assert.equal(cleared.includes('slow'), false);
  assert.deepEqual(cleared.slice(0, 2), ['many 1', 'many 2']);
  const alone = unfinished('ship3', 'large');
  memory.take(alone, 45);
  assert.equal(cleared.includes('slow'), false);
  memory.take(alone, 45);
  assert.deepEqual(cleared.slice(-2), ['slow', 'many 20']);
  memory.take(alone, 45);
  assert.equal(cleared.includes('large'), false);
});

test('whoever lays down parts of many messages drives out none of another sender on the disk either', async (t) => {
  const store = await tempStore(t);
  let now = 1_800_000_000_000;
  const clock = { ...systemClock, wallNow: () => now++ };
  const begin = async (fromNode: string, epoch: string, bytes: number) => {
    const lane = { epoch, subject: 'central.REQToFile.EventACK', fromNode };
    const parts = new KeptParts(lane, { store, clock, logger: { warn: () => {} } });
    parts.begin({ seq: 1, whole: '9000/ab' });
    await parts.add([Buffer.alloc(bytes)], 1000);
  };
  await begin('ship2', 'slow', 300);
  for (let count = 1; count <= 20; count++) await begin('ship1', `many ${count}`, 100);
  const left = store.all<{ epoch: string }>('SELECT DISTINCT epoch FROM arriving');
  assert.deepEqual(left.map(({ epoch }) => epoch).toSorted(), [
    ...Array.from({ length: 8 }, (_, at) => `many ${at + 13}`),
    'slow',
  ]);
});
