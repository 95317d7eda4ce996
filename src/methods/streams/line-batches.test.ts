import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ByteBudget } from '../../lib/byte-budget.ts';
import { LineBatches } from './line-batches.ts';

const KB = 1024;

test('a first line goes out at once, and those of a burst together, in order', async () => {
  const { batches, sent, next } = setUp();
  await batches.write(Buffer.from('one\ntw'));
  assert.equal(await next(1), 'one\n');
  const began = performance.now();
  for (let i = 0; i < 1000; i++) await batches.write(Buffer.from(`o${i}\n`));
  await next(2);
  assert.ok(performance.now() - began > 50, 'the burst was not gathered');
  await batches.write(Buffer.from('rest'));
  assert.equal(Buffer.from(await batches.end()).toString(), 'rest');
  const lines = Array.from({ length: 1000 }, (_, i) => (i === 0 ? 'two0' : `o${i}`));
  assert.equal(sent.slice(1).join(''), `${lines.join('\n')}\n`);
  assert.ok(sent.length <= 4, `${sent.length} batches`);
});

test('a line without its end waits for it, and comes at the end', async () => {
  const { batches, sent } = setUp();
  await batches.write(Buffer.from('no end'));
  assert.equal(Buffer.from(await batches.end()).toString(), 'no end');
  assert.deepEqual(sent, []);
});

test('a begun line can be ended', async () => {
  const { batches, next } = setUp();
  await batches.breakLine();
  await batches.write(Buffer.from('cut'));
  await batches.breakLine();
  assert.equal(await next(1), 'cut\n');
  assert.equal((await batches.end()).length, 0);
});

test('a line larger than a batch goes out in pieces', async () => {
  const { batches, sent } = setUp();
  const line = 'x'.repeat(64 * KB);
  await batches.write(Buffer.from('short\n'));
  for (let i = 0; i < 9; i++) await batches.write(Buffer.from(line));
  const rest = Buffer.from(await batches.end()).toString();
  assert.equal(sent[0], 'short\n');
  assert.equal(sent.join('') + rest, `short\n${line.repeat(9)}`);
  assert.ok(sent.every(({ length }) => length <= 320 * KB));
});

test('who writes waits while nobody takes', async () => {
  const gate = Promise.withResolvers<void>();
  const { batches, sent } = setUp(() => gate.promise);
  let written = 0;
  const writing = (async () => {
    for (; written < 100; written++) await batches.write(Buffer.alloc(64 * KB, 'a\n'));
  })();
  for (let turn = 0; turn < 100; turn++) await nextTurn();
  assert.ok(written <= 12, `${written} pieces of 64 KB were taken`);
  gate.resolve();
  await writing;
  await batches.end();
  assert.ok(sent.length > 20);
});

test('what could not be sent is thrown to who writes, and at the end', async () => {
  const { batches } = setUp(() => Promise.reject(new Error('full')));
  await assert.rejects(batches.write(Buffer.alloc(300 * KB, 'a\n')), /full/);
  await assert.rejects(batches.end(), /full/);
});

function setUp(before: () => Promise<void> = async () => {}) {
  const sent: string[] = [];
  let told = Promise.withResolvers<void>();
  const batches = new LineBatches({
    send: async (data) => {
      await before();
      sent.push(Buffer.from(data).toString());
      told.resolve();
      told = Promise.withResolvers();
    },
  });
  const next = async (count: number) => {
    while (sent.length < count) await told.promise;
    return sent[count - 1];
  };
  return { batches, sent, next };
}

test('where other outputs hold all the memory there is, no more than 8 kB are gathered', async () => {
  const outputs = new ByteBudget(100 * KB);
  const sizes: number[] = [];
  const batches = new LineBatches({ outputs, send: async (data) => void sizes.push(data.length) });
  const piece = Buffer.alloc(4 * KB);
  for (let at = 0; at < 3; at++) await batches.write(piece);
  assert.deepEqual(sizes, []);
  assert.equal(outputs.hold(100 * KB), false);
  assert.ok(outputs.hold(88 * KB));
  await batches.write(piece);
  assert.deepEqual(sizes, [16 * KB]);
  assert.ok(outputs.hold(12 * KB), 'what was sent is held');
  await batches.write(piece);
  await batches.write(piece);
  assert.deepEqual(sizes, [16 * KB, 8 * KB]);
  assert.equal((await batches.end()).length, 0);
});
