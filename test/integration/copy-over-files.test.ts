import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { link, mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { assertSame, copy, copyRequest, copyScenes, makeFile, unmountAfter } from '../support/copying.ts';
import { disposeAfter } from '../support/dispose-after.ts';
import { ACL, attributeOf, setAttribute } from '../support/file-attributes.ts';
import type { StewardNode } from '../support/node.ts';
import { canMount } from '../support/small-disk.ts';

const CAPABILITY = 'security.capability';
const SIZES = [1000, 1_000_000];
const isRoot = process.getuid?.() === 0;

const setUp = copyScenes();

/** What the target says of a copy, as it is replied; of the first that was asked for so. */
function confirmation(asker: StewardNode, target: string): Promise<string> {
  return asker.waitForFile(join(dirname(target).slice(1), 'ship1/target'), (text) => text.includes('\n'));
}

test('a file that is replaced keeps its access list and attributes, but no capabilities, and its other names are named', {
  skip: !isRoot && 'only root may give capabilities',
}, async (t) => {
  const { central, ship1, source, target } = await setUp(t);
  const attributes = [
    ['user.note', '6869'],
    [CAPABILITY, '0100000200200000000000000000000000000000'],
    [ACL.name, ACL.hex],
  ] as const;
  const dress = async (path: string) => {
    await mkdir(join(path, '..'), { recursive: true });
    await rm(path, { force: true });
    await writeFile(path, 'old');
    const isSet = attributes.every(([name, hex]) => setAttribute(path, name, hex));
    // As if the file had been there for longer.
    await utimes(path, 1, 1);
    return isSet;
  };
  const assertKept = (path: string) => {
    for (const [name, hex] of attributes)
      assert.equal(attributeOf(path, name), name === CAPABILITY ? '' : hex, name);
  };
  if (!(await dress(target))) return t.skip('the file system has no attributes');
  for (const bytes of SIZES) {
    await dress(target);
    await link(target, `${target}-${bytes}`);
    await makeFile(source, bytes);
    const request = { ...copyRequest(source, target), replyMethod: 'REQToFileAppend' };
    assert.equal((await copy(central, request)).state, 'succeeded');
    await assertSame(target, source);
    assertKept(target);
    const said = await confirmation(central, target);
    assert.match(said, /info: its other names \(hard links\) keep the old content/);
  }
  const file = join(ship1.dataFolder, 'd/ship1/dressed');
  await dress(file);
  const toFile = { toNode: 'ship1', method: 'REQToFile', directory: 'd', fileName: 'dressed' };
  for (const text of ['new', 'newer']) {
    assert.equal((await copy(central, { ...toFile, data: [text] })).state, 'succeeded');
    assert.equal(await readFile(file, 'utf8'), text);
    assertKept(file);
  }
  // Scripts take no second between the two.
  const fresh = (name: string, text: string) => copy(central, { ...toFile, fileName: name, data: [text] });
  await fresh('left', 'one');
  const [left, made] = ['left', 'made'].map((name) => join(ship1.dataFolder, 'd/ship1', name));
  setAttribute(left!, 'user.note', '6869');
  await writeFile(made!, 'old', { mode: 0o644 });
  setAttribute(made!, ACL.name, ACL.hex);
  for (const text of ['two', 'three']) {
    await fresh('left', text);
    await fresh('made', text);
    assert.equal(await readFile(left!, 'utf8'), text);
    assert.equal(attributeOf(left!, 'user.note'), '6869');
    assert.equal(attributeOf(made!, ACL.name), ACL.hex);
  }
});

test('a file that may be written in a folder that takes no new one is written over', {
  skip: !(await canMount()) && 'it takes the right to mount',
}, async (t) => {
  const { central, at, source, target } = await setUp(t);
  await writeFile(target, 'old');
  await writeFile(join(at, 'real'), 'old');
  execFileSync('mount', ['--bind', at, at]);
  unmountAfter(t, at);
  execFileSync('mount', ['--bind', join(at, 'real'), target]);
  unmountAfter(t, target);
  execFileSync('mount', ['-o', 'remount,bind,ro', at]);
  for (const bytes of SIZES) {
    await makeFile(source, bytes);
    assert.equal((await copy(central, copyRequest(source, target))).state, 'succeeded');
    await assertSame(target, source);
    const other = await copy(central, copyRequest(source, `${target}-new`));
    assert.match(String(other.reason), /read-only|EROFS/);
  }
});

test('a folder that is append-only takes a file over, and says what stays there', async (t) => {
  const { central, at, source, target } = await setUp(t);
  await writeFile(target, 'old');
  const change = (flag: string) => execFileSync('chattr', [flag, at], { stdio: 'ignore' });
  try {
    change('+a');
  } catch {
    return t.skip('no folder here can be append-only');
  }
  disposeAfter(t, { [Symbol.asyncDispose]: async () => void change('-a') });
  for (const bytes of SIZES) {
    await makeFile(source, bytes);
    const request = { ...copyRequest(source, target), replyMethod: 'REQToFileAppend' };
    assert.equal((await copy(central, request)).state, 'succeeded');
    await assertSame(target, source);
    const said = await confirmation(central, target);
    assert.match(said, /info: .*\.copy, where it grew, can't be removed/);
    assert.equal((await copy(central, copyRequest(source, `${target}-new`))).state, 'failed');
  }
  for (const name of await readdir(at))
    if (name !== 'target') assert.equal((await stat(join(at, name))).size, 0, name);
});
