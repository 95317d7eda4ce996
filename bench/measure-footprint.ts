import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startBroker } from '../test/support/broker.ts';
import { ChildProgram } from '../test/support/child-program.ts';
import { accepts, startStewardNode } from '../test/support/node.ts';
import { tempFolder } from '../test/support/temp-folder.ts';
import { waitFor } from '../test/support/wait-for.ts';
import { settledRss } from './measure-memory.ts';
import { median } from './statistics.ts';

const STARTS = 10;
/** How long a node is left alone, ms: as long again after its start, while it ends threads and prunes, as it does once. */
const IDLE_MS = 60_000;
const MB = 1024 * 1024;

/** What a node takes that has nothing to do. */
export interface Footprint {
  readonly idleMb: number;
  /** Memory that no other process shares. */
  readonly privateMb: number;
  /** From the start of the process to the open socket. */
  readonly startMs: number;
  /** Share of one core, percent. */
  readonly cpuPercent: number;
  /** Written to disk, at the pace of the time that was watched, kB. */
  readonly writtenKbPerHour: number;
}

/** The engine by itself, with a database and a socket. */
export interface BareEngine {
  readonly idleMb: number;
  readonly startMs: number;
}

/** Starts a node of this program over and over, then leaves one alone for two minutes, and watches the second. */
export async function measureFootprint(command: readonly string[]): Promise<Footprint> {
  await using stack = new AsyncDisposableStack();
  const scope = { after: (work: () => Promise<void>) => stack.defer(work) };
  const broker = await startBroker(scope);
  const starts: number[] = [];
  for (let count = 0; count < STARTS; count += 1) {
    const before = performance.now();
    await using node = await startStewardNode({ name: 'ship1', broker, command, waitUntilReady: false });
    await waitFor('the socket', () => accepts(node.socketPath), { intervalMs: 1 });
    starts.push(performance.now() - before);
  }
  const node = await startStewardNode({ name: 'ship1', broker, command }, scope);
  const idleMb = (await settledRss(node)) / MB;
  const privateMb = (await privateBytes(node.pid)) / MB;
  await minute();
  const before = { at: performance.now(), ...(await usedBy(node.pid)) };
  await minute();
  const after = await usedBy(node.pid);
  const seconds = (performance.now() - before.at) / 1000;
  return {
    idleMb,
    privateMb,
    startMs: median(starts),
    cpuPercent: ((after.cpuSeconds - before.cpuSeconds) / seconds) * 100,
    writtenKbPerHour: (((after.writtenBytes - before.writtenBytes) / seconds) * 3600) / 1000,
  };
}

/** Node.js, or another engine, with a database and a socket in the same run. */
export async function measureBareEngine(engine: readonly string[]): Promise<BareEngine> {
  const [command, ...first] = engine;
  const starts: number[] = [];
  let idleMb = 0;
  for (let count = 0; count < STARTS; count += 1) {
    await using folder = await tempFolder();
    const args = [...first, join(import.meta.dirname, 'limits/bare-engine.ts'), folder.path];
    const before = performance.now();
    const program = await ChildProgram.start({ command: command!, args });
    await waitFor('it to listen', () => program.stdout !== '', { intervalMs: 1 });
    starts.push(performance.now() - before);
    idleMb = (await field(`/proc/${program.pid}/status`, 'VmRSS')) / MB;
    await program.kill();
  }
  return { idleMb, startMs: median(starts) };
}

async function minute(): Promise<void> {
  const began = performance.now();
  const isOver = () => performance.now() - began >= IDLE_MS;
  await waitFor('a minute', isOver, { timeoutMs: 2 * IDLE_MS, intervalMs: 500 });
}

async function usedBy(pid: number): Promise<{ cpuSeconds: number; writtenBytes: number }> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  const written = /^write_bytes: (\d+)$/m.exec(await readFile(`/proc/${pid}/io`, 'utf8'));
  return { cpuSeconds: (Number(user) + Number(system)) / 100, writtenBytes: Number(written?.[1]) };
}

async function privateBytes(pid: number): Promise<number> {
  const file = `/proc/${pid}/smaps_rollup`;
  return (await field(file, 'Private_Clean')) + (await field(file, 'Private_Dirty'));
}

/** A figure of the system's in kB, as bytes. */
async function field(path: string, name: string): Promise<number> {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(await readFile(path, 'utf8'));
  if (found === null) throw new Error(`${path} has no ${name}`);
  return Number(found[1]) * 1024;
}
