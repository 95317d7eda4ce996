import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { loadConfig } from './load-config.ts';

const NAMES = ['-nodeName=ship1', '-centralNodeName=central'];

test('a budget of the link is an amount for a day; anything else is refused with the place and the way out', async (t) => {
  const { path: folder } = await tempFolder(t);
  const load = (args: readonly string[], env: Record<string, string> = {}) =>
    loadConfig({ args: [...NAMES, ...args], env: { CONFIG_FOLDER: folder, ...env } });
  const budgetOf = async (text: string) => (await load(['-linkBudget', text])).config.linkBudgetBytes;
  assert.equal((await load([])).config.linkBudgetBytes, 0);
  assert.equal(await budgetOf('20MB/day'), 20_000_000);
  assert.equal(await budgetOf('1.5 gb / day'), 1_500_000_000);
  assert.equal(await budgetOf('50kB/day'), 50_000);
  for (const text of ['20MB', '20', '20MB/month', '-1MB/day', 'MB/day', '20 MiB/day', 'none'])
    await assert.rejects(
      budgetOf(text),
      /^ConfigError: flag -linkBudget: ".*" is no budget: write an amount in kB, MB or GB for a day, such as 20MB\/day, or nothing/,
    );
  await assert.rejects(
    load([], { LINK_BUDGET: '49kB/day' }),
    /^ConfigError: environment variable LINK_BUDGET: "49kB\/day" is too little: .* give at least that, or nothing for no limit$/,
  );
});
