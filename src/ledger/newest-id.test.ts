import assert from 'node:assert/strict';
import { copyFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { systemClock } from '../lib/clock.ts';
import { createNewId, timeOfId } from '../lib/new-id.ts';
import { systemRandom } from '../lib/random.ts';
import { systemFiles } from '../lib/system-files.ts';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/store.ts';
import { Ledger } from './ledger.ts';
import { mayHaveSentMore, NewestIdNote, newestId } from './newest-id.ts';

const newId = createNewId({ clock: systemClock, random: systemRandom });

test('a backup that was written over the database in its place is known for an older one', async (t) => {
  const { folder, note } = await setUp(t);
  await lifeOf(folder, note, (store) => queue(store, newId()));
  await copyFile(join(folder, 'steward.db'), join(folder, 'backup'));
  assert.equal(await lifeOf(folder, note, (store) => queue(store, newId())), false);
  await copyFile(join(folder, 'backup'), join(folder, 'steward.db'));
  assert.equal(await lifeOf(folder, note, () => Promise.resolve()), true);
  // Until something newer is sent, nothing says that all is known.
  assert.equal(await lifeOf(folder, note, (store) => queue(store, newId())), true);
  assert.equal(await lifeOf(folder, note, () => Promise.resolve()), false);
});

test('a start warns of a database that was emptied, and not of one that is only old', async (t) => {
  const { folder, note } = await setUp(t);
  const warnings: string[] = [];
  const look = () => lifeOf(folder, note, () => Promise.resolve(), warnings);
  await lifeOf(folder, note, (store) => queue(store, newId()));
  await look();
  assert.deepEqual(warnings, []);
  await truncate(join(folder, 'steward.db'));
  assert.equal(await look(), true);
  assert.match(warnings.join(), /does not know what this node asked for last \(it was emptied/);
  await writeFile(note, '01a00000-0000-7000-8000-000000000000');
  await look();
  assert.equal(warnings.length, 1);
});

test('a note that is no id, or not there, means nothing', async (t) => {
  const { folder, note } = await setUp(t);
  await writeFile(note, '\0\0\0\0');
  assert.equal(await lifeOf(folder, note, (store) => queue(store, newId())), false);
  await writeFile(note, 'zzzz');
  assert.equal(await lifeOf(folder, note, () => Promise.resolve()), false);
});

async function setUp(t: TestContext) {
  const { path: folder } = await tempFolder(t);
  return { folder, note: join(folder, 'newest-id') };
}

/** One life of a node; answers whether it may have sent more than its database knows. */
async function lifeOf(
  folder: string,
  path: string,
  work: (store: Store) => Promise<void>,
  warnings: string[] = [],
): Promise<boolean> {
  await using store = await openStore({ folder });
  const logger = { warn: (text: string) => void warnings.push(text) };
  using note = new NewestIdNote(path, { store, clock: systemClock, files: systemFiles, logger });
  const wallNow = timeOfId(newestId(store) ?? '') + 1000;
  const isDoubtful = mayHaveSentMore(store, { wallNow, noted: note.before });
  await work(store);
  return isDoubtful;
}

function queue(store: Store, id: string): Promise<void> {
  const ledger = new Ledger({ store, now: () => 0, logger: { warn: () => {} } });
  const key = store.get<{ n: number }>('SELECT count(*) AS n FROM ledger')!.n + 1;
  return store.write([ledger.queued([[key, id, null, 0, null]])]);
}
