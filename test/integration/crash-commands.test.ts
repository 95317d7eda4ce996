import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { killInTurns, randomPoints, submitThroughKills, testRandom, victimsOf } from '../support/chaos.ts';
import { sentOn, startFleet } from '../support/fleet.ts';
import { waitFor } from '../support/wait-for.ts';

const TOTAL = 300;
const SLICE = 15;
const KILLS = 9;
const SUBJECT = 'ship1.REQCliCommand.CommandACK';

test('faults 5, 6, 8: of 300 commands none runs twice and each gets a final state, however often nodes and broker are killed', async (t) => {
  const { seed, random } = testRandom(t);
  const { broker, central, ship1 } = await startFleet(t);
  const path = join(ship1.folder, 'numbers');
  const numbers = () =>
    existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1).map(Number) : [];
  const [kills] = await Promise.all([
    killInTurns({
      points: randomPoints(KILLS, TOTAL, random),
      victims: victimsOf(broker, central, ship1),
      progress: () => numbers().at(-1) ?? 0,
      random,
    }),
    submitThroughKills(central, {
      ...{ subject: SUBJECT, total: TOTAL, slice: SLICE, most: 2.5 * SLICE },
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
  assert.equal(rows.length, TOTAL, about);
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
  const neverRun = [...Array(TOTAL).keys()].filter((number) => !found.includes(number));
  assert.deepEqual(
    neverRun.filter((number) => rows[number]!.state !== 'interrupted'),
    [],
    about,
  );
});
