import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tempStore } from '../../test/support/temp-store.ts';
import { PresenceHistory, usualOf } from './presence-history.ts';

const MINUTE = 60_000;

test('what turned is noted once, also over restarts, and forgotten after 30 days', async (t) => {
  const store = await tempStore(t);
  const note = async (history: PresenceHistory, seenAt: number, presence: 'here' | 'away' | 'unknown') => {
    const statements = history.note([{ name: 'ship1', seenAt, presence }]);
    if (statements.length > 0) await store.write(statements);
    return statements.length;
  };
  const first = new PresenceHistory(store);
  assert.equal(await note(first, 1, 'unknown'), 0);
  assert.equal(await note(first, 2, 'here'), 1);
  assert.equal(await note(first, 3, 'here'), 0);
  const second = new PresenceHistory(store);
  await note(second, 4, 'here');
  await note(second, 5, 'away');
  assert.deepEqual(second.of('ship1'), [
    { at: 2, presence: 'here' },
    { at: 6, presence: 'away' },
  ]);
  assert.deepEqual(second.of('ship2'), []);
  await store.write(second.prune(30 * 86_400_000 + 4));
  assert.deepEqual(second.of('ship1'), [{ at: 6, presence: 'away' }]);
  await store.write(second.prune(6 - 60_001));
  assert.deepEqual(second.of('ship1'), [], 'what a clock that was ahead had noted is gone');
});

test('an absence comes after the presence that it ends, though the node was heard of once alone', async (t) => {
  const store = await tempStore(t);
  const history = new PresenceHistory(store);
  for (const presence of ['here', 'away'] as const)
    await store.write(history.note([{ name: 'ship1', presence, seenAt: 100 }]));
  assert.deepEqual(history.of('ship1'), [
    { at: 100, presence: 'here' },
    { at: 101, presence: 'away' },
  ]);
});

test('what could not be written is noted the next time', () => {
  const history = new PresenceHistory({ all: () => [] });
  const note = () => history.note([{ name: 'ship1', presence: 'here', seenAt: 100 }]).length;
  assert.deepEqual([note(), note()], [1, 0]);
  history.unwritten();
  assert.equal(note(), 1);
});

test('a usual absence is three times the median of those that ended, where there are three', async (t) => {
  const store = await tempStore(t);
  const history = new PresenceHistory(store);
  let at = 0;
  const absence = async (minutes: number) => {
    for (const presence of ['away', 'here'] as const) {
      await store.write(history.note([{ name: 'ship1', seenAt: at, presence }]));
      at += (presence === 'away' ? minutes : 10) * MINUTE;
    }
  };
  await absence(1);
  await absence(50);
  assert.equal(history.usualAwayMs('ship1'), null);
  await absence(4);
  assert.equal(history.usualAwayMs('ship1'), 12 * MINUTE - 3);
  await store.write(history.note([{ name: 'ship1', seenAt: at, presence: 'away' }]));
  assert.equal(history.usualAwayMs('ship1'), 12 * MINUTE - 3);
  assert.equal(usualOf([]), null);
});

test('what is too old is found without reading all that is kept', async (t) => {
  const store = await tempStore(t);
  const plan = new PresenceHistory(store)
    .prune(1_800_000_000_000)
    .flatMap(({ sql, rows }) => store.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, ...rows[0]!));
  assert.equal(plan.length, 2);
  assert.deepEqual(
    plan.filter(({ detail }) => detail.startsWith('SCAN')),
    [],
  );
});

test('a week is told from its rows and the one before them', async (t) => {
  const store = await tempStore(t);
  const history = new PresenceHistory(store);
  const hour = 60 * MINUTE;
  const now = 400 * hour;
  for (const [at, presence] of [
    [10 * hour, 'here'],
    [now - 4 * hour, 'away'],
  ] as const)
    await store.write(history.note([{ name: 'ship1', presence, seenAt: at }]));
  assert.deepEqual(history.weeksOf(['ship2', 'ship1'], now), ['-'.repeat(84), `${'9'.repeat(82)}10`]);
});
