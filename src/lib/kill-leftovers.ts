import { readdir, readFile } from 'node:fs/promises';
import { pause } from './pause.ts';
import { errorCode } from './system-fault.ts';
import { isUuid } from './uuid.ts';

/** The environment variable that tells every process of a command which request it runs for. */
export const REQUEST_ID_VARIABLE = 'STEWARD_REQUEST_ID';
/** The environment variable by which the processes of one run are found again; no other run on the machine has its value. */
export const RUN_ID_VARIABLE = 'STEWARD_RUN_ID';

const GRACE_MS = 2000;
const POLL_MS = 20;
/** How many processes are looked at together: a machine may have thousands, and a start waits for this. */
const READ_AT_ONCE = 64;
const RUN_ID = /^[^/]+\/\d+\/\d+\/./;

export interface LeftoverOptions {
  /**
   * Requests that a version without run ids may have run: processes that carry one of these ids and no run id count too.
   * What is no UUID is never looked for.
   */
  readonly requestIds?: ReadonlySet<string>;
  /** Time between TERM and KILL, ms. */
  readonly graceMs?: number;
}

/**
 * Ends the processes that still run for these runs, found by the run id in their environment: TERM, and KILL after
 * 2 s. Returns the run ids that were found at first, and the request ids where there was no other. Only Linux shows other processes' environment; elsewhere it does nothing.
 *
 * This process and those it descends from are never touched, whatever their environment says.
 */
export async function killLeftovers(
  runIds: ReadonlySet<string>,
  { requestIds = new Set(), graceMs = GRACE_MS }: LeftoverOptions = {},
): Promise<ReadonlySet<string>> {
  const sought = {
    runs: new Set([...runIds].filter((id) => RUN_ID.test(id))),
    requests: new Set([...requestIds].filter(isUuid)),
  };
  if (sought.runs.size + sought.requests.size === 0) return new Set();
  const found = await findProcesses(sought);
  await terminate(found, sought, performance.now() + graceMs);
  if (found.length > 0) for (const one of await findProcesses(sought)) await signal(one, 'SIGKILL');
  return new Set(found.map(({ run }) => run));
}

/** Sends TERM, also to what those that got it start meanwhile; resolves when all have ended, or at the deadline. */
async function terminate(found: readonly Found[], sought: Sought, deadline: number): Promise<void> {
  const asked = new Set<string>();
  let left = found;
  for (; left.length > 0 && performance.now() < deadline; left = await findProcesses(sought)) {
    for (const one of left) {
      if (!asked.has(keyOf(one))) await signal(one, 'SIGTERM');
      asked.add(keyOf(one));
    }
    while (await areRunning(left)) {
      if (performance.now() >= deadline) return;
      await pause(POLL_MS);
    }
  }
}

interface Sought {
  readonly runs: ReadonlySet<string>;
  readonly requests: ReadonlySet<string>;
}

interface Found {
  readonly pid: number;
  /** The run that it is of, or the request. */
  readonly run: string;
  /** When it was started: another process that got the same pid later has another. */
  readonly startedAt: string;
}

async function findProcesses(sought: Sought): Promise<Found[]> {
  const names = await readdir('/proc').catch(() => []);
  const spared = await ancestors();
  const pids = names.map(Number).filter((pid) => Number.isInteger(pid) && !spared.has(pid));
  const found: Found[] = [];
  for (let at = 0; at < pids.length; at += READ_AT_ONCE) {
    const looks = pids.slice(at, at + READ_AT_ONCE).map((pid) => findProcess(pid, sought));
    found.push(...(await Promise.all(looks)).filter((one) => one !== undefined));
  }
  return found;
}

async function findProcess(pid: number, sought: Sought): Promise<Found | undefined> {
  // The start before the environment: where both are of one process, a signal checks the start again.
  const status = await statusOf(pid);
  const run = status && !status.isDead && (await runOf(pid, sought));
  return run ? { pid, run, startedAt: status.startedAt } : undefined;
}

async function runOf(pid: number, { runs, requests }: Sought): Promise<string | undefined> {
  const entries = (await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')).split('\0');
  const runId = valueIn(entries, RUN_ID_VARIABLE);
  const id = runId ?? valueIn(entries, REQUEST_ID_VARIABLE) ?? '';
  return (runId === undefined ? requests : runs).has(id) ? id : undefined;
}

function valueIn(entries: readonly string[], variable: string): string | undefined {
  return entries.find((entry) => entry.startsWith(`${variable}=`))?.slice(variable.length + 1);
}

function keyOf({ pid, startedAt }: Found): string {
  return `${pid} ${startedAt}`;
}

async function areRunning(processes: readonly Found[]): Promise<boolean> {
  for (const one of processes) if (await isRunning(one)) return true;
  return false;
}

async function isRunning({ pid, startedAt }: Found): Promise<boolean> {
  const status = await statusOf(pid);
  return status?.startedAt === startedAt && !status.isDead;
}

async function ancestors(): Promise<Set<number>> {
  const pids = new Set<number>();
  for (let pid: number | undefined = process.pid; pid !== undefined && pid > 0 && !pids.has(pid); ) {
    pids.add(pid);
    pid = (await statusOf(pid))?.parent;
  }
  return pids;
}

async function statusOf(
  pid: number,
): Promise<{ parent: number; startedAt: string; isDead: boolean } | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => undefined);
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields === undefined) return undefined;
  return {
    parent: Number(fields[1]),
    startedAt: fields[19] ?? '',
    isDead: fields[0] === 'Z' || fields[0] === 'X',
  };
}

async function signal(found: Found, name: NodeJS.Signals): Promise<void> {
  if (!(await isRunning(found))) return;
  try {
    process.kill(found.pid, name);
  } catch (error) {
    if (errorCode(error) !== 'ESRCH' && errorCode(error) !== 'EPERM') throw error;
  }
}
