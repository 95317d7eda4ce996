import assert from 'node:assert/strict';
import { appendFile, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { crc32 } from 'node:zlib';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { OpenFiles } from '../../lib/open-files.ts';
import { recoverAppends } from './append-note.ts';

/** How a folder's files are opened. */
function below(folder: string) {
  return new OpenFiles({ folder });
}

test('complete appends are kept, also when others appended behind them', async (t) => {
  const { folder, path, note } = await setUp(t);
  await appendFile(path, 'NEW');
  assert.equal(await recoverAppends(below(folder), await note('NEW', 3)), true);
  await appendFile(path, 'later');
  assert.equal(await recoverAppends(below(folder), await note('NEW', 3)), true);
  assert.equal(await readFile(path, 'utf8'), 'oldNEWlater');
});

test('an append that was not begun, or only in part, or with zeros in it, is undone', async (t) => {
  for (const part of ['', 'N', 'NE\0', '\0\0\0']) {
    const { folder, path, note } = await setUp(t);
    await appendFile(path, part);
    assert.equal(await recoverAppends(below(folder), await note('NEW', 3)), false);
    assert.equal(await readFile(path, 'utf8'), 'old');
    assert.equal(await recoverAppends(below(folder), await note('NEW', 3)), false);
  }
});

test('all files of a note count together: a complete one is undone with an incomplete one', async (t) => {
  const a = await setUp(t);
  const b = await setUp(t, a.folder, 'b.log');
  await appendFile(a.path, 'NEW');
  const both = JSON.stringify([
    ...JSON.parse(await a.note('NEW', 3)),
    ...JSON.parse(await b.note('MORE', 3)),
  ]);
  assert.equal(await recoverAppends(below(a.folder), both), false);
  assert.equal(await readFile(a.path, 'utf8'), 'old');
  await appendFile(a.path, 'NEW');
  await appendFile(b.path, 'MORE');
  assert.equal(await recoverAppends(below(a.folder), both), true);
});

test('what others wrote behind an incomplete append is never cut off', async (t) => {
  const { folder, path, note } = await setUp(t);
  await appendFile(path, 'N??others');
  assert.equal(await recoverAppends(below(folder), await note('NEW', 3)), false);
  assert.equal(await readFile(path, 'utf8'), 'oldN??others');
});

test('a file that was removed, cut or replaced is left as it is', async (t) => {
  const { folder, path, note } = await setUp(t);
  await appendFile(path, 'NEW');
  const text = await note('NEW', 3);
  await truncate(path, 1);
  assert.equal(await recoverAppends(below(folder), text), false);
  assert.equal(await readFile(path, 'utf8'), 'o');
  await rename(path, `${path}.1`);
  assert.equal(await recoverAppends(below(folder), text), false);
  await writeFile(path, 'othe');
  assert.equal(await recoverAppends(below(folder), text), false);
  assert.equal(await readFile(path, 'utf8'), 'othe');
  await rm(path);
});

test('appends larger than one read are checked to their end', async (t) => {
  const { folder, path, note } = await setUp(t);
  const big = 'z'.repeat(2_500_000);
  await appendFile(path, big);
  assert.equal(await recoverAppends(below(folder), await note(big, 3)), true);
  assert.equal(await recoverAppends(below(folder), await note(`${big.slice(1)}!`, 3)), false);
});

async function setUp(t: TestContext, inFolder?: string, name = 'a.log') {
  const folder = inFolder ?? (await tempFolder(t)).path;
  const path = join(folder, name);
  await writeFile(path, 'old');
  const note = async (content: string, offset: number) => {
    const bytes = Buffer.from(content);
    const { ino } = await stat(path);
    return JSON.stringify([{ path: name, ino, offset, bytes: bytes.length, sum: crc32(bytes) }]);
  };
  return { folder, path, note };
}

test('what an fsync that failed left in memory is written once more before it counts as complete', async (t) => {
  const { folder, path, note } = await setUp(t);
  await appendFile(path, 'NEW');
  const files = below(folder);
  const calls: string[] = [];
  // As after a failure: the file reads whole, and only what is written from now on reaches the disk.
  const openExisting = async (name: string) => {
    const handle = await files.openExisting(name);
    return (
      handle &&
      new Proxy(handle, {
        get(target, key) {
          const value = Reflect.get(target, key);
          if (typeof value !== 'function') return value;
          return (...args: unknown[]) => {
            if (key === 'write')
              calls.push(
                `write ${String(args[0]).slice(Number(args[1]), Number(args[1]) + Number(args[2]))} at ${args[3]}`,
              );
            if (key === 'datasync') calls.push('datasync');
            return value.apply(target, args);
          };
        },
      })
    );
  };
  assert.equal(await recoverAppends({ openExisting }, await note('NEW', 3)), true);
  assert.deepEqual(calls, ['write NEW at 3', 'datasync']);
  assert.equal(await readFile(path, 'utf8'), 'oldNEW');
});
