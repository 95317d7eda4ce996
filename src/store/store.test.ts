import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Worker } from 'node:worker_threads';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { tempStore } from '../../test/support/temp-store.ts';
import { openStore } from './open-store.ts';
import { type Statement, statement } from './store.ts';

const INSERT = 'INSERT INTO meta (key, value) VALUES (?, ?)';

function insertRow(key: string): Statement[] {
  return [statement(INSERT, key, 'value')];
}

test('a read sees what was written as soon as the write resolves', async (t) => {
  const store = await tempStore(t);
  for (let count = 1; count <= 20; count++) {
    await store.write(insertRow(`key ${count}`));
    assert.equal(store.get<{ n: number }>('SELECT count(*) AS n FROM meta')?.n, count);
  }
});

test('a thousand transactions at once all commit, in the order of the calls', async (t) => {
  const store = await tempStore(t);
  const order: number[] = [];
  const keys = Array.from({ length: 1200 }, (_, index) => index);
  await Promise.all(
    keys.map((index) =>
      store.write(insertRow(String(index).padStart(5, '0'))).then(() => {
        order.push(index);
      }),
    ),
  );
  assert.deepEqual(order, keys);
  assert.equal(store.all('SELECT key FROM meta').length, 1200);
});

test('a faulty transaction is refused alone, and nothing of it happens', async (t) => {
  const store = await tempStore(t);
  const faulty: Statement[] = [...insertRow('part of the faulty one'), ...insertRow('b')];
  const results = await Promise.allSettled([
    store.write(insertRow('a')),
    store.write(insertRow('b')),
    store.write(faulty),
    store.write([statement('NO SQL AT ALL')]),
    store.write(insertRow('c')),
  ]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected', 'rejected', 'fulfilled'],
  );
  const { reason } = results[2] as PromiseRejectedResult;
  assert.equal(reason.name, 'StoreError');
  assert.match(reason.message, /UNIQUE constraint failed/);
  const keys = store.all<{ key: string }>('SELECT key FROM meta ORDER BY key').map(({ key }) => key);
  assert.deepEqual(keys, ['a', 'b', 'c']);
});

test('blobs arrive as they were: empty ones, large ones, and slices of larger buffers', async (t) => {
  const store = await tempStore(t);
  const large = randomBytes(3 * 1024 * 1024);
  const blobs = [
    new Uint8Array(0),
    Buffer.from('text'),
    large,
    large.subarray(100, 228),
    new Uint8Array(0),
    large.subarray(5, 6),
  ];
  const sql =
    'INSERT INTO outbox (key, id, queued_at, budget_at, ack_timeout, format, body) VALUES (?, ?, 1, ?, 2, 3, ?)';
  const rows = blobs.map((blob, index) => [index + 1, `id ${index}`, index % 2 ? null : index, blob]);
  await store.write([{ sql, rows }, statement(sql, 100, 'alone', null, large.subarray(7, 9))]);
  const found = store.all<{ body: Uint8Array; budget_at: number | null }>(
    'SELECT * FROM outbox ORDER BY key',
  );
  const wanted = [...blobs, large.subarray(7, 9)];
  assert.equal(found.length, wanted.length);
  found.forEach(({ body }, index) => {
    assert.ok(Buffer.from(body).equals(wanted[index]!), `blob ${index}`);
  });
  assert.deepEqual(
    found.slice(0, 4).map(({ budget_at }) => budget_at),
    [0, null, 2, null],
  );
  assert.equal(large.length, 3 * 1024 * 1024, 'what was handed over can still be used');
});

test('statements without rows are left out, and one without parameters is executed once', async (t) => {
  const store = await tempStore(t);
  await store.write([{ sql: INSERT, rows: [] }, statement("INSERT INTO meta VALUES ('x', 'y')")]);
  await store.write([]);
  assert.equal(store.all('SELECT * FROM meta').length, 1);
});

test('closing commits what was written before, and refuses what comes after', async (t) => {
  const { path: folder } = await tempFolder(t);
  const store = await openStore({ folder });
  const writes = Array.from({ length: 700 }, (_, index) => store.write(insertRow(`key ${index}`)));
  const closed = store[Symbol.asyncDispose]();
  await assert.rejects(store.write(insertRow('late')), /is closed/);
  await closed;
  await store[Symbol.asyncDispose]();
  await Promise.all(writes);
  assert.throws(() => store.all('SELECT 1'), { name: 'StoreError' });
  await using again = await openStore({ folder });
  assert.equal(again.all('SELECT * FROM meta').length, 700);
});

test('a database that is deleted under the program is noticed, refused, and written again once it is back', async (t) => {
  const store = await tempStore(t);
  await store.write(insertRow('before'));
  for (const file of [store.path, `${store.path}-wal`]) {
    renameSync(file, `${file}.away`);
    await assert.rejects(store.write(insertRow('lost')), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'replaced');
      assert.match(error.message, new RegExp(`as ${file} was deleted while the node runs: put it back`));
      return true;
    });
    writeFileSync(file, '');
    await assert.rejects(store.write(insertRow('lost')), /was replaced while the node runs/);
    renameSync(`${file}.away`, file);
    await store.write(insertRow(file));
  }
  assert.match((await store.replaced)?.message ?? '', /was deleted while the node runs/);
  assert.equal(store.all('SELECT * FROM meta').length, 3);
});

test('a query that cannot work throws a StoreError that names the file', async (t) => {
  const store = await tempStore(t);
  assert.throws(() => store.get('SELECT * FROM missing'), { name: 'StoreError', code: 'failed' });
  assert.throws(() => store.all('SELECT * FROM missing'), /steward\.db failed: no such table: missing/);
});

test('when the writer thread ends by itself, writes fail, the node is told, and closing still works', async (t) => {
  const ready = Promise.withResolvers<Worker>();
  process.once('worker', (worker: Worker) => worker.once('message', () => ready.resolve(worker)));
  const store = await tempStore(t);
  // It is there once there is much to write.
  let thread: Worker | undefined;
  void ready.promise.then((worker) => {
    thread = worker;
  });
  for (let row = 0; !thread; row++) await store.write(insertRow(`row ${row}`));
  await store.write(insertRow('by the thread'));
  await Promise.all([
    (thread as Worker).terminate(),
    assert.rejects(store.write(insertRow('a')), { name: 'StoreError' }),
  ]);
  await assert.rejects(store.failed, /the writer of .*steward\.db ended with code 1/);
  await assert.rejects(store.write(insertRow('later')), /ended with code 1/);
  await store[Symbol.asyncDispose]();
});

test('what waits for a write commits with it, once, unless it was called off', async (t) => {
  const store = await tempStore(t);
  await store.write(insertRow('before'));
  const commits = commitsIn(store.path);
  const written: Promise<void>[] = [];
  store.withNext!(() => written.push(store.write(insertRow('with it'))));
  store.withNext!(() => written.push(store.write(insertRow('never'))))();
  await store.write(insertRow('it'));
  await Promise.all(written);
  assert.equal(commitsIn(store.path), commits + 1);
  await store.write(insertRow('after'));
  const keys = store.all<{ key: string }>('SELECT key FROM meta').map(({ key }) => key);
  assert.deepEqual(new Set(keys), new Set(['before', 'it', 'with it', 'after']));
});

/** The frames of the write-ahead log that end a transaction say how large the database is after it. */
function commitsIn(path: string): number {
  const log = readFileSync(`${path}-wal`);
  const frameBytes = 24 + log.readUInt32BE(8);
  let commits = 0;
  for (let at = 32; at + frameBytes <= log.length; at += frameBytes)
    if (log.readUInt32BE(at + 4) !== 0) commits++;
  return commits;
}
