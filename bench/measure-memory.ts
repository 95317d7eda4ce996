import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { StewardNode } from '../test/support/node.ts';
import { waitFor } from '../test/support/wait-for.ts';
import { appendSubmission } from './append-messages.ts';
import { expectAllAccepted, startFleet } from './fleet.ts';

const PER_SUBMISSION = 5000;

/** Memory of central in MB, before and after it was given a queue for a node that is not there. */
export interface MemoryRun {
  readonly idleMb: number;
  readonly queuedMb: number;
  readonly peakMb: number;
  readonly databaseMb: number;
  readonly acceptedPerSecond: number;
}

/** Queues `count` appends for a node that does not exist, and reads what central's memory has become. */
export async function measureMemory(count: number): Promise<MemoryRun> {
  await using fleet = await startFleet();
  const { central } = fleet;
  const idle = await settledRss(central);
  const before = performance.now();
  for (let first = 0; first < count; first += PER_SUBMISSION) {
    const size = Math.min(PER_SUBMISSION, count - first);
    expectAllAccepted(
      await central.submit(appendSubmission({ first, count: size, toNode: 'deadship' }), 120_000),
    );
  }
  const seconds = (performance.now() - before) / 1000;
  const queued = await settledRss(central);
  const peak = await central.peakRssBytes();
  const database = await stat(join(central.databaseFolder, 'steward.db'));
  return {
    idleMb: mb(idle),
    queuedMb: mb(queued),
    peakMb: mb(peak),
    databaseMb: mb(database.size),
    acceptedPerSecond: count / seconds,
  };
}

/** The memory once it has kept within 1 MB for three seconds, or as it is after half a minute. */
export async function settledRss(node: StewardNode): Promise<number> {
  const seen: number[] = [];
  return waitFor(
    'memory to settle',
    async () => {
      seen.push(await node.rssBytes());
      const recent = seen.slice(-7);
      const isCalm = recent.length === 7 && Math.max(...recent) - Math.min(...recent) < 1024 * 1024;
      return (isCalm || seen.length >= 60) && seen.at(-1);
    },
    { timeoutMs: 60_000, intervalMs: 500 },
  );
}

function mb(bytes: number): number {
  return bytes / 1024 / 1024;
}
