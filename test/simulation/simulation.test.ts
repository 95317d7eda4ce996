import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { METHOD_NAMES } from '../../src/message/method-names.ts';
import { createMethods, type MethodsDeps } from '../../src/methods/all-methods.ts';
import { DEFAULT_KINDS, faultText } from './faults.ts';
import { liveLightly } from './light-load.ts';
import { faultsOf, runSeed } from './run.ts';
import { SAFEGUARDS } from './safeguards.ts';
import { shrink } from './shrink.ts';
import type { Swaps } from './sim-node.ts';

const MOST_SEEDS_FOR_METHODS = 20;

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

test('a run that leaves something of the machine open fails, and says what', async (t) => {
  const ground: Swaps['ground'] = (made) => {
    const timer = setTimeout(() => {}, 1e8);
    t.after(() => clearTimeout(timer));
    return made;
  };
  const { failure } = await runSeed(4, { kinds: ['cut'], only: [], asks: 'first', swaps: { ground } });
  assert.match(failure?.message ?? '', /^the run has left open, outside of its world: (Timeout,?)+$/);
});

test('every method of the program is in the workload, or the page says why it is not', async (t) => {
  const page = await readFile(join(import.meta.dirname, '../../doc/internals/simulation.md'), 'utf8');
  const all = createMethods(
    {
      ...{ nodeName: 'a', dataFolder: '', startupFolder: '', spoolFolder: '', env: {} },
      defaultMethodTimeout: 1,
    },
    {} as MethodsDeps,
  );
  t.after(() => all[Symbol.asyncDispose]());
  const sent = ['REQRelay', 'REQRelayInitial', 'REQCopyFileFrom', 'REQCopyFileTo'];
  const names = new Set([...all.keys(), ...sent]);
  // What else is named is what a later method is asked for by: a name that no node has.
  assert.deepEqual(new Set(METHOD_NAMES.filter((name) => !names.has(name))), new Set(['REQInitial']));
  const missing = new Set([...names].filter((name) => !page.includes(`\`${name}\` is not asked for`)));
  for (let seed = 1; missing.size > 0 && seed <= MOST_SEEDS_FOR_METHODS; seed++)
    for (const asks of ['outside', 'copies', 'third'] as const) {
      if (missing.size === 0) break;
      const { methods } = await runSeed(seed, { kinds: ['cut'], only: [], asks });
      for (const name of methods) missing.delete(name);
    }
  assert.deepEqual([...missing], []);
});

test('an idle node does something when there is a reason', async () => {
  const { eventsPerNodeHour, asks } = await liveLightly(24);
  assert.ok(asks > 20);
  // Hellos, questions for silent nodes and the line itself come by the clock; a look around each second would be 3,600.
  // The newest id is noted every 10 s, which is 360 of them.
  assert.ok(eventsPerNodeHour < 1150, `${eventsPerNodeHour} events`);
});

test('each fault that real processes had shown has a safeguard that the simulator must find gone', async () => {
  const page = await readFile(join(import.meta.dirname, '../../doc/internals/simulation.md'), 'utf8');
  const named = [...page.matchAll(/^\| [^|]+ \| `([^`]+)` +\|$/gm)].map(([, name]) => name);
  const rows = named.filter((name) => !name?.endsWith('.ts'));
  assert.equal(rows.length, 8);
  for (const name of rows)
    assert.ok(
      SAFEGUARDS.some((one) => one.name === name),
      name,
    );
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
  const texts = faultsOf(failed.seed, options).map(faultText);
  const only = shortest.faults.map((fault) => texts.indexOf(faultText(fault)));
  assert.equal((await runSeed(failed.seed, { ...options, only })).hash, shortest.hash, 'it is replayed');
});

test('what cannot be run is refused in one line that names it', async () => {
  const refused = {
    '--budgets --faults clock': /^--faults clock with --budgets leaves no kind of fault, .*: name another\n$/,
    '--seed 1 --only 99': /^--only names fault 99: seed 1 has \d+, which count from 0\n$/,
    '--budgets --calls': /^--calls means nothing next to --budgets: leave one of them out\n$/,
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
