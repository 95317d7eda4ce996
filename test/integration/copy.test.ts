import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, stat, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { assertSame, copyRequest, growing, makeFile, stateOf } from '../support/copying.ts';
import { errorLog, ledgerRow, sharedFleet, submitAll, waitForEnd } from '../support/fleet.ts';
import type { StewardNode } from '../support/node.ts';
import { canMount, mountSmallDisk } from '../support/small-disk.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { waitFor } from '../support/wait-for.ts';

const MB = 1_000_000;

async function copy(node: StewardNode, request: object): Promise<Record<string, unknown>> {
  const [id] = await submitAll(node, request);
  return waitForEnd(node, id!, 60_000);
}

const fleet = sharedFleet();
let tests = 0;

/** The fleet, and places of this test's own. */
async function setUp(t: TestContext) {
  const { central, ship1 } = await fleet();
  const { path } = await tempFolder(t);
  tests += 1;
  const directory = `copy${tests}`;
  const [source, at] = [join(path, 'source'), join(path, 'in')];
  const log = `${directory}/central/copy.log`;
  const request = (from: string, to: string, more: Parameters<typeof copyRequest>[2] = {}) =>
    copyRequest(from, to, { directory, ...more });
  return { central, ship1, source, at, target: join(at, 'target'), log, request };
}

for (const bytes of [0, 1, 256 * 1024, 256 * 1024 + 1, 5 * MB]) {
  test(`fault 17: a file of ${bytes} bytes is copied with its mode, and both ends say so`, async (t) => {
    const { central, source, at, target, log, request } = await setUp(t);
    await makeFile(source, bytes, 0o751);
    const row = await copy(central, request(source, target));
    assert.equal(row.state, 'succeeded', String(row.reason));
    assert.match(String(row.reason), /copied to ship1$/);
    assert.equal(row.output_bytes, bytes);
    await assertSame(target, source);
    assert.equal((await stat(target)).mode & 0o7777, 0o751);
    assert.deepEqual(await readdir(at), ['target'], 'nothing is left beside it');
    assert.equal(
      await central.waitForFile(log),
      `info: succesfully read the file ${source}, and sent the content to ship1\n`,
    );
    const path = [...Buffer.from(target)].join(' ');
    assert.equal(
      await central.waitForFile(`${at.slice(1)}/ship1/target`),
      `info: succesfully created and wrote the file [${path}]\n`,
    );
  });
}

test('a copy goes from ship to ship, to the node itself, and to a path relative to the working folder', async (t) => {
  const { central, ship1, request } = await setUp(t);
  await makeFile(join(ship1.folder, 'a'), MB, 0o600);
  const back = await copy(central, request('a', 'deep/er/b', { from: 'ship1', to: 'central' }));
  assert.equal(back.state, 'succeeded', String(back.reason));
  await assertSame(join(central.folder, 'deep/er/b'), join(ship1.folder, 'a'));
  const own = await copy(central, request('deep/er/b', 'c', { to: 'central' }));
  assert.equal(own.state, 'succeeded', String(own.reason));
  await assertSame(join(central.folder, 'c'), join(ship1.folder, 'a'));
});

test('a file that is there is replaced in one step, also through a link', async (t) => {
  const { central, source, at, target, request } = await setUp(t);
  await makeFile(source, 3 * MB, 0o640);
  await mkdir(at);
  await writeFile(join(at, 'real'), 'old');
  await symlink('real', target);
  const row = await copy(central, request(source, target));
  assert.equal(row.state, 'succeeded', String(row.reason));
  await assertSame(join(at, 'real'), source);
  assert.deepEqual((await readdir(at)).toSorted(), ['real', 'target']);
});

test('fault 20: a source that is missing, a directory or a device is a result, and nobody crashes', async (t) => {
  const { central, ship1, target, log, request } = await setUp(t);
  for (const [source, reason] of [
    ['/no/such/file', /failed to open file: \/no\/such\/file: ENOENT: no such file or directory/],
    [central.folder, /is a directory/],
    ['/dev/zero', /is no regular file/],
  ] as const) {
    const row = await copy(central, request(source, target));
    assert.equal(row.state, 'failed');
    assert.match(String(row.reason), reason);
    await central.waitForFile(log, (text) => reason.test(text) && text.startsWith('error: '));
  }
  await waitFor('the error to be reported', async () =>
    /methodREQCopyFileFrom/.test(await errorLog(central)),
  );
  const bad = await central.submit([request('', target), { ...request('a', target), methodArgs: ['a'] }]);
  for (const { id } of bad.accepted as { id: string }[]) {
    assert.equal((await waitForEnd(central, id)).state, 'rejected');
  }
  assert.deepEqual([central.program.exit, ship1.program.exit], [undefined, undefined]);
});

for (const bytes of [1000, 2 * MB]) {
  test(`fault 7: what the target refuses of ${bytes} bytes is the sender's to know`, async (t) => {
    const { central, ship1, source, log, request } = await setUp(t);
    await makeFile(source, bytes);
    await mkdir(join(ship1.folder, 'folder/source'), { recursive: true });
    await writeFile(join(ship1.folder, 'file'), 'a file');
    for (const [target, reason] of [
      ['folder', /the target \S+\/folder\/source is a directory/],
      ['file/below', /file, where file\/below is to be, is no directory/],
      ['/proc/no/file', /can't be written: (ENOENT|EACCES)/],
      ['/dev/null', /is no regular file/],
    ] as const) {
      const row = await copy(central, request(source, target));
      assert.equal(row.state, 'failed', `${target}: ${row.state}`);
      assert.match(String(row.reason), reason);
      await central.waitForFile(log, (text) => reason.test(text));
    }
    assert.deepEqual(await readdir(join(ship1.folder, 'folder')), ['source']);
  });
}

const skip = (await canMount()) ? false : 'only root may mount a small disk';

test('a target without space says so, before and in the middle, and keeps nothing', { skip }, async (t) => {
  const { central, ship1, source, request } = await setUp(t);
  const disk = await mountSmallDisk(join(ship1.folder, 'disk'), t);
  const target = join(disk.path, 'target');
  await makeFile(source, 20 * MB);
  const before = await copy(central, request(source, target));
  assert.equal(before.state, 'failed');
  assert.match(String(before.reason), /there is no space for .*target, which has 20000000 bytes/);
  await makeFile(source, 7 * MB);
  const [id] = await submitAll(central, request(source, target));
  await waitFor('the copy to begin', () => growing(target), { intervalMs: 1 });
  central.pause();
  await disk.fill();
  central.resume();
  const row = await waitForEnd(central, id!, 30_000);
  assert.equal(row.state, 'failed', String(row.reason));
  assert.match(String(row.reason), /there is no space for .*target/);
  await waitFor('what came to be removed', async () => (await growing(target)) === undefined);
  assert.deepEqual(await readdir(disk.path), ['filler']);
});

test('a source that changes while it is read ends the copy, and the target is left alone', async (t) => {
  const { central, source, at, target, request } = await setUp(t);
  await makeFile(source, 80 * MB);
  await mkdir(at);
  await writeFile(target, 'old');
  const [id] = await submitAll(central, request(source, target));
  await waitFor('the copy to have begun', async () => ((await growing(target))?.size ?? 0) > MB, {
    intervalMs: 2,
  });
  await utimes(source, 1, 1);
  const row = await waitForEnd(central, id!);
  assert.equal(row.state, 'failed', stateOf(central, id!));
  assert.match(String(row.reason), /changed while it was copied/);
  await waitFor('what came to be removed', async () => (await growing(target)) === undefined);
  assert.equal(await readFile(target, 'utf8'), 'old');
});

test('fault 17: what was changed at the target in between is noticed by its sha256', async (t) => {
  const { central, ship1, source, at, target, request } = await setUp(t);
  await makeFile(source, 80 * MB);
  const [id] = await submitAll(central, request(source, target));
  await waitFor('some of it to be there', async () => ((await growing(target))?.size ?? 0) > 4 * MB, {
    intervalMs: 2,
  });
  await ship1.kill();
  const part = (await growing(target))!;
  await writeFile(part.path, 'x', { flag: 'r+' });
  await ship1.start();
  const row = await waitForEnd(central, id!, 60_000);
  assert.equal(row.state, 'failed', stateOf(central, id!));
  assert.match(String(row.reason), /another sha256/);
  assert.deepEqual(await readdir(at), []);
  const again = await copy(central, request(source, target));
  assert.equal(again.state, 'succeeded', String(again.reason));
  await assertSame(target, source);
});

test('the ledger shows how far a copy is, and that it waits; cancelled, it leaves nothing behind', async (t) => {
  const { central, ship1, source, target, request } = await setUp(t);
  await makeFile(source, 1);
  await truncate(source, 3000 * MB);
  const [id] = await submitAll(central, request(source, target));
  const state = () => ledgerRow(central, id!);
  await waitFor('the progress', () => /^[1-9]\d* % of 3\.0 GB$/.test(String(state()?.reason)), {
    timeoutMs: 20_000,
  });
  assert.equal(state()?.state, 'running');
  assert.ok((await central.rssBytes()) < 400 * MB, `source: ${await central.rssBytes()}`);
  assert.ok((await ship1.rssBytes()) < 400 * MB, `target: ${await ship1.rssBytes()}`);
  await submitAll(central, {
    toNode: 'central',
    method: 'REQCancel',
    methodArgs: [id],
    replyMethod: 'REQNone',
  });
  assert.equal((await waitForEnd(central, id!)).state, 'cancelled');
  await waitFor('what came to be removed', async () => (await growing(target)) === undefined);
  await ship1.kill();
  const [waiting] = await submitAll(central, request(source, target));
  await waitFor('the wait to show', () => stateOf(central, waiting!) === 'running: waiting for ship1');
});
