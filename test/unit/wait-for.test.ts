import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempFolder } from '../support/temp-folder.ts';
import { WaitTimeoutError, waitFor, waitForFile } from '../support/wait-for.ts';

test('waitFor gives the first truthy value and takes an exception as "not yet"', async () => {
  let looks = 0;
  const value = await waitFor('the third look', () => {
    looks += 1;
    if (looks === 1) throw new Error('too early');
    return looks === 3 && { looks };
  });
  assert.deepEqual(value, { looks: 3 });
});

test('waitFor fails with the description and what it saw last', async () => {
  const wait = waitFor('a number above one', () => [0, ''][0], { timeoutMs: 30 });
  await assert.rejects(wait, (error: Error) => {
    assert.ok(error instanceof WaitTimeoutError);
    assert.equal(error.message, 'waited 90 ms in vain for a number above one; last seen: 0');
    return true;
  });
  const failing = waitFor('a calm look', () => assert.fail('storm'), { timeoutMs: 30 });
  await assert.rejects(failing, /a calm look; the last look failed: storm/);
});

test('waitForFile waits until the text passes, and says what the file held when it never does', async (t) => {
  const { path } = await tempFolder(t);
  const file = join(path, 'out.log');
  const waiting = waitForFile(file, (text) => text.endsWith('b\n'));
  await writeFile(file, 'a\nb\n');
  assert.equal(await waiting, 'a\nb\n');
  await assert.rejects(
    waitForFile(file, (text) => text.includes('c'), { timeoutMs: 30 }),
    /out\.log; the last look failed: the file is not as wanted, it holds 'a\\nb\\n'/,
  );
});
