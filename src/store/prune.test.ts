import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tempStore } from '../../test/support/temp-store.ts';
import { prune } from './prune.ts';
import type { Store } from './store.ts';

/** Rows of `meta`, numbered; those for which `isFixed` holds may not go. */
async function fill(
  store: Store,
  count: number,
  isFixed: (n: number) => boolean = () => false,
): Promise<void> {
  const rows = Array.from({ length: count }, (_, n) => [name(n), isFixed(n) ? 'fixed' : 'free']);
  await store.write([{ sql: 'INSERT INTO meta VALUES (?, ?)', rows }]);
}

const OPTIONS = { table: 'meta', order: 'key', removable: "value = 'free'" };

function name(n: number): string {
  return String(n).padStart(6, '0');
}

function left(store: Store): string[] {
  return store.all<{ key: string }>('SELECT key FROM meta ORDER BY key').map(({ key }) => key);
}

test('what is too old goes, in more slices than one', async (t) => {
  const store = await tempStore(t);
  await fill(store, 1700);
  assert.equal(await prune(store, { ...OPTIONS, before: name(1600), keepCount: 10_000 }), 1600);
  assert.deepEqual(left(store)[0], name(1600));
  assert.equal(left(store).length, 100);
});

test('what is not among the newest goes', async (t) => {
  const store = await tempStore(t);
  await fill(store, 1300);
  assert.equal(await prune(store, { ...OPTIONS, before: '', keepCount: 100 }), 1200);
  assert.deepEqual(left(store)[0], name(1200));
});

test('rows that may not go stay, and do not cost newer ones their place', async (t) => {
  const store = await tempStore(t);
  // The oldest 1,000 are all still open: the newest 200, of which half are, are kept whole.
  await fill(store, 1400, (n) => n < 1000 || n % 2 === 0);
  assert.equal(await prune(store, { ...OPTIONS, before: '', keepCount: 200 }), 100);
  assert.equal(left(store).filter((key) => key >= name(1200)).length, 200);
  assert.equal(left(store).length, 1300);
});

test('nothing goes where all is young and there is room', async (t) => {
  const store = await tempStore(t);
  await fill(store, 20);
  assert.equal(await prune(store, { ...OPTIONS, before: '', keepCount: 20 }), 0);
  assert.equal(
    await prune(store, {
      ...OPTIONS,
      table: 'nodes',
      order: 'name',
      removable: '1',
      before: 'x',
      keepCount: 1,
    }),
    0,
  );
});
