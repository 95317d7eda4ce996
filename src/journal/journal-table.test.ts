import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tempStore } from '../../test/support/temp-store.ts';
import { statement } from '../store/store.ts';
import { shiftAccepted } from './journal-table.ts';

test('the dates of what was accepted and has not ended move with the clock, and those of an end stay', async (t) => {
  const store = await tempStore(t);
  await store.write(
    ['accepted', 'running', 'failed'].map((state, at) =>
      statement(
        `INSERT INTO journal (id, from_node, subject, state, accepted_at, started_at, reported, format) VALUES (?, 'a', 's', ?, 1000, ?, 1, 0)`,
        ...[String(at), state, at === 0 ? null : 2000],
      ),
    ),
  );
  await store.write([shiftAccepted(500)]);
  const rows = store.all<{ accepted: number; started: number | null }>(
    'SELECT accepted_at AS accepted, started_at AS started FROM journal ORDER BY row',
  );
  assert.deepEqual(
    rows.map(({ accepted, started }) => [accepted, started]),
    [
      [1500, null],
      [1500, 2500],
      [1000, 2000],
    ],
  );
});
