import { DEFAULT_KINDS, faultText } from './faults.ts';
import { type RunOptions, runSeed } from './run.ts';
import { SAFEGUARDS, type Safeguard } from './safeguards.ts';
import { SEEDS } from './seeds.ts';

/** What every change has to pass: seeds that are always the same, some that never were, and the safeguards. */
const PINNED = 100;
const FRESH = 25;
/** Of the pinned ones this many are run again with ships that are connected during calls alone, and of the fresh ones every other. */
const CALLING = 10;
/** How many seeds may be tried until one finds that a safeguard is gone. */
const TRIES = 10;
/** Fresh seeds are no longer begun after this, so that a slow machine ends in time. */
const FRESH_UNTIL_MS = 80_000;

const began = performance.now();
let failed = 0;

for (let seed = 1; seed <= PINNED; seed++) await mustKeep(seed, { kinds: DEFAULT_KINDS });
for (let seed = 1; seed <= CALLING; seed++) await mustKeep(seed, { kinds: DEFAULT_KINDS, hasCalls: true });
for (const { seed, kinds, only, asks = 'first' } of SEEDS) await mustKeep(seed, { kinds, only, asks });
for (const safeguard of SAFEGUARDS) {
  if (await isMissed(safeguard)) continue;
  failed++;
  console.log(`seed ${safeguard.seed} and the next ones no longer find that this is gone: ${safeguard.name}`);
  console.log('  npm run simulate:safeguards finds another seed');
}
const first = 1_000_000 + (Date.now() % 1_000_000_000);
let fresh = 0;
for (; fresh < FRESH && performance.now() - began < FRESH_UNTIL_MS; fresh++)
  await mustKeep(first + fresh, { kinds: DEFAULT_KINDS, hasCalls: fresh % 2 === 1 });
const seconds = ((performance.now() - began) / 1000).toFixed(1);
console.log(
  `${PINNED} pinned seeds, ${SEEDS.length} that found a fault once, ${fresh} fresh ones from ${first} on, ${SAFEGUARDS.length} safeguards: ${failed} failed, in ${seconds} s`,
);
process.exitCode = failed === 0 ? 0 : 1;

/** Whether the simulator finds that a safeguard is gone. */
async function isMissed({ seed, kinds, asks = 'first', without }: Safeguard): Promise<boolean> {
  // What a seed does may shift by a moment with any change of the program.
  for (let next = seed; next < seed + TRIES; next++)
    if ((await runSeed(next, { kinds, asks, swaps: without })).failure) return true;
  return false;
}

async function mustKeep(seed: number, options: RunOptions): Promise<void> {
  const { failure, faults } = await runSeed(seed, options);
  if (!failure) return;
  failed++;
  console.log(`seed ${seed}: ${failure.name === 'BrokenPromise' ? failure.message : failure.stack}`);
  for (const fault of faults) console.log(`  ${faultText(fault)}`);
  const kinds = options.kinds === DEFAULT_KINDS ? '' : ` --faults ${options.kinds}`;
  const only = options.only ? ` --only ${options.only}` : '';
  const calls = options.hasCalls ? ' --calls' : '';
  const asks = options.asks ? ` --asks ${options.asks}` : '';
  console.log(`  npm run simulate -- --seed ${seed}${kinds}${only}${asks}${calls} --trace`);
}
