import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ApiClient } from '../src/client/api-client.ts';
import type { StewardNode } from '../test/support/node.ts';
import { fillLedger } from './fill-ledger.ts';
import { startFleet } from './fleet.ts';
import { median } from './statistics.ts';

const ROUNDS = 15;
const COUNT_BY_STATE = 'SELECT state, count(*) FROM ledger GROUP BY state';

/** How long it takes to ask about requests, ms. */
export interface StatusRun {
  /** `steward status --json`, from the start of the program to its end. */
  readonly commandMs: number;
  /** A program that does nothing. */
  readonly emptyMs: number;
  /** The query that says the same, by itself. */
  readonly queryMs: number;
  /** Single questions to the API, by what they ask. */
  readonly api: Readonly<Record<string, number>>;
}

/** Gives central a ledger of `count` requests, and asks for them in several ways. */
export async function measureStatus(count: number): Promise<StatusRun> {
  await using fleet = await startFleet({ ledgerKeepCount: count * 2 });
  const { central } = fleet;
  await central.stop();
  fillLedger(central, count);
  await central.start();
  const socket = join(central.folder, 'tmp/stew.sock');
  await using api = new ApiClient({ socketPath: socket });
  const { counts } = await api.status();
  const found = Object.values(counts).reduce((sum, one) => sum + one, 0);
  if (found !== count) throw new Error(`the node counts ${found} requests, not ${count}`);
  const launcher = process.env.STEWARD_TEST_PROGRAM?.trim() || resolve(import.meta.dirname, '../bin/steward');
  const [command, ...args] = launcher.split(/\s+/);
  return {
    commandMs: await medianMs(() => succeed(command!, [...args, 'status', '--json', '--socket', socket])),
    emptyMs: await medianMs(() => succeed(process.execPath, ['-e', '0'])),
    queryMs: await queryTime(central),
    api: await apiTimes(api),
  };
}

async function apiTimes(api: ApiClient): Promise<Record<string, number>> {
  const since = Date.now() - 3_600_000;
  const questions: Record<string, () => Promise<unknown>> = {
    counts: () => api.status(),
    newest: () => api.requests(),
    failed: () => api.requests({ state: ['failed'] }),
    queued: () => api.requests({ state: ['queued'] }),
    'of a node': () => api.requests({ node: ['ship042'] }),
    'failed on a node since an hour': () => api.requests({ node: ['ship042'], state: ['failed'], since }),
    'of a method': () => api.requests({ method: ['REQCliCommand'] }),
    batches: () => api.batches(),
  };
  const times: Record<string, number> = {};
  for (const [name, ask] of Object.entries(questions)) times[name] = await medianMs(ask);
  return times;
}

async function queryTime(node: StewardNode): Promise<number> {
  using database = new DatabaseSync(join(node.databaseFolder, 'steward.db'), {
    readOnly: true,
    timeout: 5000,
  });
  const query = database.prepare(COUNT_BY_STATE);
  return await medianMs(async () => query.all());
}

async function succeed(command: string, args: readonly string[]): Promise<void> {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${[command, ...args].join(' ')} ended with ${code}`);
}

/** The median of several rounds; the first one warms up. */
async function medianMs(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  await work();
  for (let round = 0; round < ROUNDS; round++) {
    const before = performance.now();
    await work();
    times.push(performance.now() - before);
  }
  return median(times);
}
