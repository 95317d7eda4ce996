import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { Committer } from './committer.ts';
import type { WriterAnswer } from './group-commit.ts';
import { statement } from './store.ts';

async function start(t: TestContext, more: { idleMs?: number } = {}) {
  const { path: folder } = await tempFolder(t);
  const path = join(folder, 'test.db');
  const db = new DatabaseSync(path);
  db.exec('PRAGMA journal_mode = WAL; CREATE TABLE rows (id INTEGER PRIMARY KEY)');
  const answers: WriterAnswer[] = [];
  const faults: unknown[] = [];
  const committer = new Committer({
    path,
    ...more,
    onAnswer: (answer) => void answers.push(answer),
    onFailed: (error) => void faults.push(error),
  });
  t.after(async () => {
    await committer[Symbol.asyncDispose]();
    db.close();
  });
  let id = 0;
  const commit = () => {
    id++;
    committer.commit([{ id, statements: [statement('INSERT INTO rows VALUES (?)', id)] }]);
  };
  const lock = () => {
    db.exec('BEGIN IMMEDIATE');
    return () => db.exec('COMMIT');
  };
  const count = () => Number(db.prepare('SELECT count(*) AS n FROM rows').get()?.n);
  /** Commits one after the other, as long as that goes. */
  const commitUntil = async (isEnough: () => boolean) => {
    while (!isEnough()) {
      commit();
      await nextTurn();
    }
  };
  return { db, path, committer, answers, faults, commit, commitUntil, count, lock, made: () => id };
}

test('a transaction is committed at once, without a thread', async (t) => {
  const { committer, answers, commit, count } = await start(t);
  commit();
  assert.deepEqual([answers, count(), committer.hasThread], [[{ ids: [1] }], 1, false]);
});

test('much to commit gets a thread, which ends when there is nothing to commit; all is answered in its order', async (t) => {
  const { committer, answers, faults, commitUntil, count, commit, made } = await start(t, { idleMs: 50 });
  await commitUntil(() => committer.hasThread);
  const byThread = made();
  await commitUntil(() => made() === byThread + 20);
  await waitFor('all answers', () => answers.flatMap(({ ids }) => ids).length === made());
  await waitFor('the thread to end', () => !committer.hasThread);
  commit();
  assert.deepEqual(
    answers.flatMap(({ ids }) => ids),
    Array.from({ length: made() }, (_, index) => index + 1),
  );
  assert.deepEqual([count(), faults], [made(), []]);
});

test('where another program has locked the database, the node goes on, and all is committed in its order', async (t) => {
  const { answers, commit, lock, count } = await start(t);
  commit();
  const unlock = lock();
  let turns = 0;
  for (; turns < 20; turns++) {
    commit();
    await nextTurn();
  }
  assert.deepEqual(answers, [{ ids: [1] }]);
  unlock();
  commit();
  await waitFor('all answers', () => answers.flatMap(({ ids }) => ids).length === 22);
  assert.equal(count(), 22);
  assert.deepEqual(
    answers.flatMap(({ ids }) => ids),
    Array.from({ length: 22 }, (_, index) => index + 1),
  );
});

test('closing commits what the thread was given', async (t) => {
  const { committer, commitUntil, commit, answers, count, made } = await start(t);
  await commitUntil(() => committer.hasThread);
  for (let more = 0; more < 50; more++) commit();
  await committer[Symbol.asyncDispose]();
  assert.equal(answers.flatMap(({ ids }) => ids).length, made());
  assert.equal(count(), made());
});

test('what a statement does wrong fails its transaction alone', async (t) => {
  const { committer, answers } = await start(t);
  const good = { id: 1, statements: [statement('INSERT INTO rows VALUES (?)', 1)] };
  const bad = { id: 2, statements: [statement('INSERT INTO nowhere VALUES (?)', 1)] };
  committer.commit([good, bad]);
  assert.deepEqual(
    answers.map((answer) => [answer.ids, 'error' in answer]),
    [
      [[1], false],
      [[2], true],
    ],
  );
});

test('no writer that ends takes the locks from the index of the log: another program would empty it', async (t) => {
  const { db, path, committer, commit, commitUntil, count, made } = await start(t, { idleMs: 50 });
  db.exec("CREATE TABLE log_origin (note TEXT); INSERT INTO log_origin VALUES ('')");
  const { ino } = statSync(`${path}-shm`);
  const isLocked = () =>
    readFileSync('/proc/locks', 'utf8')
      .split('\n')
      .some((line) => line.includes(` ${process.pid} `) && line.includes(`:${ino} `));
  commit();
  assert.ok(isLocked());
  await commitUntil(() => committer.hasThread);
  commit();
  await waitFor('the thread to commit', () => count() === made());
  assert.ok(isLocked(), 'as a thread took over');
  await waitFor('the thread to end', () => !committer.hasThread);
  assert.ok(isLocked(), 'as the thread ended');
});
