import { readdir, readFile } from 'node:fs/promises';
import { pause } from './pause.ts';
import { errorCode } from './system-fault.ts';

/** The environment variable that every process of a command carries: the id of the request that it runs for. */
export const REQUEST_ID_VARIABLE = 'STEWARD_REQUEST_ID';

const GRACE_MS = 2000;
const POLL_MS = 20;

/**
 * Ends the processes that still run for these requests, found by the request id in their environment: TERM, and
 * KILL after 2 s. Gives the number found. Only Linux shows other processes' environment; elsewhere it does nothing.
 *
 * This process and those it descends from are never touched, whatever their environment says.
 */
export async function killLeftovers(ids: ReadonlySet<string>, graceMs: number = GRACE_MS): Promise<number> {
  if (ids.size === 0) return 0;
  const found = await findProcesses(ids);
  for (const { pid } of found) signal(pid, 'SIGTERM');
  const deadline = performance.now() + graceMs;
  let left = found;
  while (left.length > 0 && performance.now() < deadline) {
    await pause(POLL_MS);
    left = await stillRunning(left);
  }
  // What was started since by those that got TERM is found by looking again.
  if (found.length > 0) for (const { pid } of await findProcesses(ids)) signal(pid, 'SIGKILL');
  return found.length;
}

interface Found {
  readonly pid: number;
  /** When it was started: another process that got the same pid later has another. */
  readonly startedAt: string;
}

async function findProcesses(ids: ReadonlySet<string>): Promise<Found[]> {
  const names = await readdir('/proc').catch(() => []);
  const spared = await ancestors();
  const found: Found[] = [];
  for (const name of names) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || spared.has(pid)) continue;
    const id = await requestIdOf(pid);
    if (id === undefined || !ids.has(id)) continue;
    const status = await statusOf(pid);
    if (status !== undefined) found.push({ pid, startedAt: status.startedAt });
  }
  return found;
}

async function requestIdOf(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
  const start = `${REQUEST_ID_VARIABLE}=`;
  return text
    .split('\0')
    .find((entry) => entry.startsWith(start))
    ?.slice(start.length);
}

async function stillRunning(processes: readonly Found[]): Promise<Found[]> {
  const now = await Promise.all(processes.map(({ pid }) => statusOf(pid)));
  return processes.filter(
    ({ startedAt }, index) => now[index]?.startedAt === startedAt && !now[index].isDead,
  );
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

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (errorCode(error) !== 'ESRCH' && errorCode(error) !== 'EPERM') throw error;
  }
}
