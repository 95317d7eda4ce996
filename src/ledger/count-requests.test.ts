import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LedgerRows } from '../../test/support/ledger-rows.ts';
import { tempStore } from '../../test/support/temp-store.ts';
import { REQUEST_STATES } from '../contract/states.ts';
import { countBatch, countRequests, countRunning } from './count-requests.ts';
import { findBatch, findBatches } from './find-batches.ts';

test('requests are counted by their states, without messages of the node itself', async (t) => {
  const store = await tempStore(t);
  const rows = new LedgerRows(store);
  const wanted: Record<string, number> = {};
  for (const [index, state] of REQUEST_STATES.entries()) {
    wanted[state] = index + 2;
    await rows.addAll(Array.from({ length: index + 2 }, () => ({ state })));
    await rows.addAll(Array.from({ length: 3 }, () => ({ state, batch: null, method: 'REQErrorLog' })));
  }
  assert.deepEqual({ ...(await countRequests(store)) }, wanted);
  assert.deepEqual({ ...(await countBatch(store, 'b')) }, wanted);
});

test('states that no request is in are left out', async (t) => {
  const store = await tempStore(t);
  assert.deepEqual(await countRequests(store), {});
  await new LedgerRows(store).add({ state: 'queued' });
  assert.deepEqual(await countRequests(store), { queued: 1 });
});

test('what runs is counted by lanes; what a node without reports took is not', async (t) => {
  const store = await tempStore(t);
  const rows = new LedgerRows(store);
  await rows.addAll([
    { state: 'running' },
    { state: 'accepted' },
    { state: 'succeeded' },
    { state: 'queued' },
  ]);
  await rows.add({ state: 'accepted', more: { ended_at: 5 } });
  await rows.add({ state: 'running', node: 'ship2' });
  assert.deepEqual(Object.fromEntries(await countRunning(store)), {
    'ship1.REQCliCommand.CommandACK': 2,
    'ship2.REQCliCommand.CommandACK': 1,
  });
});

test('batches are listed newest first with their counts, also when they came in parts among others', async (t) => {
  const store = await tempStore(t);
  const rows = new LedgerRows(store);
  await rows.addAll([{ batch: 'b1', state: 'failed' }, { batch: 'b2' }, { batch: 'b1' }]);
  await rows.add({ batch: 'b1', state: 'queued' });
  const [second, first] = (await findBatches(store)).items;
  assert.deepEqual([second?.id, second?.total, second?.counts], ['b2', 1, { succeeded: 1 }]);
  assert.deepEqual([first?.id, first?.total], ['b1', 3]);
  assert.deepEqual({ ...first?.counts }, { failed: 1, queued: 1, succeeded: 1 });
  assert.deepEqual([second?.label, second?.plan], ['REQCliCommand', null]);
  assert.equal((await findBatches(store, { limit: 1 })).next, 'b2');
  assert.deepEqual(
    (await findBatches(store, { cursor: 'b2' })).items.map(({ id }) => id),
    ['b1'],
  );
  assert.equal(await findBatch(store, 'nothing'), undefined);
});
