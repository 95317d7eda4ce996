import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBroker } from '../support/broker.ts';
import { FAST_RECONNECT, submitAll } from '../support/fleet.ts';
import { type StewardNode, startStewardNode } from '../support/node.ts';
import { startReferencePeer } from '../support/reference-peer.ts';
import { waitFor } from '../support/wait-for.ts';

const LINES = 'lines/ship1/all';
const ROUNDS = Number(process.env.STEWARD_TEST_ROUNDS ?? 2);

function open(central: StewardNode): number {
  return central.query(`SELECT 1 FROM ledger WHERE batch IS NOT NULL AND ended_at IS NULL`).length;
}

function message(n: number): object {
  const place = { directory: 'lines', fileName: 'all' };
  return { ...place, toNode: 'ship1', method: 'REQToFileAppend', data: [`${n}\n`], ACKTimeout: 1 };
}

test('a node that goes to the original and back, again and again, gets each line of a queue once', async (t) => {
  const broker = await startBroker(t);
  const central = await startStewardNode({ name: 'central', broker, flags: FAST_RECONNECT }, t);
  const ship1 = await startStewardNode({ name: 'ship1', broker, flags: FAST_RECONNECT }, t);
  const lines: string[] = [];
  let count = 0;
  for (let round = 0; round < ROUNDS; round++) {
    // Half of the queue is under way when the node stops, and the rest waits for what comes in its place.
    const next = () => Array.from({ length: 100 }, () => message(++count));
    const queued = submitAll(central, next());
    await waitFor('some', async () => (await ship1.file(LINES).catch(() => '')).length > 0);
    await ship1.stop();
    await submitAll(central, next());
    await queued;
    const peer = await startReferencePeer({ node: 'ship1', broker }, t);
    await peer.waitFor('many', () => peer.messages('REQToFileAppend').length > 20);
    await peer[Symbol.asyncDispose]();
    lines.push(
      ...peer
        .messages('REQToFileAppend')
        .flatMap(({ data }) => (data ?? []).map((item) => Buffer.from(item).toString())),
    );
    await ship1.start();
    await waitFor('the end of the queue', () => open(central) === 0);
  }
  const all = [...lines, ...(await ship1.file(LINES)).split(/(?<=\n)/)].map(Number);
  const numbers = Array.from({ length: count }, (_, at) => at + 1);
  const times = (n: number) => all.filter((one) => one === n).length;
  assert.deepEqual(
    numbers.filter((n) => times(n) !== 1).map((n) => `${n}: ${times(n)} times`),
    [],
  );
});
