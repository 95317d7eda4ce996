import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { loadConfig } from './load-config.ts';

test('a node that was turned back to open listens for proof, and one of which nobody decided does not', async (t) => {
  const { path: folder } = await tempFolder(t);
  const trustOf = async (...more: string[]) => {
    const args = ['-nodeName=ship1', '-centralNodeName=central', ...more];
    const { mode, wantsProof } = (await loadConfig({ args, env: { CONFIG_FOLDER: folder } })).config.trust;
    return [mode, wantsProof];
  };
  for (const round of ['the first', 'a later'])
    assert.deepEqual(await trustOf(), ['open', false], `${round} start`);
  assert.deepEqual(await trustOf('-trust=closed'), ['closed', true]);
  assert.deepEqual(await trustOf('-trust=open'), ['open', true]);
  assert.deepEqual(await trustOf(), ['open', true], 'config.toml has it now');
});
