import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ledgerRow, sharedFleet, submitAll, waitForEnd, waitForState } from '../support/fleet.ts';
import type { StewardNode } from '../support/node.ts';

const fleet = sharedFleet();

test('a long command does not keep the next one waiting', async () => {
  const { central, ship1 } = await fleet();
  const [long, next] = await submitAll(central, [
    { ...command('sleep', '300'), methodTimeout: 600 },
    command('echo', 'next'),
  ]);
  await waitForState(central, long!, 'running');
  assert.equal((await waitForEnd(central, next!, 60_000)).state, 'succeeded');
  await central.waitForFile('cli/ship1/out.log', (text) => text === 'next\n');
  const running = ship1.query("SELECT id FROM journal WHERE state = 'running'");
  assert.deepEqual(
    running.map(({ id }) => id),
    [long],
  );
});

test('long commands and a frozen node do not stop other methods, nor messages the other way', async () => {
  const { central, ship1 } = await fleet();
  const long = await submitAll(
    central,
    Array.from({ length: 30 }, () => ({ ...command('sleep', '300'), methodTimeout: 600 })),
  );
  await latencies(central, ship1, 10);
  const [back] = await submitAll(ship1, { ...command('echo', 'from ship1'), toNode: 'central' });
  assert.equal((await waitForEnd(ship1, back!, 60_000)).state, 'succeeded');
  assert.deepEqual(
    long.filter((id) => ledgerRow(central, id)?.ended_at != null),
    [],
  );

  ship1.pause();
  const [own] = await submitAll(central, { ...command('echo', 'own'), toNode: 'central' });
  assert.equal((await waitForEnd(central, own!, 60_000)).state, 'succeeded');
  const [late] = await submitAll(central, append('late\n'));
  ship1.resume();
  assert.equal((await waitForEnd(central, late!, 60_000)).state, 'succeeded');
});

test('fault 1: messages to a live node take no longer because another node is dead', async (t) => {
  const { central, ship1 } = await fleet();
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
  // Were they to wait for the dead, it would be a second at least: their ACKTimeout.
  const most = 4 * median(alone) + 500;
  assert.ok(median(besideDead) < most, `${median(besideDead)} against ${median(alone)}`);
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
