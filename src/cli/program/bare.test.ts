import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { callSteward } from '../../../test/support/cli-call.ts';
import { disposeAfter } from '../../../test/support/dispose-after.ts';
import { tempFolder } from '../../../test/support/temp-folder.ts';

test('steward alone runs the node that is configured here, and says how one is started where none is', async (t) => {
  const { path } = await tempFolder(t);
  const before = process.cwd();
  disposeAfter(t, { [Symbol.asyncDispose]: async () => process.chdir(before) });
  process.chdir(path);
  const none = await callSteward([]);
  assert.deepEqual([none.code, none.stdout], [1, '']);
  assert.match(none.stderr, /^There is no node here/);
  assert.match(none.stderr, /steward up .*\n {2}steward join ADDRESS TOKEN/);
  // What is wrong with its configuration shows which node it would start.
  await mkdir('steward/etc', { recursive: true });
  await writeFile(join(path, 'steward/etc/config.toml'), 'NodeName = "central"\nCentralNodeName = "a b"\n');
  assert.match((await callSteward([])).stderr, /steward\/etc\/config\.toml/);
  await mkdir('etc');
  await writeFile(join(path, 'etc/config.toml'), 'NodeName = "ship1"\nCentralNodeName = "a b"\n');
  assert.match((await callSteward([])).stderr, /etc\/config\.toml/);
  assert.doesNotMatch((await callSteward([])).stderr, /steward\/etc/);
});
