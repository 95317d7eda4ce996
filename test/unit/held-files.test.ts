import assert from 'node:assert/strict';
import { linkSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openFollowed } from '../../src/lib/followed-file.ts';
import { openExposed } from '../../src/lib/open-exposed.ts';
import { openExisting, openForReading } from '../../src/lib/open-inside.ts';
import { readPlainFile } from '../../src/lib/plain-file.ts';
import { Basis } from '../../src/methods/copy/basis.ts';
import { CopySource } from '../../src/methods/copy/copy-source.ts';
import { openStore } from '../../src/store/open-store.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** How many locks this process holds on a file. */
function locksOn(path: string): number {
  const { ino } = statSync(path);
  return readFileSync('/proc/locks', 'utf8')
    .split('\n')
    .filter(
      (line) =>
        line.includes(`POSIX  ADVISORY`) && line.includes(`${process.pid} `) && line.includes(`:${ino} `),
    ).length;
}

test('nothing that opens files which others name opens those of the database of this process, as closing one would take its locks', async (t) => {
  const { path: folder } = await tempFolder(t);
  const files = ['steward.db', 'steward.db-shm', 'steward.lock'];
  {
    await using store = await openStore({ folder });
    store.get('SELECT 1 FROM meta');
    for (const name of files) linkSync(join(folder, name), join(folder, `other-${name}`));
    const locks = () => files.map((name) => [name, locksOn(join(folder, name))]);
    const before = locks();
    assert.ok(
      before.every(([, count]) => Number(count) > 0),
      JSON.stringify(before),
    );
    for (const name of files.flatMap((file) => [file, `other-${file}`])) {
      const path = join(folder, name);
      const refused = /file of this node's own database, .* copy what sqlite3/;
      await assert.rejects(CopySource.open(path, { folder, id: 'a' }), refused);
      await assert.rejects(
        openFollowed(path, () => {}),
        refused,
      );
      await assert.rejects(readPlainFile(path), refused);
      await assert.rejects(openForReading(path), refused);
      await assert.rejects(openExisting(path), refused);
      await assert.rejects(openExposed(folder, [name]), { name: 'NotExposedError' });
      assert.equal(await Basis.open([path]), undefined);
    }
    assert.deepEqual(locks(), before);
  }
  assert.ok((await readPlainFile(join(folder, 'steward.db'))).length > 0);
});
