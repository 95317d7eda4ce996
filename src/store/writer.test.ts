import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { knownFiles } from './same-file.ts';
import { packTransaction, statement } from './statement.ts';
import { Writer } from './writer.ts';

const BUSY_MS = 100;

for (const isShortOfRoom of [false, true])
  test(`a writer ${isShortOfRoom ? 'keeps the log short' : 'lets the log grow'} where the disk ${isShortOfRoom ? 'has' : 'has not'} been full before`, async (t) => {
    const path = join((await tempFolder(t)).path, 'a.db');
    const db = new DatabaseSync(path);
    t.after(() => db.close());
    db.exec('PRAGMA journal_mode = WAL; CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT)');
    using writer = new Writer(path, { files: knownFiles(path), busyMs: BUSY_MS, isShortOfRoom });
    const text = 'x'.repeat(100_000);
    for (let id = 1; id <= 40; id++)
      writer.commit([packTransaction(id, [statement('INSERT INTO rows VALUES (?, ?)', id, text)])]);
    const logBytes = statSync(`${path}-wal`).size;
    assert.equal(logBytes < 2_000_000, isShortOfRoom, `${logBytes} bytes`);
  });
