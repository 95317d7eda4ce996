import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { planStatement } from '../ledger/batch-rows.ts';
import { newId } from '../lib/new-id.ts';
import { openStore } from '../store/open-store.ts';
import { RequestOperations } from './request-operations.ts';

test('a batch of 10,000 nodes is read in a few hundred bytes where its plan is not wanted', async (t) => {
  const { path: folder } = await tempFolder(t);
  await using store = await openStore({ folder });
  const operations = new RequestOperations({ store } as unknown as ConstructorParameters<
    typeof RequestOperations
  >[0]);
  const id = newId();
  const targets = Array.from({ length: 10_000 }, (_, number) => ({ node: `ship${number}` }));
  await store.write([planStatement(id, { kind: 'exec', version: 3, targets }, 1)]);
  const [whole, slim] = [await operations.batch(id, {}), await operations.batch(id, { plan: false })];
  assert.ok(JSON.stringify(whole).length > 100_000);
  assert.ok(JSON.stringify(slim).length < 300, JSON.stringify(slim));
  assert.deepEqual(slim, { ...whole, plan: null });
  assert.equal(slim.waves?.targets, 10_000);
});
