import { readdirSync, readFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { errorCode } from './system-fault.ts';

const FIRST_POLL_MS = 5;
const MAX_POLL_MS = 100;
const LOOK_FOR_DEAD_AFTER_MS = 100;
const SCAN_SLICE = 100;

/** Sends a signal to every process of a group; false when the group has none (any more). */
export function signalGroup(groupId: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-groupId, signal);
  } catch (error) {
    // A group of another user's processes (sudo) is there, although it takes no signals from us.
    return errorCode(error) === 'EPERM';
  }
}

/**
 * Resolves true when no process of the group runs any more, or false when `isOver` says that waiting is over.
 *
 * There is no event for this, so it looks again after 5 ms, growing to 100 ms. Where process 1 reaps no orphans
 * (some containers), dead members stay in the group for ever: on Linux they are told apart by /proc.
 */
export async function groupEnded(groupId: number, isOver: () => boolean): Promise<boolean> {
  const began = performance.now();
  let living: number | undefined;
  for (let wait = FIRST_POLL_MS; signalGroup(groupId, 0); wait = Math.min(wait * 1.5, MAX_POLL_MS)) {
    if (isOver()) return false;
    if (performance.now() - began > LOOK_FOR_DEAD_AFTER_MS && !isLivingMember(living, groupId)) {
      living = await livingMember(groupId);
      if (living === 0) return true;
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
  return true;
}

/** A member that runs, 0 when there is none, undefined when the system has no /proc to tell. */
async function livingMember(groupId: number): Promise<number | undefined> {
  if (process.platform !== 'linux') return undefined;
  let looked = 0;
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    if (isLivingMember(pid, groupId)) return pid;
    looked += 1;
    if (looked % SCAN_SLICE === 0) await nextTurn();
  }
  return 0;
}

function isLivingMember(pid: number | undefined, groupId: number): boolean {
  if (pid === undefined) return false;
  try {
    // "pid (name) state ppid group ...", where the name may hold anything.
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ', 3);
    return Number(group) === groupId && state !== 'Z' && state !== 'X';
  } catch {
    return false;
  }
}
