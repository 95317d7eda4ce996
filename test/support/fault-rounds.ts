import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Broker } from './broker.ts';
import type { TestScope } from './dispose-after.ts';
import { canFailSyncs, failSyncs } from './failing-syncs.ts';
import type { StewardNode } from './node.ts';
import type { ShiftedClock } from './shifted-clock.ts';
import type { SmallDisk } from './small-disk.ts';
import { waitFor } from './wait-for.ts';

/** A node with what can be done to its machine. */
export interface Victim {
  readonly node: StewardNode;
  readonly disk: SmallDisk | undefined;
  readonly clock: ShiftedClock;
}

/** A fault that lasts until the function that comes back is called. */
type Fault = () => Promise<() => Promise<void>>;

const HOUR_MS = 3_600_000;
/** Forth and back by an hour, and forth by more than messageTTL. */
const STEPS_MS = [HOUR_MS, -HOUR_MS, 8 * 24 * HOUR_MS, 0];

const nothing = async () => {};

/** The faults that may come, by a name that says of what they are; each can be undone. */
export function faultsOf(
  broker: Broker,
  victims: readonly Victim[],
  { random, scope }: { readonly random: () => number; readonly scope: TestScope },
): ReadonlyMap<string, Fault> {
  const mayFailSyncs = canFailSyncs();
  const faults = new Map<string, Fault>([
    ['the broker is killed', () => broker.restart().then(() => nothing)],
  ]);
  for (const { node, disk, clock } of victims) {
    const { name } = node;
    const add = (what: string, fault: Fault) => faults.set(`${name} ${what}`, fault);
    add('is killed', async () => {
      await node.kill();
      return () => node.start();
    });
    add('is stopped', async () => {
      await node.stop();
      return () => node.start();
    });
    add('freezes', async () => {
      node.pause();
      return async () => node.resume();
    });
    add('has a clock that is set', async () => {
      await clock.set(STEPS_MS[Math.floor(random() * STEPS_MS.length)]!);
      return nothing;
    });
    add('has a locked database', () => lockDatabase(node));
    if (mayFailSyncs)
      add('has a disk whose syncs fail', async () => {
        const syncs = await failSyncs(node.pid, {}, scope);
        return () => syncs[Symbol.asyncDispose]();
      });
    if (disk)
      add('has a full disk', async () => {
        await disk.fill();
        return () => disk.free();
      });
  }
  return faults;
}

/** Another program holds the database, so that nothing can be written. */
async function lockDatabase(node: StewardNode): Promise<() => Promise<void>> {
  const database = new DatabaseSync(join(node.databaseFolder, 'steward.db'), { timeout: 5000 });
  try {
    database.exec('BEGIN IMMEDIATE');
  } catch {
    // A node that froze in the middle of a commit holds it itself, which is a fault as good.
    database.close();
    return nothing;
  }
  return async () => {
    database.exec('ROLLBACK');
    database.close();
  };
}

function backupOf(node: StewardNode): string {
  return join(node.folder, 'backup.db');
}

/** Makes a backup of a node's database, as operators do, in the place of the one before. */
export async function backUp(node: StewardNode): Promise<void> {
  await rm(backupOf(node), { force: true });
  using database = new DatabaseSync(join(node.databaseFolder, 'steward.db'), { timeout: 5000 });
  database.prepare('VACUUM INTO ?').run(backupOf(node));
}

/**
 * Ends a node and puts its backup in the place of its database, or writes it over the file; the node starts again. `forgets`:
 * nothing beside the database shows that, as where the whole machine went back to a snapshot.
 */
export async function restore(
  node: StewardNode,
  isInPlace: boolean,
  { forgets = false }: { forgets?: boolean } = {},
): Promise<void> {
  await node.kill();
  if (forgets) await rm(join(node.databaseFolder, 'newest-id'), { force: true });
  const path = join(node.databaseFolder, 'steward.db');
  for (const end of ['-wal', '-shm', ...(isInPlace ? [] : [''])]) await rm(`${path}${end}`, { force: true });
  await copyFile(backupOf(node), path);
  await node.start();
}

/** Waits for as long as a fault is to last. */
export async function last(ms: number): Promise<void> {
  const end = performance.now() + ms;
  await waitFor('the fault to last', () => performance.now() >= end, {
    timeoutMs: ms + 10_000,
    intervalMs: 20,
  });
}
