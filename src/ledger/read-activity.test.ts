import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LedgerRows } from '../../test/support/ledger-rows.ts';
import { tempStore } from '../../test/support/temp-store.ts';
import { readActivity } from './read-activity.ts';

const DAY_MS = 86_400_000;

test('what was queued is counted by span and state, with the median of its delivery and what nodes printed', async (t) => {
  const store = await tempStore(t);
  const rows = new LedgerRows(store);
  const at = rows.nextAt;
  const taken = (ms: number) => ({ accepted_at: at + ms, output_bytes: 100 });
  await rows.addAll([
    { node: 'a', state: 'succeeded', more: taken(10) },
    { node: 'a', state: 'succeeded', more: taken(30) },
    { node: 'b', state: 'failed', more: taken(900) },
    { node: 'c', state: 'queued' },
    { node: 'c', state: 'succeeded', batch: null },
  ]);
  const { bucketMs, buckets, output, isCut } = await readActivity(store, { days: 7, now: at + 100 });
  assert.deepEqual([bucketMs, buckets.length, isCut], [DAY_MS / 8, 56, false]);
  const last = buckets.at(-1)!;
  assert.deepEqual(last.counts, { failed: 1, queued: 1, succeeded: 2 });
  assert.ok(last.deliveryMs! >= 25 && last.deliveryMs! <= 30, `${last.deliveryMs}`);
  assert.ok(
    buckets
      .slice(0, -1)
      .every(({ counts, deliveryMs }) => Object.keys(counts).length === 0 && deliveryMs === null),
  );
  assert.deepEqual(output, [
    { node: 'a', days: [0, 0, 0, 0, 0, 0, 200], totalBytes: 200 },
    { node: 'b', days: [0, 0, 0, 0, 0, 0, 100], totalBytes: 100 },
  ]);
  const none = await readActivity(store, { days: 1, now: at + 3 * DAY_MS });
  assert.deepEqual(none.output, []);
});
