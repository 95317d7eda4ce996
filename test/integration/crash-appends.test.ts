import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { killInTurns, randomPoints, submitThroughKills, victimsOf } from '../support/chaos.ts';
import { sentOn, startFleet } from '../support/fleet.ts';
import type { StewardNode } from '../support/node.ts';
import { randomTest } from '../support/random-test.ts';
import { waitFor } from '../support/wait-for.ts';

const TOTAL = 3000;
const SLICE = 200;
const KILLS = 6;
/** Every line has the same length, so that the file's size tells how many there are. */
const LINE_BYTES = 6;
const PINNED = { pinnedShare: 1 / 4 };
const SUBJECT = 'ship1.REQToFileAppend.EventACK';

randomTest(
  'faults 5, 8: appends arrive once each and in order, however often nodes and broker are killed',
  async (t, { seed, random, share }) => {
    const total = share(TOTAL);
    const { broker, central, ship1 } = await startFleet(t);
    const path = join(ship1.dataFolder, 'numbers/ship1/lines.log');
    const written = () => (statSync(path, { throwIfNoEntry: false })?.size ?? 0) / LINE_BYTES;
    const [kills] = await Promise.all([
      killInTurns({
        points: randomPoints(share(KILLS), total, random),
        victims: victimsOf(broker, central, ship1),
        progress: written,
        random,
      }),
      submitThroughKills(central, {
        ...{ subject: SUBJECT, total, slice: SLICE, most: 2.5 * SLICE, done: written },
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

    const lines = Array.from({ length: total }, (_, index) => line(index)).join('');
    const found = await ship1.file('numbers/ship1/lines.log');
    assert.ok(found === lines, `kills: ${kills.join(', ')}; seed ${seed}; ${difference(found)}`);
    const rows = sentOn(central, SUBJECT);
    assert.equal(rows.length, total);
    assert.deepEqual([...new Set(rows.map(({ state }) => state))], ['succeeded']);
  },
  PINNED,
);

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
