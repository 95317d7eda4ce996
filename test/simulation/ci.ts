import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { DEFAULT_KINDS, FAULT_KINDS, faultText } from './faults.ts';
import { type RunOptions, runSeed } from './run.ts';
import { isFound, SAFEGUARDS, type Safeguard } from './safeguards.ts';
import { SEEDS } from './seeds.ts';

/** What every change has to pass: seeds that are always the same, some that never were, and the safeguards. */
const PINNED = 100;
const FRESH = 25;
/** Of the pinned ones so many are run again with ships that are connected during calls alone, and so many with budgets of links. */
const [CALLING, BUDGETED] = [10, 4];
/** Of the others every fourth meets databases that go back, names that are set up anew, and two nodes of one name too. */
const kindsFor = (seed: number) => (seed % 4 === 0 ? FAULT_KINDS : DEFAULT_KINDS);
/** In which worlds fresh seeds are run, one after the other. */
const WORLDS: readonly Partial<RunOptions>[] = [
  ...[{}, { hasCalls: true }, { hasBudgets: true }, { isClosed: true }],
];
/** Of the pinned ones every tenth is a closed fleet. */
const isClosedAt = (seed: number) => seed % 10 === 5;
/** How many seeds may be tried until one finds that a safeguard is gone. */
const TRIES = 10;
/** Fresh seeds are no longer begun after this, so that a slow machine ends in time. */
const FRESH_UNTIL_MS = 75_000;

const began = performance.now();
/** What is to be done in any order, one thing after the other. Each resolves with whether it is as it must be. */
const TASKS: readonly (() => Promise<boolean>)[] = [
  ...SAFEGUARDS.map((safeguard) => () => finds(safeguard)),
  ...SEEDS.map(
    ({ seed, kinds, only, asks = 'first', hasBudgets = false }) =>
      () =>
        keeps(seed, { kinds, only, asks, hasBudgets }),
  ),
  ...seeds(1, CALLING).map((seed) => () => keeps(seed, { kinds: DEFAULT_KINDS, hasCalls: true })),
  ...seeds(1, BUDGETED).map((seed) => () => keeps(seed, { kinds: DEFAULT_KINDS, hasBudgets: true })),
  ...seeds(1, PINNED).map((seed) => () => keeps(seed, { kinds: kindsFor(seed), isClosed: isClosedAt(seed) })),
];

interface Sums {
  readonly failed: number;
  readonly fresh: number;
}

const [share, of, first] = process.argv.slice(2).map(Number);
if (share === undefined) await runAll();
else process.send!(await runShare(share, of!, first!));

/** Shares the work among as many processes as the machine has processors. */
async function runAll(): Promise<void> {
  const shares = availableParallelism();
  const from = firstFreshSeed();
  const sums = await Promise.all(
    Array.from({ length: shares }, async (_, index): Promise<Sums> => {
      const child = fork(import.meta.filename, [index, shares, from].map(String));
      const told = once(child, 'message') as Promise<[Sums]>;
      const ended = once(child, 'exit').then(([code, signal]) => {
        if (code !== 0) throw new Error(`share ${index} of the simulator ended with ${code ?? signal}`);
      });
      const [[sums]] = await Promise.all([told, ended]);
      return sums;
    }),
  );
  const failed = sums.reduce((sum, one) => sum + one.failed, 0);
  const fresh = sums.reduce((sum, one) => sum + one.fresh, 0);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(
    `${PINNED} pinned seeds, ${CALLING} with calls, ${BUDGETED} with budgets, ${SEEDS.length} that found a fault once, ${fresh} fresh ones from ${from} on, ${SAFEGUARDS.length} safeguards: ${failed} failed, in ${seconds} s`,
  );
  process.exitCode = failed === 0 ? 0 : 1;
}

/**
 * Fresh seeds follow from the program as it is committed: each state of it has its own, so that what was found clean stays
 * clean, and whoever has the commit can repeat what was found broken. Outside a repository they follow from the time.
 */
function firstFreshSeed(): number {
  let drawn = Date.now();
  try {
    const tree = execFileSync('git', ['rev-parse', 'HEAD:src'], {
      cwd: import.meta.dirname,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    drawn = Number.parseInt(tree.slice(0, 12), 16);
  } catch {
    // No repository, or no git.
  }
  return 1_000_000 + (drawn % 1_000_000_000);
}

/** Does every task of a share, and as many of its fresh seeds as there is time for. */
async function runShare(index: number, shares: number, firstFresh: number): Promise<Sums> {
  let failed = 0;
  const isMine = (_: unknown, place: number) => place % shares === index;
  for (const task of TASKS.filter(isMine)) if (!(await task())) failed++;
  let fresh = 0;
  for (const seed of seeds(firstFresh, FRESH).filter(isMine)) {
    if (performance.now() - began > FRESH_UNTIL_MS) break;
    const world = WORLDS[fresh++ % WORLDS.length];
    if (!(await keeps(seed, { kinds: kindsFor(seed), ...world }))) failed++;
  }
  return { failed, fresh };
}

function seeds(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}

/** Whether the simulator finds that a safeguard is gone. */
async function finds(safeguard: Safeguard): Promise<boolean> {
  const { name, seed, kinds, asks = 'first', hasBudgets = false, isClosed = false, without } = safeguard;
  const options = { kinds, asks, hasBudgets, isClosed, swaps: without };
  // What a seed does may shift by a moment with any change of the program.
  for (let next = seed; next < seed + TRIES; next++)
    if (isFound(safeguard, (await runSeed(next, options)).failure)) return true;
  console.log(`seed ${seed} and the next ones no longer find that this is gone: ${name}`);
  console.log('  npm run simulate:safeguards finds another seed');
  return false;
}

/** Whether the promise is kept in a run. */
async function keeps(seed: number, options: RunOptions): Promise<boolean> {
  const { failure, faults } = await runSeed(seed, options);
  if (!failure) return true;
  console.log(`seed ${seed}: ${failure.name === 'BrokenPromise' ? failure.message : failure.stack}`);
  for (const fault of faults) console.log(`  ${faultText(fault)}`);
  const kinds = options.kinds === DEFAULT_KINDS ? '' : ` --faults ${options.kinds}`;
  const only = options.only ? ` --only ${options.only}` : '';
  const world = `${options.hasCalls ? ' --calls' : ''}${options.hasBudgets ? ' --budgets' : ''}${options.isClosed ? ' --closed' : ''}`;
  const asks = options.asks ? ` --asks ${options.asks}` : '';
  console.log(`  npm run simulate -- --seed ${seed}${kinds}${only}${asks}${world} --trace`);
  return false;
}
