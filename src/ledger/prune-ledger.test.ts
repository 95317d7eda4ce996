import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LedgerRows } from '../../test/support/ledger-rows.ts';
import { tempStore } from '../../test/support/temp-store.ts';
import { type Store, statement } from '../store/store.ts';
import { optionStatements, planStatement, stepStatement } from './batch-rows.ts';
import { pruneLedger } from './prune-ledger.ts';

test('while the waves of a batch go on, all that it has stays', async (t) => {
  const store = await tempStore(t);
  const rows = new LedgerRows(store);
  const own = await rows.addAll([{ batch: '00b1' }, { batch: '00b1' }]);
  await rows.addAll([{ batch: '00b2' }, { batch: '00b2' }]);
  await store.write([
    statement('INSERT INTO waves VALUES (?), (?)', '00b1', '00b0'),
    planStatement('00b0', { kind: 'exec' }, 1),
  ]);
  const newest = await rows.add({ batch: '00b2' });
  assert.equal(await pruneLedger(store, { before: rows.nextAt, keepCount: 1 }), 2);
  assert.deepEqual(column(store, 'SELECT id FROM ledger ORDER BY id'), [...own, newest]);
  assert.deepEqual(column(store, 'SELECT id FROM batches ORDER BY id'), ['00b0', '00b1', '00b2']);
});

function column(store: Store, sql: string): unknown[] {
  return store.all<object>(sql).map((row) => Object.values(row)[0]);
}

test('what is kept about a message goes with it, and a batch with its last message', async (t) => {
  const store = await tempStore(t);
  const rows = new LedgerRows(store);
  const old = await rows.addAll([{ batch: '00b1' }, { batch: '00b1' }, { batch: '00b2' }]);
  const open = await rows.add({ batch: '00b2', state: 'running' });
  // A batch that came in two parts, of which one is young.
  const part = await rows.add({ batch: '00b3' });
  const before = rows.nextAt;
  const young = await rows.addAll([{ batch: '00b3' }, { batch: '00b4' }]);
  const all = [...old, open, part, ...young];
  await store.write([
    ...optionStatements(all.map((id) => ({ id, options: { budgetMs: 1 } }))),
    stepStatement(all.map((id) => ({ id, at: 1, what: 'cancel-asked' }))),
  ]);
  assert.equal(await pruneLedger(store, { before, keepCount: 100 }), 4);
  const left = [open, ...young];
  assert.deepEqual(column(store, 'SELECT id FROM ledger ORDER BY id'), left);
  assert.deepEqual(column(store, 'SELECT id FROM request_options ORDER BY id'), left);
  assert.deepEqual(column(store, 'SELECT id FROM steps ORDER BY id'), left);
  assert.deepEqual(column(store, 'SELECT id FROM batches ORDER BY id'), ['00b2', '00b3', '00b4']);
  assert.deepEqual(column(store, 'SELECT batch FROM batch_parts'), ['00b2', '00b3']);
});
