import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tempStore } from '../../test/support/temp-store.ts';
import { HelloRows, seenStatement } from './node-rows.ts';

test('the node list keeps the latest hello, and the latest sign of life', async (t) => {
  const store = await tempStore(t);
  const row = () => ({ ...store.get<object>('SELECT * FROM nodes') });
  const rows = new HelloRows({ store, logger: { warn: () => {} } });
  rows.note({ name: 'ship1', at: 4000, about: '{"version":"1"}' }, []);
  rows.note({ name: 'ship1', at: 5000, about: undefined }, []);
  await store.write([]);
  assert.deepEqual(row(), { name: 'ship1', last_seen: 5000, info: null, told_at: 5000 });
  await store.write([seenStatement([{ name: 'ship1', lastSeen: 3000 }])]);
  assert.deepEqual(row(), { name: 'ship1', last_seen: 5000, info: null, told_at: 5000 });
});

test('hellos that come faster than the disk takes them are not written, and later ones are', async () => {
  const writes = Promise.withResolvers<void>();
  const rows = new HelloRows({ store: { write: () => writes.promise }, logger: { warn: () => {} } });
  const about = JSON.stringify({ labels: { a: 'x'.repeat(10_000) } });
  const note = (name: string) => rows.note({ name, at: 0, about }, []);
  const noted = Array.from({ length: 1000 }, (_, at) => note(`made-up-${at}`)).filter(Boolean).length;
  assert.ok(noted > 100 && noted < 300, `${noted} wait`);
  writes.resolve();
  await new Promise(setImmediate);
  assert.equal(note('ship1'), true);
});
