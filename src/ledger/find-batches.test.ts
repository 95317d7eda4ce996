import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { openStore } from '../store/open-store.ts';
import { MIGRATIONS } from '../store/schema.ts';
import { findBatches } from './find-batches.ts';
import { findId } from './find-id.ts';
import { findRequests } from './find-requests.ts';

/** The last schema that knew nothing of batches. */
const WITHOUT_BATCHES = MIGRATIONS.findIndex((step) => step.includes('CREATE TABLE batches'));

test('what was queued before batches had rows is listed with them all the same', async (t) => {
  const { path: folder } = await tempFolder(t);
  const old = new DatabaseSync(join(folder, 'steward.db'));
  for (const step of MIGRATIONS.slice(0, WITHOUT_BATCHES)) old.exec(step);
  old.exec(`PRAGMA application_id = 0x53747764; PRAGMA user_version = ${WITHOUT_BATCHES};
    INSERT INTO lanes VALUES (1, 'ship1.REQPing.EventACK', 'e', 4, NULL);
    INSERT INTO ledger (key, id, batch, state, queued_at) VALUES
      (4294967297, '01a-1', '01a-0', 'succeeded', 10), (4294967298, '01a-2', '01a-0', 'failed', 11),
      (4294967299, '01a-3', NULL, 'succeeded', 12)`);
  old.close();
  await using store = await openStore({ folder });
  assert.deepEqual((await findBatches(store)).items, [
    {
      ...{ id: '01a-0', at: 10, label: 'REQPing', total: 2, plan: null },
      counts: { failed: 1, succeeded: 1 },
    },
  ]);
  const { items } = await findRequests(store, { batch: '01a-0' });
  assert.deepEqual(
    items.map(({ id }) => id),
    ['01a-2', '01a-1'],
  );
});

test('an id is found by its beginning, where that is long enough and no other begins so', async (t) => {
  const { path: folder } = await tempFolder(t);
  await using store = await openStore({ folder });
  const row = (id: string, key: number) => ({
    sql: `INSERT INTO ledger (key, id, state, queued_at) VALUES (?, ?, 'queued', 1)`,
    rows: [[key, id]],
  });
  const [first, second] = ['01a2059b-ece9-713c-b05b-9c637c29fc17', '01a2059b-ece9-713c-b05b-a01376ce51ee'];
  await store.write([row(first, 1), row(second, 2)]);
  assert.deepEqual(await findId(store, 'ledger', first), { id: first });
  assert.deepEqual(await findId(store, 'ledger', '01A2059B-ECE9-713C-B05B-9'), { id: first });
  for (const [text, fault] of [
    ['01a2059b-ece9', 'several'],
    ['01a', 'too-short'],
    ['02', 'unknown'],
    ['', 'unknown'],
    ["' OR 1", 'unknown'],
    [`${first}0`, 'unknown'],
  ] as const)
    assert.deepEqual(await findId(store, 'ledger', text), { fault, text });
});
