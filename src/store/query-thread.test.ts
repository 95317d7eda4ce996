import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { tempStore } from '../../test/support/temp-store.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { QueryThread } from './query-thread.ts';
import { statement } from './store.ts';

test('a query sees what was committed before it', async (t) => {
  const store = await tempStore(t);
  await store.write([statement("INSERT INTO meta VALUES ('a', 'b')")]);
  const rows = await store.query<{ value: string }>('SELECT value FROM meta WHERE key = ?', 'a');
  assert.deepEqual(
    rows.map(({ value }) => value),
    ['b'],
  );
});

/** What makes a database one whose queries may take long, bytes. */
const LARGE = 5 * 1024 * 1024;

async function largeStore(t: TestContext) {
  const store = await tempStore(t);
  await store.write([statement('INSERT INTO meta VALUES (?, ?)', 'large', 'x'.repeat(LARGE))]);
  return store;
}

test('the node goes on with its work during a query that takes long', async (t) => {
  const store = await largeStore(t);
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const count = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) SELECT count(*) AS n FROM n`;
  assert.equal((await store.query<{ n: number }>(count))[0]?.n, 1_000_000);
  clearInterval(timer);
  assert.ok(turns > 2, `${turns} turns of the event loop`);
});

for (const [name, open] of [
  ['small', tempStore],
  ['large', largeStore],
] as const)
  test(`queries that belong together see one moment of a ${name} database`, async (t) => {
    const store = await open(t);
    const sql = 'SELECT count(*) AS n FROM meta';
    const asked = Array.from({ length: 20 }, () =>
      store.queryAll([
        { sql, params: [] },
        { sql, params: [] },
      ]),
    );
    for (let i = 0; i < 20; i++)
      await store.write([statement('INSERT INTO meta VALUES (?, ?)', `k${i}`, '')]);
    for (const [first, second] of await Promise.all(asked)) assert.deepEqual(first, second);
  });

test('a query that makes no sense is refused, and the next one is answered', async (t) => {
  const store = await tempStore(t);
  await assert.rejects(store.query('SELECT a FROM nowhere'), /no such table: nowhere/);
  assert.equal((await store.query<{ one: number }>('SELECT 1 AS one'))[0]?.one, 1);
});

test('a query cannot write', async (t) => {
  const store = await tempStore(t);
  await assert.rejects(store.query("INSERT INTO meta VALUES ('a', 'b')"), /readonly/);
});

test('the thread ends when it is not needed, and is there again for the next query', async (t) => {
  const store = await tempStore(t);
  await using thread = new QueryThread({ path: store.path, idleMs: 1 });
  const one = { sql: 'SELECT 1 AS one', params: [] };
  assert.equal(thread.isRunning, false);
  await thread.ask([one]);
  await waitFor('the thread to end', () => !thread.isRunning);
  assert.equal((await thread.ask([one])).length, 1);
});

test('closing answers what was asked before, and refuses what comes after', async (t) => {
  const store = await tempStore(t);
  const asked = store.query<{ one: number }>('SELECT 1 AS one');
  const closed = store[Symbol.asyncDispose]();
  assert.equal((await asked)[0]?.one, 1);
  await closed;
  await assert.rejects(store.query('SELECT 1'), /is closed/);
});
