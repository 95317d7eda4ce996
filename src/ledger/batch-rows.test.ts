import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tempStore } from '../../test/support/temp-store.ts';
import type { Store } from '../store/store.ts';
import { batchStatements, optionStatements, planStatement, type StoredPart } from './batch-rows.ts';

function part(more: Partial<StoredPart> = {}): StoredPart {
  return {
    ...{ batch: 'b1', label: 'REQPing', submission: undefined, firstId: 'i1', lastId: 'i5', count: 5, at: 7 },
    ...more,
  };
}

async function put(store: Store, ...parts: StoredPart[]): Promise<void> {
  for (const one of parts) await store.write(batchStatements(one));
}

function rows(store: Store, table: string): object[] {
  return store.all<object>(`SELECT * FROM ${table}`).map((row) => ({ ...row }));
}

test('the slices of a submission make one row, with the ids between which its messages are', async (t) => {
  const store = await tempStore(t);
  await put(store, part(), part({ firstId: 'i6', lastId: 'i9', count: 4, at: 9 }));
  const row = { id: 'b1', at: 7, label: 'REQPing', total: 9, first_id: 'i1', last_id: 'i9', plan: null };
  assert.deepEqual(rows(store, 'batches'), [row]);
  assert.deepEqual(rows(store, 'batch_parts'), []);
});

test('submissions that add to a batch have their own ranges', async (t) => {
  const store = await tempStore(t);
  await put(store, part());
  await put(store, part({ submission: 'k1', firstId: 'k1', lastId: 'k2', count: 2, label: 'other' }));
  await put(store, part({ submission: 'k1', firstId: 'k3', lastId: 'k3', count: 1 }));
  const row = { id: 'b1', at: 7, label: 'REQPing', total: 8, first_id: 'i1', last_id: 'i5', plan: null };
  assert.deepEqual(rows(store, 'batches'), [row]);
  assert.deepEqual(rows(store, 'batch_parts'), [{ batch: 'b1', first_id: 'k1', last_id: 'k3' }]);
});

test('a batch may be planned before it has messages, and takes the label of its first ones', async (t) => {
  const store = await tempStore(t);
  await store.write([planStatement('b1', { left: ['ship9'] }, 3)]);
  await put(store, part({ submission: 'i1' }), part({ submission: 'k1', firstId: 'k1', label: 'later' }));
  const [row] = rows(store, 'batches') as Record<string, unknown>[];
  assert.deepEqual([row?.at, row?.label, row?.plan, row?.total], [3, 'REQPing', '{"left":["ship9"]}', 10]);
  await store.write([planStatement('b1', null, 3)]);
  assert.equal((rows(store, 'batches') as Record<string, unknown>[])[0]?.plan, null);
});

test('options are kept of requests that have some', async (t) => {
  const store = await tempStore(t);
  assert.deepEqual(optionStatements([]), []);
  await store.write(optionStatements([{ id: 'i1', options: { expiresInMs: 5 } }]));
  assert.deepEqual(rows(store, 'request_options'), [{ id: 'i1', options: '{"expiresInMs":5}' }]);
});
