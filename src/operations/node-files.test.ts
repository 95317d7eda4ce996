import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { nodeFileOperations } from './node-files.ts';

async function filesIn(t: TestContext, names: readonly string[]) {
  const { path } = await tempFolder(t);
  const dataFolder = join(path, 'data');
  for (const name of names) {
    await mkdir(dirname(join(dataFolder, name)), { recursive: true });
    await writeFile(join(dataFolder, name), `in ${name}`);
  }
  const known = ['ship1', 'ship2'];
  const presence = { lastSeenAt: (name: string) => (known.includes(name) ? 1 : null) };
  return { dataFolder, ...nodeFileOperations(dataFolder, { presence }) };
}

test('the files of a node are those in folders of its name, page by page', async (t) => {
  const { nodeFiles } = await filesIn(t, [
    'ship1/a',
    'logs/ship1/b',
    'logs/old/ship1/c',
    'logs/ship2/d',
    'logs/ship2/ship1/e',
    'logs/f',
    'logs/ship1/.half',
    '.hidden/ship1/g',
  ]);
  const pathsOf = async (cursor?: string) => {
    const { items, ...page } = await nodeFiles('ship1', { limit: 2, ...(cursor && { cursor }) });
    return [items.map(({ path }) => path), page];
  };
  const first = { next: 'logs/ship1/b', total: 3, isCut: false };
  assert.deepEqual(await pathsOf(), [['logs/old/ship1/c', 'logs/ship1/b'], first]);
  assert.deepEqual(await pathsOf('logs/ship1/b'), [['ship1/a'], { ...first, next: null }]);
  const { items } = await nodeFiles('ship1', {});
  assert.deepEqual(items[2]!.bytes, 'in ship1/a'.length);
  assert.ok(Math.abs(items[2]!.changedAt - Date.now()) < 60_000);
});

test('without a data folder there are none', async (t) => {
  const { nodeFiles } = await filesIn(t, []);
  assert.deepEqual(await nodeFiles('ship1', {}), { items: [], next: null, total: 0, isCut: false });
});

test('a part of a file is given, to its end', async (t) => {
  const { nodeFile } = await filesIn(t, ['logs/ship1/b']);
  const textOf = async (from: number, bytes: number) =>
    String(Buffer.from(await nodeFile('ship1', { path: 'logs/ship1/b', from, bytes })));
  assert.deepEqual(
    [await textOf(0, 4), await textOf(4, 100), await textOf(400, 4)],
    ['in l', 'ogs/ship1/b', ''],
  );
});

test('nothing leads out of the data folder, to other nodes or to what is hidden', async (t) => {
  const { dataFolder, nodeFile, nodeFiles } = await filesIn(t, [
    'logs/ship1/b',
    'logs/ship2/d',
    'ship1/.half',
  ]);
  await writeFile(join(dataFolder, '../secret'), 'secret');
  await mkdir(join(dataFolder, '../outside/ship1'), { recursive: true });
  await writeFile(join(dataFolder, '../outside/ship1/x'), 'secret');
  await symlink('../../../secret', join(dataFolder, 'logs/ship1/link'));
  await symlink('../outside', join(dataFolder, 'out'));
  const { items } = await nodeFiles('ship1', {});
  assert.deepEqual(
    items.map(({ path }) => path),
    ['logs/ship1/b'],
  );
  for (const path of [
    '../secret',
    '../outside/ship1/x',
    'logs/ship2/d',
    'ship1/.half',
    '/etc/passwd',
    'logs//b',
  ])
    await assert.rejects(nodeFile('ship1', { path }), /path is .*: it must be that of a file/, path);
  for (const path of ['logs/ship1/link', 'out/ship1/x', 'logs/ship1/none'])
    await assert.rejects(nodeFile('ship1', { path }), /there is no file/, path);
  await assert.rejects(nodeFile('ship1', {}), /path is missing/);
  for (const name of ['..', '.', 'a/b', '', 'a\0'])
    await assert.rejects(nodeFiles(name, {}), /is not the name of a node/, name);
});
