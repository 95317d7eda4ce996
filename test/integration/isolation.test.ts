import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFleet, submitAll, waitForEnd, waitForState } from '../support/fleet.ts';
import type { StewardNode } from '../support/node.ts';

test('fault 1: messages to a live node take no longer because another node is dead', async (t) => {
  const { central, ship1 } = await startFleet(t);
  await latencies(central, ship1, 10);
  const alone = await latencies(central, ship1, 40);
  const dead = Array.from({ length: 5000 }, () => ({
    toNodes: ['ship7', 'ship8'],
    method: 'REQCliCommand',
    methodArgs: ['true'],
    ACKTimeout: 1,
  }));
  await submitAll(central, dead);
  const besideDead = await latencies(central, ship1, 40);
  t.diagnostic(
    `median ${median(alone).toFixed(1)} ms alone, ${median(besideDead).toFixed(1)} ms beside the dead`,
  );
  assert.ok(median(besideDead) < 4 * median(alone) + 5, `${median(besideDead)} against ${median(alone)}`);
});

test('a long command does not keep the next one waiting', async (t) => {
  const { central, ship1 } = await startFleet(t);
  const [long, next] = await submitAll(central, [
    { ...command('sleep', '30'), methodTimeout: 60 },
    command('echo', 'next'),
  ]);
  await waitForState(central, long!, 'running');
  const row = await waitForEnd(central, next!, 5000);
  assert.equal(row.state, 'succeeded');
  assert.ok(Number(row.ended_at) - Number(row.accepted_at) < 2500, JSON.stringify(row));
  await central.waitForFile('cli/ship1/out.log', (text) => text === 'next\n');
  assert.equal(ship1.query("SELECT state FROM journal WHERE state = 'running'").length, 1);
});

test('long commands and a frozen node do not stop other methods, nor messages the other way', async (t) => {
  const { central, ship1 } = await startFleet(t);
  await submitAll(
    central,
    Array.from({ length: 30 }, () => ({ ...command('sleep', '20'), methodTimeout: 60 })),
  );
  const before = await latencies(central, ship1, 10);
  assert.ok(median(before) < 1000, `an append takes ${median(before)} ms`);
  const [back] = await submitAll(ship1, { ...command('echo', 'from ship1'), toNode: 'central' });
  assert.equal((await waitForEnd(ship1, back!, 5000)).state, 'succeeded');

  ship1.pause();
  const [own] = await submitAll(central, { ...command('echo', 'own'), toNode: 'central' });
  assert.equal((await waitForEnd(central, own!, 5000)).state, 'succeeded');
  const [late] = await submitAll(central, append('late\n'));
  ship1.resume();
  assert.equal((await waitForEnd(central, late!, 20_000)).state, 'succeeded');
});

function command(...methodArgs: string[]): object {
  return {
    toNode: 'ship1',
    method: 'REQCliCommand',
    methodArgs,
    replyMethod: 'REQToFileAppend',
    directory: 'cli',
    fileName: 'out.log',
    ACKTimeout: 1,
  };
}

function append(text: string): object {
  return {
    toNode: 'ship1',
    method: 'REQToFileAppend',
    data: [text],
    directory: 'live',
    fileName: 'live.log',
    ACKTimeout: 1,
  };
}

/** How long appends take from submission until they stand in the file, one after the other, ms. */
async function latencies(central: StewardNode, ship1: StewardNode, count: number): Promise<number[]> {
  const found: number[] = [];
  for (let index = 0; index < count; index++) {
    const text = `${index} ${performance.now()}\n`;
    const startedAt = performance.now();
    await submitAll(central, append(text));
    await ship1.waitForFile('live/ship1/live.log', (content) => content.endsWith(text), 30_000);
    found.push(performance.now() - startedAt);
  }
  return found;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
