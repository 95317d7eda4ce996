import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ApiClient } from '../src/client/api-client.ts';
import type { StewardNode } from '../test/support/node.ts';
import { startFleet } from './fleet.ts';
import { median } from './statistics.ts';

const WARM_UP = 5;
const ROUNDS = 21;

/** How long the list of nodes takes, ms: by the API, and the bare query of the same rows. */
export interface ApiRun {
  readonly listMs: number;
  readonly queryMs: number;
  readonly bytes: number;
}

/** Gives central a list of `count` nodes, and asks for it again and again. */
export async function measureApi(count: number): Promise<ApiRun> {
  await using fleet = await startFleet();
  const { central } = fleet;
  await central.stop();
  fillNodes(central, count);
  await central.start();
  await using client = new ApiClient({ socketPath: join(central.folder, 'tmp/stew.sock') });
  const nodes = await client.nodes();
  if (nodes.length < count) throw new Error(`the list has ${nodes.length} nodes, not ${count}`);
  const listMs = await medianMs(() => client.nodes());
  using database = new DatabaseSync(databasePath(central), { readOnly: true, timeout: 5000 });
  const query = database.prepare('SELECT * FROM nodes');
  const queryMs = await medianMs(async () => query.all());
  return { listMs, queryMs, bytes: Buffer.byteLength(JSON.stringify(nodes)) };
}

async function medianMs(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    const before = performance.now();
    await work();
    if (round >= WARM_UP) times.push(performance.now() - before);
  }
  return median(times);
}

function fillNodes(node: StewardNode, count: number): void {
  using database = new DatabaseSync(databasePath(node));
  const insert = database.prepare('INSERT INTO nodes (name, last_seen, info) VALUES (?, ?, ?)');
  const info = { version: '0.1.0', os: 'linux', arch: 'x64', uptime: 3600, labels: { site: 'north' } };
  database.exec('BEGIN');
  for (let number = 0; number < count; number++) {
    insert.run(`ship${String(number).padStart(5, '0')}`, Date.now() - number, JSON.stringify(info));
  }
  database.exec('COMMIT');
}

function databasePath(node: StewardNode): string {
  return join(node.databaseFolder, 'steward.db');
}
