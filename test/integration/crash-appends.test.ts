import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { killInTurns, randomPoints, submitThroughKills, testRandom, victimsOf } from '../support/chaos.ts';
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
  const { seed, random } = testRandom(t);
  const { broker, central, ship1 } = await startFleet(t);
  const path = join(ship1.dataFolder, 'numbers/ship1/lines.log');
  const written = () => (statSync(path, { throwIfNoEntry: false })?.size ?? 0) / LINE_BYTES;
  const [kills] = await Promise.all([
    killInTurns({
      points: randomPoints(KILLS, TOTAL, random),
      victims: victimsOf(broker, central, ship1),
      progress: written,
      random,
    }),
    submitThroughKills(central, {
      ...{ subject: SUBJECT, total: TOTAL, slice: SLICE, most: 2.5 * SLICE, done: written },
      message: (index) => ({
        toNode: 'ship1',
        method: 'REQToFileAppend',
        data: [line(index)],
        directory: 'numbers',
        fileName: 'lines.log',
        ACKTimeout: 1,
      }),
    }),
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
