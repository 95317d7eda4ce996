import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { randomTest } from '../../test/support/random-test.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { openStore } from './open-store.ts';
import { statement } from './store.ts';

test('a log of writes that fits, and is not the one of the database next to it, is refused with the way out', async (t) => {
  const { path: folder } = await tempFolder(t);
  const path = join(folder, 'steward.db');
  const keep = (name: string) => {
    for (const end of ['', '-wal']) copyFileSync(`${path}${end}`, join(folder, `${name}${end}`));
  };
  const put = (database: string, log: string) => {
    const other = join(folder, `${database} with ${log}`);
    mkdirSync(other);
    copyFileSync(join(folder, database), join(other, 'steward.db'));
    copyFileSync(join(folder, `${log}-wal`), join(other, 'steward.db-wal'));
    return other;
  };
  const store = await openStore({ folder });
  // Ends of requests, which change no page but the one of their row.
  await store.write([statement("INSERT INTO cancellations VALUES ('a', 1), ('b', 1), ('c', 1)")]);
  for (const at of [2, 3, 4]) {
    using other = new DatabaseSync(path);
    other.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    for (const id of ['a', 'b', 'c'])
      await store.write([statement('UPDATE cancellations SET at = ? WHERE id = ?', at, id)]);
    keep(`state ${at}`);
  }
  await store[Symbol.asyncDispose]();
  for (const [database, log] of [
    ['state 2', 'state 4'],
    ['state 4', 'state 2'],
  ] as const) {
    const other = put(database, log);
    const text =
      /steward\.db-wal is not the log of the database .*: one of them was restored .*: move .*-wal and .*-shm away/;
    await assert.rejects(openStore({ folder: other }), {
      name: 'StoreError',
      code: 'corrupt',
      message: text,
    });
    for (const end of ['-wal', '-shm']) rmSync(join(other, `steward.db${end}`), { force: true });
    await (await openStore({ folder: other }))[Symbol.asyncDispose]();
  }
  // What a crash leaves, also in the middle of moving the log into the database.
  for (const [database, log] of [
    ['state 3', 'state 3'],
    ['state 4', 'state 3'],
  ] as const)
    await (await openStore({ folder: put(database, log) }))[Symbol.asyncDispose]();
});

/** A database in the middle of a checkpoint: some of its pages are as before. */
function halfMoved(before: Buffer, after: Buffer, random: () => number): Buffer {
  for (let page = 0; page < before.length; page += 4096) {
    if (random() < 0.5) before.copy(after, page, page, page + 4096);
  }
  return after;
}

randomTest(
  'a crash leaves no log that is refused, whenever it was moved into the database',
  async (t, { random, share }) => {
    const { path: folder } = await tempFolder(t);
    const path = join(folder, 'steward.db');
    let store = await openStore({ folder });
    using other = new DatabaseSync(path);
    using reader = new DatabaseSync(path);
    let isReading = false;
    const crash = async (database: Uint8Array, log: Uint8Array, rows: number) => {
      const at = join(folder, 'crash');
      mkdirSync(at);
      writeFileSync(join(at, 'steward.db'), database);
      writeFileSync(join(at, 'steward.db-wal'), log);
      const after = await openStore({ folder: at });
      assert.equal(after.get<{ n: number }>('SELECT count(*) AS n FROM cancellations')?.n, rows);
      await after[Symbol.asyncDispose]();
      rmSync(at, { recursive: true });
    };
    for (let at = 0; at < share(30); at += 1) {
      const action = Math.floor(random() * 8);
      if (action < 3) {
        const [before, log] = [readFileSync(path), readFileSync(`${path}-wal`)];
        other.exec(`PRAGMA wal_checkpoint(${['PASSIVE', 'RESTART', 'TRUNCATE'][action]})`);
        const database = halfMoved(before, readFileSync(path), random);
        await crash(database, log, at);
      }
      if (action === 3) {
        // A reader keeps the log from beginning anew, and the newest of it from being moved.
        reader.exec(isReading ? 'COMMIT' : 'BEGIN; SELECT * FROM cancellations');
        isReading = !isReading;
      }
      if (action === 4) {
        await store[Symbol.asyncDispose]();
        store = await openStore({ folder });
      }
      await store.write([statement('INSERT INTO cancellations VALUES (?, 1)', `${at}`)]);
      await crash(readFileSync(path), readFileSync(`${path}-wal`), at + 1);
    }
    await store[Symbol.asyncDispose]();
  },
  { pinnedShare: 0.5 },
);
