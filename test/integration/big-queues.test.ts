import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startBroker } from '../support/broker.ts';
import { FAST_RECONNECT, startFleet, submitAll } from '../support/fleet.ts';
import { type StewardNode, startStewardNode } from '../support/node.ts';
import { waitFor } from '../support/wait-for.ts';

const MB = 1024 * 1024;
const LINE_BYTES = 100;

test('fault 8: 20,000 messages of one submission arrive whole and in order', async (t) => {
  const { central, ship1 } = await startFleet(t);
  const startedAt = performance.now();
  await submitAll(central, messages(0, 20_000));
  await waitForLines(ship1, 20_000);
  t.diagnostic(`${Math.round(performance.now() - startedAt)} ms`);
  assert.ok((await ship1.file('many/ship1/lines.log')) === lines(20_000));
});

test('fault 25: 100,000 messages queued for a dead node cost disk, not memory, and reach it in order when it appears', async (t) => {
  const broker = await startBroker(t);
  const central = await startStewardNode({ name: 'central', broker, flags: FAST_RECONNECT }, t);
  // What the first submissions make the node load stays; it is no part of what the queue costs.
  await submitAll(
    central,
    messages(0, 1000).map((message) => ({ ...message, toNode: 'central' })),
  );
  await waitForLines(central, 1000);
  const idle = await central.rssBytes();
  for (let first = 0; first < 100_000; first += 10_000) await submitAll(central, messages(first, 10_000));
  const peak = await central.peakRssBytes();
  const settled = await waitFor(
    'memory to settle',
    async () => {
      const rss = await central.rssBytes();
      if (rss > idle + 60 * MB) throw new Error(`idle ${mb(idle)} MB, now ${mb(rss)} MB`);
      return rss;
    },
    { timeoutMs: 20_000, intervalMs: 100 },
  );
  t.diagnostic(`idle ${mb(idle)}, 100,000 queued ${mb(settled)}, peak ${mb(peak)} MB`);

  const startedAt = performance.now();
  const ship1 = await startStewardNode({ name: 'ship1', broker, flags: FAST_RECONNECT }, t);
  await waitForLines(ship1, 100_000);
  t.diagnostic(
    `drained in ${Math.round(performance.now() - startedAt)} ms; central ${mb(await central.rssBytes())} MB`,
  );
  assert.ok((await ship1.file('many/ship1/lines.log')) === lines(100_000));
});

function messages(first: number, count: number): object[] {
  return Array.from({ length: count }, (_, index) => ({
    toNode: 'ship1',
    method: 'REQToFileAppend',
    data: [line(first + index)],
    directory: 'many',
    fileName: 'lines.log',
    ACKTimeout: 1,
  }));
}

function line(index: number): string {
  return `${String(index).padEnd(LINE_BYTES - 1, '.')}\n`;
}

function lines(count: number): string {
  return Array.from({ length: count }, (_, index) => line(index)).join('');
}

function waitForLines(node: StewardNode, count: number): Promise<boolean> {
  const path = join(node.dataFolder, `many/${node.name}/lines.log`);
  const look = () => statSync(path).size >= count * LINE_BYTES;
  return waitFor(`${count} lines on ${node.name}`, look, { timeoutMs: 45_000, intervalMs: 25 });
}

function mb(bytes: number): string {
  return (bytes / MB).toFixed(0);
}
