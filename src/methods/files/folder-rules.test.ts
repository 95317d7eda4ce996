import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { systemClock } from '../../lib/clock.ts';
import { KeyedLock } from '../../lib/keyed-lock.ts';
import { newMessage } from '../../message/message.ts';
import type { Intend } from '../../message/method-contract.ts';
import { AppendFiles } from './append-files.ts';
import { createWriteFile } from './replace-file.ts';

const ORIGINAL = { fileMode: 0o755, folderMode: 0o755, followsLinks: false };
const intend: Intend = Object.assign(async () => {}, { withdraw: async () => {}, forget: () => {} });

async function setUp(t: TestContext, rules?: typeof ORIGINAL) {
  const { path } = await tempFolder(t);
  const dataFolder = join(path, 'data');
  await mkdir(dataFolder);
  const lock = new KeyedLock();
  const write = createWriteFile({ dataFolder, ...(rules && { rules }) }, { lock });
  const mode = async (name: string) => ((await stat(join(dataFolder, name))).mode & 0o7777).toString(8);
  return { path, dataFolder, write, mode, lock };
}

const data = [Buffer.from('x')];

test('new files and folders get the modes of the original, less the umask, or are private', async (t) => {
  const old = process.umask(0o027);
  try {
    const { dataFolder, write, mode, lock } = await setUp(t, ORIGINAL);
    assert.deepEqual(await write({ path: 'a/b', data }), { ok: true });
    assert.deepEqual([await mode('a'), await mode('a/b')], ['750', '750']);
    await using files = new AppendFiles({ dataFolder, rules: ORIGINAL }, { lock, clock: systemClock });
    const message = newMessage({ toNode: 'n', method: 'REQToFileAppend', fileName: 'f', data });
    await files.append([{ id: '1', message }], intend);
    assert.deepEqual([await mode('n'), await mode('n/f')], ['750', '750']);
    const plain = await setUp(t);
    await plain.write({ path: 'a/b', data });
    assert.deepEqual([await plain.mode('a'), await plain.mode('a/b')], ['700', '600']);
  } finally {
    process.umask(old);
  }
});

test('a file that is there keeps its mode, but no set-id bit', async (t) => {
  const { dataFolder, write, mode } = await setUp(t, ORIGINAL);
  await writeFile(join(dataFolder, 'f'), 'old');
  await chmod(join(dataFolder, 'f'), 0o4640);
  await write({ path: 'f', data });
  assert.equal(await mode('f'), '640');
});

test('links that lead out of the data folder are followed where that is asked for', async (t) => {
  const { path, dataFolder, write } = await setUp(t);
  await mkdir(join(path, 'elsewhere'));
  await writeFile(join(path, 'elsewhere/target'), 'old');
  await symlink(join(path, 'elsewhere'), join(dataFolder, 'out'));
  await symlink(join(path, 'elsewhere/target'), join(dataFolder, 'file'));
  assert.equal((await write({ path: 'out/f', data })).ok, false);
  const rules = { ...ORIGINAL, followsLinks: true };
  const following = createWriteFile({ dataFolder, rules }, { lock: new KeyedLock() });
  assert.deepEqual(await following({ path: 'out/f', data }), { ok: true });
  assert.deepEqual(await following({ path: 'file', data }), { ok: true });
  assert.equal(await readFile(join(path, 'elsewhere/f'), 'utf8'), 'x');
  assert.equal(await readFile(join(path, 'elsewhere/target'), 'utf8'), 'x');
});
