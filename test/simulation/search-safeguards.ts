import { runSeed } from './run.ts';
import { isFound, SAFEGUARDS } from './safeguards.ts';

/** Finds, for each safeguard, the first seed that misses it: where that takes a processor longer than this, something is missing here. */
const MOST_MS = 60_000;

function workedMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

for (const safeguard of SAFEGUARDS) {
  const {
    name,
    kinds,
    seed: pinned,
    asks = 'first',
    hasBudgets = false,
    isClosed = false,
    without,
  } = safeguard;
  if (process.argv[2] && !name.includes(process.argv[2])) continue;
  const began = workedMs();
  let found: string | undefined;
  for (let seed = Math.max(1, pinned); !found && workedMs() - began < MOST_MS; seed++) {
    const { failure } = await runSeed(seed, { kinds, asks, hasBudgets, isClosed, swaps: without });
    if (
      failure &&
      isFound(safeguard, failure) &&
      !(await runSeed(seed, { kinds, asks, hasBudgets, isClosed })).failure
    )
      found = `${seed}: ${failure.message.slice(0, 150)}`;
  }
  console.log(`${name}: ${found ?? 'NOT FOUND'} (${((workedMs() - began) / 1000).toFixed(1)} s)`);
}
