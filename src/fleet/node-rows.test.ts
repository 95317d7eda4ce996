import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tempStore } from '../../test/support/temp-store.ts';
import { helloStatement, seenStatement } from './node-rows.ts';

test('the node list keeps the latest hello, and the latest sign of life', async (t) => {
  const store = await tempStore(t);
  const row = () => ({ ...store.get<object>('SELECT * FROM nodes') });
  await store.write([
    helloStatement('ship1', 4000, '{"version":"1"}'),
    helloStatement('ship1', 5000, undefined),
  ]);
  assert.deepEqual(row(), { name: 'ship1', last_seen: 5000, info: null, told_at: 5000 });
  await store.write([seenStatement([{ name: 'ship1', lastSeen: 3000 }])]);
  assert.deepEqual(row(), { name: 'ship1', last_seen: 5000, info: null, told_at: 5000 });
});
