import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFile,
  chmod,
  chown,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  assertSame,
  copy,
  copyRequest,
  copyScenes,
  growing,
  makeFile,
  unmountAfter,
} from '../support/copying.ts';
import { submitAll, waitForEnd } from '../support/fleet.ts';
import { canMount } from '../support/small-disk.ts';
import { waitFor } from '../support/wait-for.ts';

const MB = 1_000_000;
const SIZES = [1000, MB];
const isRoot = process.getuid?.() === 0;

const setUp = copyScenes();

test('a file that is replaced keeps owner, group and mode, also by REQToFile', {
  skip: !isRoot && 'only root may give files away',
}, async (t) => {
  const { central, ship1, source, target } = await setUp(t);
  const own = async (path: string) => {
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, 'old');
    await chmod(path, 0o640);
    await chown(path, 1234, 2345);
  };
  const whose = async (path: string) => {
    const { uid, gid, mode } = await stat(path);
    return [uid, gid, mode & 0o7777];
  };
  for (const bytes of SIZES) {
    await own(target);
    await makeFile(source, bytes, 0o755);
    assert.equal((await copy(central, copyRequest(source, target))).state, 'succeeded');
    await assertSame(target, source);
    assert.deepEqual(await whose(target), [1234, 2345, 0o640]);
  }
  const file = join(ship1.dataFolder, 'd/ship1/f');
  await own(file);
  const toFile = { toNode: 'ship1', method: 'REQToFile', directory: 'd', fileName: 'f', data: ['new'] };
  assert.equal((await copy(central, toFile)).state, 'succeeded');
  assert.equal(await readFile(file, 'utf8'), 'new');
  assert.deepEqual(await whose(file), [1234, 2345, 0o640]);
});

test('a mount point is written over, and holds up nothing behind it', {
  skip: !(await canMount()) && 'it takes the right to mount',
}, async (t) => {
  const { central, ship1, source, at, target } = await setUp(t);
  const mount = async (path: string) => {
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, '');
    await writeFile(join(at, 'real'), 'a longer text than before');
    execFileSync('mount', ['--bind', join(at, 'real'), path]);
    unmountAfter(t, path);
  };
  await mount(target);
  for (const bytes of [10, MB]) {
    await makeFile(source, bytes);
    assert.equal((await copy(central, copyRequest(source, target))).state, 'succeeded');
    await assertSame(target, source);
  }
  await mount(join(ship1.dataFolder, 'mounted/ship1/f'));
  const toFile = { toNode: 'ship1', method: 'REQToFile', directory: 'mounted', fileName: 'f', data: ['new'] };
  assert.equal((await copy(central, toFile)).state, 'succeeded');
  assert.equal(await readFile(join(at, 'real'), 'utf8'), 'new');
  assert.deepEqual((await readdir(at)).toSorted(), ['real', 'target']);
  assert.deepEqual(await readdir(join(ship1.dataFolder, 'mounted/ship1')), ['f']);
});

test('a read-only folder below the data folder refuses its own files, and holds up no others', {
  skip: !(await canMount()) && 'it takes the right to mount',
}, async (t) => {
  const { central, ship1 } = await setUp(t);
  const folder = join(ship1.dataFolder, 'stuck');
  await mkdir(folder, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'none', folder]);
  unmountAfter(t, folder);
  for (const method of ['REQToFileAppend', 'REQToFile']) {
    const request = { toNode: 'ship1', method, fileName: 'f', data: ['new'] };
    const [stuck, free] = await submitAll(central, [
      { ...request, directory: 'stuck' },
      { ...request, directory: 'free' },
    ]);
    const row = await waitForEnd(central, stuck!);
    assert.equal(row.state, 'rejected');
    assert.match(String(row.reason), /stuck\/ship1.*EROFS: read-only file system/);
    assert.equal((await waitForEnd(central, free!)).state, 'succeeded');
  }
});

test('a folder takes the file under its own name, and links are followed, also where nothing is at their end', async (t) => {
  const { central, source, at } = await setUp(t);
  await mkdir(join(at, 'folder'));
  await symlink('folder', join(at, 'to-folder'));
  await symlink('away/new', join(at, 'dangling'));
  for (const bytes of SIZES) {
    await makeFile(source, bytes);
    for (const [asked, place] of [
      ['folder', 'folder/source'],
      ['folder/', 'folder/source'],
      ['made/', 'made/source'],
      ['to-folder', 'folder/source'],
      ['dangling', 'away/new'],
    ] as const) {
      const row = await copy(
        central,
        copyRequest(source, join(at, asked) + (asked.endsWith('/') ? '/' : '')),
      );
      assert.equal(row.state, 'succeeded', `${asked}: ${row.reason}`);
      await assertSame(join(at, place), source);
    }
  }
  assert.ok((await lstat(join(at, 'dangling'))).isSymbolicLink());
});

test('a link of another user in a folder that all may write to is not followed', {
  skip: !isRoot && 'only root may give links away',
}, async (t) => {
  const { central, source, at } = await setUp(t);
  const shared = join(at, 'shared');
  await mkdir(shared);
  await chmod(shared, 0o1777);
  await symlink(join(at, 'victim'), join(shared, 'trap'));
  execFileSync('chown', ['-h', '1234', join(shared, 'trap')]);
  await makeFile(source, 1000);
  const row = await copy(central, copyRequest(source, join(shared, 'trap')));
  assert.equal(row.state, 'failed');
  assert.match(String(row.reason), /trap is a link of another user/);
  assert.deepEqual(await readdir(at), ['shared']);
});

test('neither is one on the way to a file, to be written or to be read', {
  skip: !isRoot && 'only root may give links away',
}, async (t) => {
  const { central, source, at } = await setUp(t);
  const [shared, victim] = [join(at, 'shared'), join(at, 'victim')];
  await mkdir(shared);
  await mkdir(victim);
  await chmod(shared, 0o1777);
  await symlink(victim, join(shared, 'trap'));
  await makeFile(join(victim, 'secret'), 1000);
  const trap = join(shared, 'trap');
  const both = async (size: number) => {
    await makeFile(source, size);
    return [
      await copy(central, copyRequest(source, join(trap, 'new', 'file'))),
      await copy(central, copyRequest(join(trap, 'secret'), join(at, 'copy'))),
    ];
  };
  execFileSync('chown', ['-h', '1234', trap]);
  for (const row of [...(await both(1000)), ...(await both(MB))]) {
    assert.equal(row.state, 'failed');
    assert.match(String(row.reason), /trap is a link of another user/);
  }
  // A folder that another user made there, with a link in it, leads nowhere either, nor does one where nobody's names are kept.
  await mkdir(join(shared, 'theirs'));
  await symlink(victim, join(shared, 'theirs', 'trap'));
  execFileSync('chown', ['-hR', '1234', join(shared, 'theirs')]);
  const theirs = await copy(central, copyRequest(source, join(shared, 'theirs', 'trap', 'file')));
  assert.match(String(theirs.reason), /theirs.trap is a link of another user/);
  await chmod(shared, 0o777);
  assert.match(String((await both(1000))[0]?.reason), /trap is a link of another user/);
  assert.deepEqual(await readdir(victim), ['secret']);
  execFileSync('chown', ['-h', '0', trap]);
  for (const row of await both(1000)) assert.equal(row.state, 'succeeded', String(row.reason));
});

test('a log that grows is copied as it was at the beginning', async (t) => {
  const { central, source, target } = await setUp(t);
  for (const bytes of [100_000, 30 * MB]) {
    await makeFile(source, bytes);
    let isOver = false;
    const growth = (async () => {
      while (!isOver) {
        await appendFile(source, 'a new line\n');
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    const row = await copy(central, copyRequest(source, target)).finally(() => {
      isOver = true;
    });
    await growth;
    assert.equal(row.state, 'succeeded', String(row.reason));
    const copied = await readFile(target);
    assert.ok(copied.length >= bytes);
    assert.ok(copied.equals((await readFile(source)).subarray(0, copied.length)));
  }
});

test('a copy whose growing file or folder went away on the way has failed, and says so', async (t) => {
  const { central, source, at } = await setUp(t);
  await makeFile(source, 80 * MB);
  for (const [name, remove] of [
    ['removed', (_: string, part: string) => rm(part)],
    [
      'renamed',
      async (folder: string) => {
        await rename(folder, `${folder}.old`);
        await mkdir(folder);
      },
    ],
    ['deleted', (folder: string) => rm(folder, { recursive: true })],
  ] as const) {
    const folder = join(at, name);
    await mkdir(folder);
    await writeFile(join(folder, 'f'), 'old');
    const [id] = await submitAll(central, copyRequest(source, join(folder, 'f')));
    const part = await waitFor(
      'some of it to be there',
      async () => {
        const found = await growing(join(folder, 'f'));
        return (found?.size ?? 0) > MB ? found : undefined;
      },
      { intervalMs: 2 },
    );
    await remove(folder, part.path);
    const row = await waitForEnd(central, id!, 60_000);
    assert.equal(row.state, 'failed', `${name}: ${row.reason}`);
    assert.match(String(row.reason), /was removed, or its folder was/);
  }
  assert.equal(await readFile(join(at, 'removed/f'), 'utf8'), 'old');
});

test('a sparse file stays sparse, and files of /proc and /sys are copied', async (t) => {
  const { central, source, target } = await setUp(t);
  await makeFile(source, 100_000);
  await truncate(source, 40 * MB);
  await appendFile(source, 'end');
  await truncate(source, 50 * MB);
  assert.equal((await copy(central, copyRequest(source, target))).state, 'succeeded');
  await assertSame(target, source);
  const { blocks } = await stat(target);
  assert.ok(blocks * 512 < 5 * MB, `${blocks * 512} bytes on disk`);
  for (const path of [
    '/proc/kallsyms',
    '/proc/sys/kernel/ostype',
    '/sys/kernel/mm/transparent_hugepage/enabled',
  ]) {
    assert.equal((await copy(central, copyRequest(path, target))).state, 'succeeded', path);
    assert.deepEqual(await readFile(target), await readFile(path), path);
  }
});

test('a small copy to a node that is away is withdrawn when it is cancelled', async (t) => {
  const { central, ship1, source, target } = await setUp(t);
  await makeFile(source, 1000);
  assert.equal((await copy(central, copyRequest(source, join(target, '../first')))).state, 'succeeded');
  await ship1.kill();
  const [id] = await submitAll(central, copyRequest(source, target));
  const waiting = () => central.query(`SELECT 1 FROM outbox`).length > 0;
  await waitFor('its message to wait', waiting);
  await submitAll(central, {
    toNode: 'central',
    method: 'REQCancel',
    methodArgs: [id],
    replyMethod: 'REQNone',
  });
  assert.equal((await waitForEnd(central, id!)).state, 'cancelled');
  await ship1.start();
  const next = await copy(central, copyRequest(source, join(target, '../next')));
  assert.equal(next.state, 'succeeded');
  assert.deepEqual((await readdir(join(target, '..'))).toSorted(), ['first', 'next']);
});
