import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBroker } from '../support/broker.ts';
import type { TestScope } from '../support/dispose-after.ts';
import { FAST_RECONNECT, submitAll } from '../support/fleet.ts';
import { Inspector, inspectedCommand } from '../support/inspector.ts';
import { type StewardNode, startStewardNode } from '../support/node.ts';
import { waitFor } from '../support/wait-for.ts';

const MB = 1024 * 1024;
/** What a queue of 300 MB may cost in memory. */
const ALLOWED_BYTES = 60 * MB;

test('50 messages of 6 kB for each of 1,000 nodes that are away cost disk, and next to no memory, after a restart too', async (t) => {
  const { central, idle } = await startCentral(t);
  const nodes = Array.from({ length: 1000 }, (_, at) => `away${at}`);
  const message = append({ toNodes: nodes, data: ['x'.repeat(6000)] });
  const submit = () => submitAll(central, Array(5).fill(message));
  // What the allocator keeps of one submission for the next is no queue: it does not grow with it.
  await submit();
  const afterOne = await memoryInUse(central);
  for (let round = 1; round < 10; round++) await submit();
  assert.equal(central.query('SELECT count(*) AS n FROM outbox')[0]?.n, 50_000);
  t.diagnostic(`queued: ${await settled(central, afterOne)}`);
  await central.stop();
  await central.start();
  t.diagnostic(`after a restart: ${await settled(central, idle)}`);
});

function append(more: object): object {
  return { method: 'REQToFileAppend', directory: 'd', fileName: 'f', ACKTimeout: 5, ...more };
}

/** A central node, and its memory at rest; what its first submissions make it load is no part of what a queue costs. */
async function startCentral(t: TestScope): Promise<{ central: StewardNode; idle: number }> {
  const broker = await startBroker(t);
  const options = { name: 'central', broker, flags: FAST_RECONNECT, command: inspectedCommand() };
  const central = await startStewardNode(options, t);
  await submitAll(
    central,
    Array.from({ length: 500 }, () => append({ toNode: 'central', data: ['x'] })),
  );
  await waitFor('its own messages', () => central.query('SELECT * FROM outbox').length === 0);
  return { central, idle: await memoryInUse(central) };
}

/** The memory of a node once nothing is in it that it has done with. */
async function memoryInUse(node: StewardNode): Promise<number> {
  await using inspector = await Inspector.attach(node);
  await inspector.collectGarbage();
  return node.rssBytes();
}

/** Waits for the memory that is in use to come down to what is allowed, and tells what it came to. */
async function settled(node: StewardNode, before: number): Promise<string> {
  const rss = await waitFor(
    'memory to settle',
    async () => {
      // When the engine would do so by itself is its own matter, and how busy the machine is.
      const now = await memoryInUse(node);
      if (now > before + ALLOWED_BYTES) throw new Error(`before ${mb(before)} MB, now ${mb(now)} MB`);
      return now;
    },
    { timeoutMs: 20_000, intervalMs: 500 },
  );
  return `before ${mb(before)} MB, now ${mb(rss)} MB, peak ${mb(await node.peakRssBytes())} MB`;
}

function mb(bytes: number): string {
  return (bytes / MB).toFixed(0);
}
