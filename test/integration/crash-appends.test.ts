import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { killInTurns, randomPoints, seededRandom } from '../support/chaos.ts';
import { sentOn, startFleet } from '../support/fleet.ts';
import type { StewardNode } from '../support/node.ts';
import { waitFor } from '../support/wait-for.ts';

const TOTAL = 5000;
const SLICE = 200;
const KILLS = 9;
/** Every line has the same length, so that the file's size tells how many there are. */
const LINE_BYTES = 6;
const SUBJECT = 'ship1.REQToFileAppend.EventACK';

test('faults 5, 8: 5,000 appends arrive once each and in order, however often nodes and broker are killed', async (t) => {
  const seed = Number(process.env.STEWARD_TEST_SEED ?? Date.now() % 1_000_000);
  t.diagnostic(`STEWARD_TEST_SEED=${seed}`);
  const random = seededRandom(seed);
  const { broker, central, ship1 } = await startFleet(t);
  const path = join(ship1.dataFolder, 'numbers/ship1/lines.log');
  const written = () => (statSync(path, { throwIfNoEntry: false })?.size ?? 0) / LINE_BYTES;
  const [kills] = await Promise.all([
    killInTurns({
      points: randomPoints(KILLS, TOTAL, random),
      victims: [
        { name: 'broker', restart: () => broker.restart() },
        { name: 'central', restart: () => central.restart() },
        { name: 'ship1', restart: () => ship1.restart() },
      ],
      progress: written,
      random,
    }),
    submitLines(central, written),
  ]);
  t.diagnostic(`killed: ${kills.join(', ')}`);
  await waitFor('all appends to end', () => openCount(central) === 0, { timeoutMs: 30_000 });

  const lines = Array.from({ length: TOTAL }, (_, index) => line(index)).join('');
  const found = await ship1.file('numbers/ship1/lines.log');
  assert.ok(found === lines, `kills: ${kills.join(', ')}; seed ${seed}; ${difference(found)}`);
  const rows = sentOn(central, SUBJECT);
  assert.equal(rows.length, TOTAL);
  assert.deepEqual([...new Set(rows.map(({ state }) => state))], ['succeeded']);
});

/** Submits all lines in slices, never far ahead of the file; what a killed node had not accepted, again. */
async function submitLines(central: StewardNode, written: () => number): Promise<void> {
  for (let next = 0; next < TOTAL; ) {
    await waitFor('room for more', () => next - written() < 2.5 * SLICE, { timeoutMs: 60_000 });
    const messages = Array.from({ length: Math.min(SLICE, TOTAL - next) }, (_, index) => ({
      toNode: 'ship1',
      method: 'REQToFileAppend',
      data: [line(next + index)],
      directory: 'numbers',
      fileName: 'lines.log',
      ACKTimeout: 1,
    }));
    try {
      const answer = await central.submit(messages);
      const { length } = answer.accepted as unknown[];
      assert.equal(length, messages.length, JSON.stringify(answer.refused));
      next += length;
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      // The ledger alone knows what was accepted before the node was killed.
      await waitFor('central to be back', () => hasStarted(central), { timeoutMs: 30_000 });
      next = sentOn(central, SUBJECT).length;
    }
  }
}

function hasStarted(node: StewardNode): boolean {
  return node.program.exit === undefined && node.logLines().some(({ msg }) => msg === 'started');
}

function openCount(central: StewardNode): number {
  return sentOn(central, SUBJECT).filter(({ ended_at }) => ended_at === null).length;
}

function line(index: number): string {
  return `${String(index).padStart(LINE_BYTES - 1, '0')}\n`;
}

function difference(found: string): string {
  const lines = found.split('\n').slice(0, -1);
  const wrong = lines.findIndex((text, index) => Number(text) !== index);
  return `${lines.length} lines, wrong from ${wrong}: ${lines.slice(Math.max(0, wrong - 2), wrong + 5).join(' ')}`;
}
