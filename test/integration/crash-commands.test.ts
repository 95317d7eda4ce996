import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { killInTurns, randomPoints, submitThroughKills, victimsOf } from '../support/chaos.ts';
import { sentOn, startFleet } from '../support/fleet.ts';
import { randomTest } from '../support/random-test.ts';
import { waitFor } from '../support/wait-for.ts';

const TOTAL = 200;
const SLICE = 15;
const KILLS = 6;
const PINNED = { pinnedShare: 1 / 4 };
const SUBJECT = 'ship1.REQCliCommand.CommandACK';

randomTest(
  'faults 5, 6, 8: no command runs twice and each gets a final state, however often nodes and broker are killed',
  async (t, { seed, random, share }) => {
    const total = share(TOTAL);
    const { broker, central, ship1 } = await startFleet(t);
    const path = join(ship1.folder, 'numbers');
    const numbers = () =>
      existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1).map(Number) : [];
    const [kills] = await Promise.all([
      killInTurns({
        points: randomPoints(share(KILLS), total, random),
        victims: victimsOf(broker, central, ship1),
        progress: () => numbers().at(-1) ?? 0,
        random,
      }),
      submitThroughKills(central, {
        ...{ subject: SUBJECT, total, slice: SLICE, most: 2.5 * SLICE },
        done: () => numbers().at(-1) ?? 0,
        message: (index) => ({
          toNode: 'ship1',
          method: 'REQCliCommand',
          methodArgs: ['bash', '-c', `echo ${index} >> ${path}`],
          methodTimeout: 30,
          replyMethod: 'REQNone',
          ACKTimeout: 1,
        }),
      }),
    ]);
    t.diagnostic(`killed: ${kills.join(', ')}`);
    const open = () => sentOn(central, SUBJECT).filter(({ ended_at }) => ended_at === null);
    await waitFor('all commands to end', () => open().length === 0, { timeoutMs: 30_000 });

    const rows = sentOn(central, SUBJECT);
    const found = numbers();
    const about = `seed ${seed}; kills: ${kills.join(', ')}`;
    assert.equal(rows.length, total, about);
    const states = Map.groupBy(rows.keys(), (number) => String(rows[number]!.state));
    t.diagnostic([...states].map(([state, all]) => `${state}: ${all.length}`).join(', '));
    assert.deepEqual(
      [...states.keys()].filter((state) => !['succeeded', 'interrupted'].includes(state)),
      [],
      about,
    );
    assert.deepEqual(
      found,
      [...new Set(found)].toSorted((a, b) => a - b),
      `${about}: once each, in order`,
    );
    assert.deepEqual(
      (states.get('succeeded') ?? []).filter((number) => !found.includes(number)),
      [],
      about,
    );
    const neverRun = [...Array(total).keys()].filter((number) => !found.includes(number));
    assert.deepEqual(
      neverRun.filter((number) => rows[number]!.state !== 'interrupted'),
      [],
      about,
    );
  },
  PINNED,
);
