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

test('settings of calls have no effect on a node that stays connected, and a warning says so', async (t) => {
  const { path: folder } = await tempFolder(t);
  const warningsOf = async (...args: string[]) =>
    (await loadConfig({ args: [...NAMES, ...args], env: { CONFIG_FOLDER: folder } })).warnings.join('\n');
  assert.equal(await warningsOf(), '');
  assert.equal(await warningsOf('-link', 'calls', '-linkCalls', '1h'), '');
  const said = await warningsOf('-link', 'metered');
  assert.match(
    said,
    /config\.toml line \d+: LinkCalls = "1h" has no effect while Link is metered: .* Set Link = calls as well/,
  );
  assert.match(await warningsOf('-linkCallLimit', '60'), /flag -linkCallLimit: 60 has no effect/);
  assert.match(await warningsOf('-linkCallUrgent=false'), /flag -linkCallUrgent: false has no effect/);
});
