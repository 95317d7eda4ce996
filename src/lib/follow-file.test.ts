import assert from 'node:assert/strict';
import { appendFileSync, existsSync, renameSync, writeFileSync } from 'node:fs';
import { appendFile, chmod, mkdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { followFile } from './follow-file.ts';

test('what is added from now on is handed over, and what came up to the end', async (t) => {
  const { path, follow } = await setUp(t);
  await writeFile(path, 'old\n');
  const following = await follow();
  await appendFile(path, 'one\n');
  await following.sees('one\n');
  await appendFile(path, 'two\npart');
  assert.deepEqual(await following.stop(), { wasFound: true });
  assert.equal(following.text(), 'one\ntwo\npart');
});

test('a file that does not exist is waited for and read from its start', async (t) => {
  const { path, follow } = await setUp(t);
  const following = await follow();
  await writeFile(path, 'first\n');
  await following.sees('first\n');
  await appendFile(path, 'second\n');
  await following.sees('first\nsecond\n');
  assert.deepEqual(await following.stop(), { wasFound: true });
});

test('a file that comes at the last moment is read, and one that never comes is told', async (t) => {
  const { path, follow } = await setUp(t);
  const none = await follow();
  assert.deepEqual(await none.stop(), { wasFound: false });
  const late = await follow();
  await writeFile(path, 'late\n');
  assert.deepEqual(await late.stop(), { wasFound: true });
  assert.equal(late.text(), 'late\n');
});

test('a file that was emptied and filled again before anybody looked is read from its start, one written over is not', async (t) => {
  const { path, follow } = await setUp(t);
  for (const before of ['old 1\n', `${'x'.repeat(300)}\nold 2\n`]) {
    await writeFile(path, before);
    const following = await follow();
    await appendFile(path, 'more\n');
    await following.sees('more\n');
    // As long as it was, and longer.
    const again = 'n'.repeat(before.length + 4);
    await writeFile(path, `${again}\n`);
    await following.sees(`more\n|${again}\n`);
    if (before.length > 100) await writeFile(path, 'z', { flag: 'r+' });
    await appendFile(path, 'end\n');
    await following.sees(`more\n|${again}\nend\n`);
    await following.stop();
  }
});

test('fault 18: a rotation by rename is followed, and nothing that the old file still gets is lost', async (t) => {
  const { path, follow } = await setUp(t);
  await writeFile(path, '');
  const following = await follow();
  await appendFile(path, 'a\n');
  await following.sees('a\n');
  await rename(path, `${path}.1`);
  await appendFile(`${path}.1`, 'b\n');
  await following.sees('a\nb\n');
  await writeFile(path, 'c\n');
  await appendFile(`${path}.1`, 'still the old');
  await following.sees('a\nb\nstill the old|c\n');
  await rename(path, `${path}.2`);
  await writeFile(path, 'd\n');
  await following.stop();
  assert.equal(following.text(), 'a\nb\nstill the old|c\n|d\n');
});

for (const gapMs of [20, 100]) {
  test(`rotations ${gapMs} ms apart lose no line, also while what was read waits to be taken`, async (t) => {
    const { path, follow } = await setUp(t);
    await writeFile(path, '');
    const gate = Promise.withResolvers<void>();
    const following = await follow({ taken: () => gate.promise });
    let wanted = '';
    for (let count = 0; count < 12; count++) {
      const line = `file ${count}\n`;
      await appendFile(path, line);
      wanted += count === 0 ? line : `|${line}`;
      const began = performance.now();
      await waitFor('the gap', () => performance.now() - began >= gapMs, { intervalMs: 1 });
      await rename(path, `${path}.${count}`);
      await writeFile(path, '');
      if (count === 8) gate.resolve();
    }
    await following.sees(`${wanted}|`);
    await following.stop();
  });
}

test('rotations between two looks lose no line, as the files are known by their new names; other new files are not read', async (t) => {
  const { path, follow } = await setUp(t);
  await writeFile(path, '');
  const following = await follow();
  const rotate = (lines: readonly number[], moveAway: (line: number) => void) => {
    for (const line of lines) {
      appendFileSync(path, `${line}\n`);
      writeFileSync(`${path}.lock`, 'no line of it\n');
      moveAway(line);
    }
    writeFileSync(path, '');
  };
  rotate([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], (line) => renameSync(path, `${path}-${line}`));
  await waitFor('ten lines', () => following.text().includes('9\n'));
  // Four of these are kept, and the first is open.
  rotate([10, 11, 12, 13, 14, 15, 16, 17, 18, 19], () => {
    for (const old of [3, 2, 1])
      if (existsSync(`${path}.${old}`)) renameSync(`${path}.${old}`, `${path}.${old + 1}`);
    renameSync(path, `${path}.1`);
  });
  await waitFor('the last lines', () => following.text().includes('19\n'));
  await following.stop();
  const lines = following
    .text()
    .split(/[|\n]+/)
    .filter((line) => line !== '');
  assert.deepEqual(lines.slice(0, 10), ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
  // In so short a time the system gives them one time of making.
  assert.deepEqual(lines.slice(10).sort(), ['10', '16', '17', '18', '19']);
});

test('fault 18: a truncation is followed', async (t) => {
  const { path, follow } = await setUp(t);
  await writeFile(path, 'long old content\n');
  const following = await follow();
  await appendFile(path, 'a\n');
  await following.sees('a\n');
  await truncate(path, 0);
  await appendFile(path, 'b\n');
  await following.sees('a\n|b\n');
  await following.stop();
});

test('a file that is removed and made again is followed', async (t) => {
  const { path, follow } = await setUp(t);
  await writeFile(path, 'old\n');
  const following = await follow();
  await rm(path);
  await writeFile(path, 'new\n');
  await following.sees('|new\n');
  await following.stop();
});

test('a folder, a path through a file and other things that are no file are refused', async (t) => {
  const { path, follow } = await setUp(t);
  await mkdir(path);
  await assert.rejects((await follow()).ended, { code: 'not-a-file', message: /is a folder: only a file/ });
  await writeFile(`${path}/file`, '');
  await assert.rejects((await follow({ path: `${path}/file/below` })).ended, {
    code: 'unreadable',
    message: /ENOTDIR/,
  });
  await assert.rejects((await follow({ path: '/dev/null' })).ended, {
    code: 'not-a-file',
    message: /no regular file/,
  });
});

test('a file that may not be read is refused', {
  skip: process.getuid?.() === 0 && 'root may read all',
}, async (t) => {
  const { path, follow } = await setUp(t);
  await writeFile(path, '');
  await chmod(path, 0);
  await assert.rejects((await follow()).ended, { code: 'unreadable', message: /EACCES/ });
});

test('a file that grows fast is read no faster than its content is taken', async (t) => {
  const { path } = await setUp(t);
  await writeFile(path, '');
  const abort = new AbortController();
  let taken = 0;
  const gate = Promise.withResolvers<void>();
  const ended = followFile(
    { path, signal: abort.signal },
    {
      write: async (piece) => {
        taken += piece.length;
        await gate.promise;
      },
      breakLine: async () => {},
    },
  );
  const size = 20_000_000;
  await waitFor('the first piece', async () => {
    if (taken === 0) await appendFile(path, 'x');
    return taken > 0;
  });
  await appendFile(path, Buffer.alloc(size, 'y'));
  assert.ok(taken < 100_000);
  gate.resolve();
  await waitFor('all', () => taken > size);
  abort.abort();
  await ended;
});

test('a hundred files at once', async (t) => {
  const { path } = await setUp(t);
  const abort = new AbortController();
  const texts: string[] = [];
  const paths = Array.from({ length: 100 }, (_, i) => `${path}-${i}`);
  await Promise.all(paths.map((one) => writeFile(one, '')));
  const all = paths.map((one, i) =>
    followFile(
      { path: one, signal: abort.signal },
      {
        write: async (piece) => {
          texts[i] = (texts[i] ?? '') + piece;
        },
        breakLine: async () => {},
      },
    ),
  );
  await waitFor('all to be followed', async () => {
    await Promise.all(paths.map(async (one, i) => texts[i] || (await appendFile(one, '.'))));
    return texts.filter(Boolean).length === 100;
  });
  await Promise.all(paths.map((one, i) => appendFile(one, `line ${i}\n`)));
  await waitFor('all lines', () => texts.every((text, i) => text.endsWith(`line ${i}\n`)));
  abort.abort();
  await Promise.all(all);
});

async function setUp(t: TestContext) {
  const { path: folder } = await tempFolder(t);
  const path = join(folder, 'file.log');
  /** Follows the path; `|` stands for another file in the text. Resolves when the following has begun. */
  const follow = async (options: { path?: string; taken?: () => Promise<void> } = {}) => {
    const abort = new AbortController();
    const ready = Promise.withResolvers<void>();
    const pieces: Buffer[] = [];
    const text = () => Buffer.concat(pieces).toString();
    const ended = followFile(
      { path: options.path ?? path, signal: abort.signal },
      {
        write: async (piece) => {
          pieces.push(Buffer.from(piece));
          await options.taken?.();
        },
        breakLine: async () => void pieces.push(Buffer.from('|')),
        onReady: ready.resolve,
      },
    );
    await Promise.race([ready.promise, ended.catch(() => {})]);
    const sees = (wanted: string) => waitFor(`the text ${JSON.stringify(wanted)}`, () => text() === wanted);
    const stop = () => {
      abort.abort();
      return ended;
    };
    return { ended, text, sees, stop };
  };
  return { path, follow };
}
