import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { LONG_RUN_MS } from '../../src/journal/running/runner.ts';
import { killInTurns, randomPoints, submitThroughKills, victimsOf } from '../support/chaos.ts';
import { sentOn, startFleet } from '../support/fleet.ts';
import { randomTest } from '../support/random-test.ts';
import { waitFor } from '../support/wait-for.ts';

const TOTAL = 100;
const SLICE = 10;
const KILLS = 6;
/** Every output has this size: a number of six digits, padding, a newline. */
const OUTPUT_BYTES = 200_000;
const PINNED = { pinnedShare: 1 / 4 };
const SUBJECT = 'ship1.REQCliCommand.CommandACK';

randomTest(
  'faults 2, 5, 6, 8: large outputs come back whole, once and in order, however often nodes and broker are killed',
  async (t, { seed, random, share }) => {
    const total = share(TOTAL);
    const { broker, central, ship1 } = await startFleet(t, { brokerConfig: 'max_payload: 64KB' });
    const path = join(central.dataFolder, 'out/ship1/out.log');
    const arrived = () => (statSync(path, { throwIfNoEntry: false })?.size ?? 0) / OUTPUT_BYTES;
    const [kills] = await Promise.all([
      killInTurns({
        points: randomPoints(share(KILLS), total * 0.9, random),
        victims: victimsOf(broker, central, ship1),
        progress: arrived,
        random,
      }),
      submitThroughKills(central, {
        ...{ subject: SUBJECT, total, slice: SLICE, most: 3 * SLICE, done: arrived },
        message: (index) => ({
          toNode: 'ship1',
          method: 'REQCliCommand',
          methodArgs: [
            'bash',
            '-c',
            `printf '%06d%s\\n' ${index} $(head -c ${OUTPUT_BYTES - 7} /dev/zero | tr '\\0' x)`,
          ],
          methodTimeout: 30,
          replyMethod: 'REQToFileAppend',
          directory: 'out',
          fileName: 'out.log',
          ACKTimeout: 1,
        }),
      }),
    ]);
    const about = `seed ${seed}; killed: ${kills.join(', ')}`;
    t.diagnostic(about);
    const open = () => sentOn(central, SUBJECT).filter(({ ended_at }) => ended_at === null);
    await waitFor('all commands to end', () => open().length === 0, { timeoutMs: 30_000 });
    const isEmpty = () => ship1.query('SELECT key FROM outbox').length === 0;
    await waitFor('all replies to be delivered', isEmpty, { timeoutMs: 30_000 });

    const rows = sentOn(central, SUBJECT);
    assert.equal(rows.length, total, about);
    const content = await central.file('out/ship1/out.log');
    const found: number[] = [];
    for (const [whole, digits] of content.matchAll(/(\d{6})x*\n?/g)) {
      const number = Number(digits);
      // What an interrupted command had sent of its output stays; it is never mixed with another's.
      if (rows[number]?.state === 'interrupted') continue;
      assert.equal(whole.length, OUTPUT_BYTES, `${about}: output ${number} is whole`);
      found.push(number);
    }
    const succeeded = [...rows.keys()].filter((number) => rows[number]!.state === 'succeeded');
    // On a busy machine a run may take so long that the node lets the next ones go past it.
    const isLong = (number: number) => runMs(rows[number]!) > 0.9 * LONG_RUN_MS;
    const short = (numbers: readonly number[]) => numbers.filter((number) => !isLong(number));
    assert.deepEqual(short(found), short(succeeded), about);
    assert.deepEqual(
      found.toSorted((a, b) => a - b),
      succeeded,
      about,
    );
    const states = new Set(rows.map(({ state }) => String(state)));
    assert.deepEqual(
      [...states].filter((state) => state !== 'succeeded' && state !== 'interrupted'),
      [],
      `${about}; ${[...states]}`,
    );
    t.diagnostic(`interrupted: ${total - succeeded.length}; long: ${succeeded.filter(isLong).length}`);
  },
  PINNED,
);

/** How long a request ran, by the clock of the node that ran it. */
function runMs(row: Record<string, unknown>): number {
  return Number(row.there_ended_at) - Number(row.there_started_at);
}
