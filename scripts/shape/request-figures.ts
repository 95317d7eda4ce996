import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startBroker } from '../../test/support/broker.ts';
import { FAST_RECONNECT, submitAll, waitForEnd } from '../../test/support/fleet.ts';
import { INSPECT, Inspector } from '../../test/support/inspector.ts';
import { type StewardNode, startStewardNode } from '../../test/support/node.ts';
import { waitFor } from '../../test/support/wait-for.ts';

/** What one node does for one request. */
export interface RequestFigures {
  readonly functions: number;
  readonly files: number;
  readonly commits: number;
  /** The calls of each function in the last command measured, by `<file>:<offset>:<name>`. */
  readonly ran: ReadonlyMap<string, number>;
}

/** Longer than what an idle node does again and again, and than the pause that ends a rush of commands. */
const WINDOW_MS = 3000;
const MEASURED = 5;
const WARM_UPS = 3;

/** What sender and target do for one REQCliCommand with its output back, after a warm-up, less what they do idle. */
export async function requestFigures(
  checkout: string,
): Promise<{ sender: RequestFigures; target: RequestFigures }> {
  await using stack = new AsyncDisposableStack();
  const scope = { after: (work: () => Promise<void>) => stack.defer(work) };
  const broker = await startBroker(scope, { kind: 'nats-server' });
  const src = join(checkout, 'src');
  const flags = [INSPECT, '--disable-warning=ExperimentalWarning'];
  const command = [process.execPath, ...flags, join(src, 'main.ts')];
  const start = (name: string) =>
    startStewardNode({ name, broker, flags: { ...FAST_RECONNECT, startPubREQHello: 3600 }, command }, scope);
  const [central, ship1] = await Promise.all([start('central'), start('ship1')]);
  const watched = await Promise.all([central, ship1].map((node) => watch(node, src)));
  for (let count = 0; count < WARM_UPS; count += 1) {
    await runCommand(central, `warm${count}`);
    await pause();
  }
  for (const { take } of watched) await take();
  await pause();
  const idle = await Promise.all(watched.map(({ take }) => take()));
  const runs: RequestFigures[][] = [];
  for (let count = 0; count < MEASURED; count += 1) {
    await runCommand(central, `measured${count}`);
    await pause();
    const busy = await Promise.all(watched.map(({ take }) => take()));
    runs.push(busy.map((one, index) => difference(one, idle[index]!)));
  }
  const [sender, target] = watched.map((_, index) => medians(runs.map((run) => run[index]!)));
  for (const { inspector } of watched) await inspector[Symbol.asyncDispose]();
  return { sender: sender!, target: target! };
}

interface Taken {
  /** With the calls of each. */
  readonly functions: ReadonlyMap<string, number>;
  readonly commits: number;
}

async function watch(node: StewardNode, src: string) {
  const inspector = await Inspector.attach(node);
  await inspector.startCoverage();
  let before = commitsIn(node);
  const take = async (): Promise<Taken> => {
    const functions = await inspector.functionsRun(src);
    const now = commitsIn(node);
    const commits = now - before;
    before = now;
    return { functions, commits };
  };
  return { inspector, take };
}

function difference(busy: Taken, idle: Taken): RequestFigures {
  const ran = new Map([...busy.functions].filter(([one]) => !idle.functions.has(one)));
  const files = new Set([...ran.keys()].map((one) => one.split(':')[0]));
  return { functions: ran.size, files: files.size, commits: busy.commits - idle.commits, ran };
}

/** The middle of each figure: whether two statements share a commit is a matter of moments. */
function medians(runs: readonly RequestFigures[]): RequestFigures {
  const middle = (figure: 'functions' | 'files' | 'commits') =>
    runs.map((run) => run[figure]).toSorted((a, b) => a - b)[Math.floor(runs.length / 2)]!;
  return {
    functions: middle('functions'),
    files: middle('files'),
    commits: middle('commits'),
    ran: runs.at(-1)!.ran,
  };
}

async function runCommand(central: StewardNode, fileName: string): Promise<void> {
  const [id] = await submitAll(central, {
    toNode: 'ship1',
    method: 'REQCliCommand',
    methodArgs: ['echo', 'ran'],
    directory: 'out',
    fileName,
  });
  await waitForEnd(central, id!);
  await central.waitForFile(`out/ship1/${fileName}`);
}

async function pause(): Promise<void> {
  const end = performance.now() + WINDOW_MS;
  await waitFor('the window to end', () => performance.now() >= end, { intervalMs: 100 });
}

/** The transactions in a node's write-ahead log: frames that say how large the database is after them. */
function commitsIn(node: StewardNode): number {
  const log = readFileSync(join(node.databaseFolder, 'steward.db-wal'));
  if (log.length < 32) return 0;
  const pageSize = log.readUInt32BE(8);
  let commits = 0;
  for (let at = 32; at + 24 + pageSize <= log.length; at += 24 + pageSize) {
    // What lies behind is of an earlier round of the file.
    if (!log.subarray(at + 8, at + 16).equals(log.subarray(16, 24))) break;
    if (log.readUInt32BE(at + 4) !== 0) commits += 1;
  }
  return commits;
}
