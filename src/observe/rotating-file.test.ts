import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { openRotatingFile } from './rotating-file.ts';

const [TMPFS, NFS] = [0x01021994, 0x6969];

/** A file whose writes in this thread are counted, by a clock that the test moves. */
async function opened(t: TestContext, fileSystem: number) {
  const path = join((await tempFolder(t)).path, 'store.log');
  const made = { now: 0, here: 0, takesMs: 0 };
  const limits = { maxBytes: 1_000_000, keepFiles: 1 };
  const file = await openRotatingFile(
    { path, ...limits },
    {
      steadyNow: () => made.now,
      fileSystemOf: async () => fileSystem,
      writeSync: (descriptor, bytes) => {
        made.here++;
        made.now += made.takesMs;
        return writeSync(descriptor, bytes);
      },
    },
  );
  t.after(() => file.close());
  let lines = 0;
  /** How many of some appends of a line were written in this thread. */
  const hereOf = async (count: number) => {
    const before = made.here;
    for (let done = 0; done < count; done++) await file.append(Buffer.from(`${lines++}\n`));
    return made.here - before;
  };
  const isWhole = async () =>
    (await readFile(path, 'utf8')) === Array.from({ length: lines }, (_, n) => `${n}\n`).join('');
  return { made, file, hereOf, isWhole };
}

test('small lines are written in this thread as long as the last ones took a moment, and are not long ago', async (t) => {
  const { made, file, hereOf, isWhole } = await opened(t, TMPFS);
  assert.equal(await hereOf(3), 3);
  made.takesMs = 500;
  assert.equal(await hereOf(1), 1);
  assert.equal(await hereOf(1), 0, 'the one before took long');
  made.takesMs = 0;
  assert.equal(await hereOf(2), 2);
  made.now += 5000;
  assert.equal(await hereOf(1), 0, 'much may have changed since');
  assert.equal(await hereOf(1), 1);
  assert.equal(await isWhole(), true);
  const before = made.here;
  await file.append(Buffer.alloc(100_000, 'x'));
  assert.equal(made.here, before, 'a large one');
});

test('a file that lies on another machine is never written in this thread', async (t) => {
  const { hereOf, isWhole } = await opened(t, NFS);
  assert.equal(await hereOf(5), 0);
  assert.equal(await isWhole(), true);
});

test('a FIFO is refused, which nobody may read', async (t) => {
  const path = join((await tempFolder(t)).path, 'store.log');
  execFileSync('mkfifo', [path]);
  await assert.rejects(
    openRotatingFile({ path, maxBytes: 1000, keepFiles: 1 }),
    /is a FIFO, not a regular file/,
  );
});
