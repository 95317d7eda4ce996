import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { errorCode } from './system-fault.ts';

const FIRST_POLL_MS = 5;
const MAX_POLL_MS = 100;
const LOOK_CLOSER_AFTER_MS = 20;
const SCAN_SLICE = 100;

export interface GroupWait {
  /** Whether waiting is over, whoever still runs. */
  isOver(): boolean;
  /**
   * The names (see `descriptorName`) of files: members that hold none of them open are not waited for. Undefined
   * waits for every member, and so does a system without /proc.
   */
  heldFiles(): ReadonlySet<string> | undefined;
}

/** Sends a signal to every process of a group; false when the group has none (any more). */
export function signalGroup(groupId: number, signal: NodeJS.Signals | 0): boolean {
  // Asked at the end of each command, where the answer is an error whose stack costs more than the question.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return process.kill(-groupId, signal);
  } catch (error) {
    // A group of another user's processes (sudo) is there, although it takes no signals from us.
    return errorCode(error) === 'EPERM';
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/**
 * Resolves true when no process of the group that is waited for runs any more, or false when waiting is over.
 *
 * There is no event for this, so it looks again after 5 ms, growing to 100 ms. Where process 1 reaps no orphans
 * (some containers), dead members stay in the group for ever: on Linux they are told apart by /proc.
 */
export async function groupEnded(groupId: number, { isOver, heldFiles }: GroupWait): Promise<boolean> {
  const began = performance.now();
  const look = { groupId, awaited: undefined, emptyScans: 0 };
  for (let wait = FIRST_POLL_MS; signalGroup(groupId, 0); wait = Math.min(wait * 1.5, MAX_POLL_MS)) {
    if (isOver()) return false;
    if (performance.now() - began > LOOK_CLOSER_AFTER_MS && (await isNobodyAwaited(look, heldFiles())))
      return true;
    await new Promise((resolve) => setTimeout(resolve, look.emptyScans > 0 ? FIRST_POLL_MS : wait));
  }
  return true;
}

/**
 * Whether the process that leads a group still runs, or another member that holds one of the files open; true where the
 * system does not tell.
 */
export async function isGroupAwaited(
  groupId: number,
  heldFiles: ReadonlySet<string> | undefined,
): Promise<boolean> {
  if (isLivingMember(groupId, groupId)) return true;
  return (await findAwaited(groupId, heldFiles)) !== 0;
}

interface Look {
  readonly groupId: number;
  awaited: number | undefined;
  emptyScans: number;
}

/** A process that is forked while the list is read may not be in it: nobody twice in a row is nobody. */
async function isNobodyAwaited(look: Look, files: ReadonlySet<string> | undefined): Promise<boolean> {
  const { groupId, awaited } = look;
  if (awaited === undefined || !isAwaited(awaited, groupId, files))
    look.awaited = await findAwaited(groupId, files);
  look.emptyScans = look.awaited === 0 ? look.emptyScans + 1 : 0;
  return look.emptyScans === 2;
}

/** A member that is waited for, 0 when there is none, undefined when the system has no /proc to tell. */
async function findAwaited(
  groupId: number,
  files: ReadonlySet<string> | undefined,
): Promise<number | undefined> {
  if (process.platform !== 'linux') return undefined;
  let looked = 0;
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    if (isAwaited(pid, groupId, files)) return pid;
    looked += 1;
    if (looked % SCAN_SLICE === 0) await nextTurn();
  }
  return 0;
}

function isAwaited(pid: number, groupId: number, files: ReadonlySet<string> | undefined): boolean {
  return isLivingMember(pid, groupId) && (files === undefined || holdsOneOf(pid, files));
}

function isLivingMember(pid: number, groupId: number): boolean {
  try {
    // "pid (name) state ppid group ...", where the name may hold anything.
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ', 3);
    return Number(group) === groupId && state !== 'Z' && state !== 'X';
  } catch {
    return false;
  }
}

/** Another user's process (sudo) does not show what it holds, and counts as one that does. */
function holdsOneOf(pid: number, files: ReadonlySet<string>): boolean {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).some((descriptor) => files.has(nameOf(`${folder}/${descriptor}`)));
  } catch (error) {
    return errorCode(error) === 'EACCES' || errorCode(error) === 'EPERM';
  }
}

function nameOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return '';
  }
}
