import assert from 'node:assert/strict';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { readConfig } from './load-config.ts';

test('a config.toml where others could have put it is named, with the way out', async (t) => {
  const { path: folder } = await tempFolder(t);
  await writeFile(join(folder, 'config.toml'), 'NodeName = "ship1"\nCentralNodeName = "central"\n');
  const foreign = async () =>
    (await readConfig({ args: [], env: { CONFIG_FOLDER: folder } })).warnings.filter((text) =>
      /decides what this node does/.test(text),
    );
  assert.deepEqual(await foreign(), []);
  await chmod(folder, 0o777);
  assert.match((await foreign())[0]!, /^any user can write to .*CONFIG_FOLDER/);
});
