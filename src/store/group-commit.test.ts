import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { canMount, mountSmallDisk } from '../../test/support/small-disk.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { GroupCommit } from './group-commit.ts';
import type { Transaction } from './packed-transaction.ts';
import { statement } from './store.ts';

/** Groups on a database whose commits fail while `failures` is above 0, as where an fsync fails. */
async function start(t: TestContext) {
  const db = new DatabaseSync(join((await tempFolder(t)).path, 'a.db'));
  t.after(() => db.close());
  db.exec('PRAGMA journal_mode = WAL; CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT)');
  const fault = { failures: 0, errcode: 1034 };
  const failing = new Proxy(db, {
    get(target, name) {
      if (name !== 'exec') {
        const value = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      }
      return (sql: string) => {
        if (sql === 'COMMIT' && fault.failures-- > 0)
          throw Object.assign(new Error('disk I/O error'), { errcode: fault.errcode });
        target.exec(sql);
      };
    },
  });
  const groups = new GroupCommit(failing, {
    isShortOfRoom: false,
    run: (sql, params) => void db.prepare(sql).run(...params),
  });
  const rows = () =>
    db
      .prepare('SELECT key, value FROM meta ORDER BY key')
      .all()
      .map((row) => ({ ...row }));
  return { groups, fault, rows };
}

function insert(id: number): Transaction {
  return { id, statements: [statement('INSERT INTO meta VALUES (?, ?)', `key ${id}`, 'x')] };
}

test('the log of a database on a small disk leaves the room that it takes to be moved into the database', {
  skip: !(await canMount()) && 'it takes the right to mount',
}, async (t) => {
  const { path } = await mountSmallDisk(join((await tempFolder(t)).path, 'disk'), t);
  const db = new DatabaseSync(join(path, 'a.db'));
  t.after(() => db.close());
  db.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT)',
  );
  const groups = new GroupCommit(db, {
    isShortOfRoom: false,
    run: (sql, params) => void db.prepare(sql).run(...params),
  });
  const value = 'x'.repeat(30_000);
  for (let id = 1; id <= 600; id++) {
    const statements = [statement('INSERT OR REPLACE INTO meta VALUES (?, ?)', `key ${id % 20}`, value)];
    assert.deepEqual(groups.commit([{ id, statements }]), [{ ids: [id] }]);
  }
  assert.ok((await stat(join(path, 'a.db-wal'))).size < 3_000_000);
});

test('after a commit that failed something else is committed at once, so that its pages cannot come to life', async (t) => {
  const { groups, fault, rows } = await start(t);
  fault.failures = 1;
  const [answer] = groups.commit([insert(1)]);
  assert.deepEqual(answer, {
    ids: [1],
    error: { message: 'disk I/O error', errcode: 1034, isInDoubt: false },
  });
  assert.deepEqual(rows(), [{ key: 'voided', value: '1' }]);
});

test('while nothing can be committed what failed is in doubt, and no longer once something is', async (t) => {
  const { groups, fault, rows } = await start(t);
  fault.failures = 1000;
  const doubts = (answers: ReturnType<GroupCommit['commit']>) =>
    answers.map((answer) => ('error' in answer ? answer.error.isInDoubt : 'committed'));
  assert.deepEqual(doubts(groups.commit([insert(1), insert(2)])), [true, true]);
  fault.failures = 0;
  assert.deepEqual(doubts(groups.commit([insert(3)])), ['committed']);
  const faulty = { id: 4, statements: [statement('NO SQL')] };
  assert.deepEqual(doubts(groups.commit([faulty, insert(5)])), [false, 'committed']);
  assert.deepEqual(
    rows().map(({ key }) => key),
    ['key 3', 'key 5'],
  );
});

test('a group whose commit failed is tried again one by one, and what works then is no failure', async (t) => {
  const { groups, fault, rows } = await start(t);
  fault.failures = 1;
  assert.deepEqual(groups.commit([insert(1), insert(2)]), [{ ids: [1] }, { ids: [2] }]);
  assert.equal(rows().length, 3);
});

test('a commit that a full disk refuses has not happened, without doubt', async (t) => {
  const { groups, fault, rows } = await start(t);
  fault.failures = 1000;
  fault.errcode = 13;
  const [answer] = groups.commit([insert(1)]);
  assert.deepEqual(answer, {
    ids: [1],
    error: { message: 'disk I/O error', errcode: 13, isInDoubt: false },
  });
  assert.deepEqual(rows(), []);
});
