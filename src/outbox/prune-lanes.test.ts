import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LedgerRows } from '../../test/support/ledger-rows.ts';
import { tempStore } from '../../test/support/temp-store.ts';
import { statement } from '../store/store.ts';
import { pruneLanes } from './prune-lanes.ts';

test('a lane goes with the last that is kept of its messages, unless something waits in it', async (t) => {
  const store = await tempStore(t);
  const lanes = () => store.all<{ id: number }>('SELECT id FROM lanes ORDER BY id').map(({ id }) => id);
  const rows = new LedgerRows(store);
  await rows.addAll([{}, {}]);
  const used = lanes();
  await store.write([
    statement(
      "INSERT INTO lanes VALUES (70, 'a.REQReport.EventACK', 'e70', 5, 9), (71, 'b.REQReport.EventACK', 'e71', 5, NULL)",
    ),
    statement("INSERT INTO lanes VALUES (72, 'c.REQReport.EventACK', 'e72', 5, NULL)"),
    statement(
      "INSERT INTO outbox (key, id, queued_at, ack_timeout, format, body) VALUES (?, 'w', 1, 1, 0, x'')",
      72 * 2 ** 32 + 1,
    ),
  ]);
  let forgotten = 0;
  await pruneLanes(store, { forget: async () => void forgotten++ });
  assert.equal(forgotten, 1);
  assert.deepEqual(lanes(), [...used, 72]);
});
