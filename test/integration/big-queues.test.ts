import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startBroker } from '../support/broker.ts';
import { callSteward } from '../support/cli-call.ts';
import { FAST_RECONNECT, startFleet, submitAll } from '../support/fleet.ts';
import { Inspector, inspectedCommand } from '../support/inspector.ts';
import { type StewardNode, startStewardNode } from '../support/node.ts';
import { waitFor } from '../support/wait-for.ts';

const MB = 1024 * 1024;
const TOTAL = 4000;
const LINE_BYTES = 30_000;
/** So many go in one submission: 15 MB. */
const SLICE = 500;
/** What three quarters of them may cost, which are 90 MB. */
const ALLOWED_BYTES = 60 * MB;

test('fault 8: 20,000 messages of one submission arrive whole and in order', async (t) => {
  const { messages, lines, waitForLines } = linesOf(100);
  const { central, ship1 } = await startFleet(t);
  const startedAt = performance.now();
  await submitAll(central, messages(0, 20_000));
  await waitForLines(ship1, 20_000);
  t.diagnostic(`${Math.round(performance.now() - startedAt)} ms`);
  assert.ok((await ship1.file('many/ship1/lines.log')) === lines(20_000));
});

test('fault 25: 4,000 messages of 30 kB queued for a dead node cost disk, not memory, and reach it in order when it appears', async (t) => {
  const { messages, lines, waitForLines } = linesOf(LINE_BYTES);
  const broker = await startBroker(t);
  const options = { name: 'central', broker, flags: FAST_RECONNECT, command: inspectedCommand() };
  const central = await startStewardNode(options, t);
  await using inspector = await Inspector.attach(central);
  const submit = (first: number) => submitAll(central, messages(first, SLICE));
  // What the first submissions make the node load, and what the allocator keeps for the next, does not grow with the queue.
  for (let first = 0; first < TOTAL / 4; first += SLICE) await submit(first);
  // The thread that reads a database of this size is there from its first question on.
  assert.equal(
    (await callSteward(['status'], { socketPath: join(central.folder, 'tmp/stew.sock') })).code,
    0,
  );
  await inspector.collectGarbage();
  const before = await central.rssBytes();
  for (let first = TOTAL / 4; first < TOTAL; first += SLICE) await submit(first);
  const peak = await central.peakRssBytes();
  const settled = await waitFor(
    'memory to settle',
    async () => {
      await inspector.collectGarbage();
      const rss = await central.rssBytes();
      if (rss > before + ALLOWED_BYTES) throw new Error(`before ${mb(before)} MB, now ${mb(rss)} MB`);
      return rss;
    },
    { timeoutMs: 20_000, intervalMs: 500 },
  );
  t.diagnostic(`a quarter queued ${mb(before)}, ${TOTAL} queued ${mb(settled)}, peak ${mb(peak)} MB`);

  const startedAt = performance.now();
  const ship1 = await startStewardNode({ name: 'ship1', broker, flags: FAST_RECONNECT }, t);
  await waitForLines(ship1, TOTAL);
  t.diagnostic(
    `drained in ${Math.round(performance.now() - startedAt)} ms; central ${mb(await central.rssBytes())} MB`,
  );
  assert.ok((await ship1.file('many/ship1/lines.log')) === lines(TOTAL));
});

/** Numbered lines of so many bytes, as messages, as the file that they become, and on their way there. */
function linesOf(bytes: number) {
  const line = (index: number) => `${String(index).padEnd(bytes - 1, '.')}\n`;
  const messages = (first: number, count: number) =>
    Array.from({ length: count }, (_, index) => ({
      toNode: 'ship1',
      method: 'REQToFileAppend',
      data: [line(first + index)],
      directory: 'many',
      fileName: 'lines.log',
      ACKTimeout: 1,
    }));
  const lines = (count: number) => Array.from({ length: count }, (_, index) => line(index)).join('');
  const waitForLines = (node: StewardNode, count: number) => {
    const path = join(node.dataFolder, `many/${node.name}/lines.log`);
    const look = () => statSync(path).size >= count * bytes;
    return waitFor(`${count} lines on ${node.name}`, look, { timeoutMs: 45_000 });
  };
  return { messages, lines, waitForLines };
}

function mb(bytes: number): string {
  return (bytes / MB).toFixed(0);
}
