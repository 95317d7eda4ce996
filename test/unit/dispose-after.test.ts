import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { disposeAfter, type TestScope } from '../support/dispose-after.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** A test's context whose end the test decides. */
function scope(): TestScope & { end(): Promise<void> } {
  const hooks: (() => Promise<void>)[] = [];
  return {
    after: (work) => void hooks.push(work),
    end: async () => {
      for (const hook of hooks) await hook();
    },
  };
}

test('what was made last is disposed first', async () => {
  const order: string[] = [];
  const inner = scope();
  for (const name of ['folder', 'broker', 'node']) {
    disposeAfter(inner, { [Symbol.asyncDispose]: async () => void order.push(name) });
  }
  await inner.end();
  assert.deepEqual(order, ['node', 'broker', 'folder']);
});

test('a temp folder is gone, with its files, when its test has ended', async () => {
  const inner = scope();
  const { path } = await tempFolder(inner);
  await writeFile(join(path, 'file'), 'x');
  await inner.end();
  assert.equal(existsSync(path), false);
});
