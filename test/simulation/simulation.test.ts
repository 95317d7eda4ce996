import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { DEFAULT_KINDS } from './faults.ts';
import { runSeed } from './run.ts';
import { SAFEGUARDS } from './safeguards.ts';
import { shrink } from './shrink.ts';

test('the same seed gives the same run, and another one another', async () => {
  const hashes: string[] = [];
  for (const seed of [1, 2, 3]) {
    const [first, second] = [
      await runSeed(seed, { kinds: DEFAULT_KINDS }),
      await runSeed(seed, { kinds: DEFAULT_KINDS }),
    ];
    assert.equal(first.failure, undefined);
    assert.equal(first.hash, second.hash, `seed ${seed}`);
    hashes.push(first.hash);
  }
  assert.equal(new Set(hashes).size, 3);
});

test('nothing of the machine is left open by a run', async () => {
  const before = process.getActiveResourcesInfo().sort();
  await runSeed(4, { kinds: DEFAULT_KINDS });
  assert.deepEqual(process.getActiveResourcesInfo().sort(), before);
});

test('a node without a safeguard is found out, and the faults that it takes are few', async () => {
  const { kinds, seed, without } = SAFEGUARDS.find(({ name }) => name.startsWith('the start of a run'))!;
  const options = { kinds, asks: 'first', swaps: without } as const;
  let failed = await runSeed(seed, options);
  // What a seed does may shift by a moment with any change of the program.
  for (let next = seed + 1; !failed.failure && next < seed + 10; next++)
    failed = await runSeed(next, options);
  assert.match(failed.failure?.message ?? '', /^run once: |ended with|its reply came/);
  const shortest = await shrink(failed, options, 20_000);
  assert.ok(shortest.failure);
  assert.ok(shortest.faults.length < failed.faults.length || failed.faults.length === 1);
});

test('what cannot be run is refused in one line that names it', async () => {
  const refused = {
    '--budgets --faults clock': /^--faults clock with --budgets leaves no kind of fault, .*: name another\n$/,
    '--seed 1 --only 99': /^--only names fault 99: seed 1 has \d+, which count from 0\n$/,
    '--hours 1 --calls': /^--calls means nothing next to --hours: leave one of them out\n$/,
  };
  const said = Object.entries(refused).map(async ([line, sentence]) => {
    const args = [join(import.meta.dirname, 'simulate.ts'), ...line.split(' ')];
    const { promise, resolve } = Promise.withResolvers<string>();
    execFile(process.execPath, args, (error, _, stderr) => resolve(`${error?.code} ${stderr}`));
    assert.match((await promise).replace(/^2 /, ''), sentence);
  });
  await Promise.all(said);
});
