import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { linesBackwards } from './lines-backwards.ts';

test('the lines of a file come last first, whatever the size of the pieces that are read', async (t) => {
  const { path: folder } = await tempFolder(t);
  const path = join(folder, 'a.log');
  for (const text of ['', '\n', 'one', 'one\n', 'one\ntwo\n\nthree\n', 'å\n船船\n🚢', '\n\na\n\n']) {
    await writeFile(path, text);
    const expected = text
      .split('\n')
      .filter((line) => line !== '')
      .toReversed();
    for (const size of [1, 2, 3, 5, 64]) {
      assert.deepEqual(await allLines(path, size), expected, `${text} by ${size}`);
    }
  }
});

test('a file that is not there has no lines', async (t) => {
  const { path: folder } = await tempFolder(t);
  assert.deepEqual(await allLines(join(folder, 'none')), []);
});

test('who has read enough reads no further', async (t) => {
  const { path: folder } = await tempFolder(t);
  const path = join(folder, 'a.log');
  await writeFile(path, 'one\ntwo\nthree\n');
  for await (const line of linesBackwards(path)) {
    assert.equal(line, 'three');
    break;
  }
});

async function allLines(path: string, chunkBytes?: number): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of linesBackwards(path, chunkBytes)) lines.push(line);
  return lines;
}
