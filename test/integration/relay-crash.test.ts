import assert from 'node:assert/strict';
import { killInTurns, randomPoints, victimsOf } from '../support/chaos.ts';
import { sentOn, submitAll, waitForEnd } from '../support/fleet.ts';
import { randomTest } from '../support/random-test.ts';
import { RESULT, relayed, startRelayFleet } from '../support/relay-fleet.ts';
import { waitFor } from '../support/wait-for.ts';

const TOTAL = 100;
const KILLS = 8;
/** How many of the requests have ended, at their origin. */
const COUNT = `SELECT count(ended_at) AS n FROM ledger JOIN lanes ON lanes.id = ledger.key / 4294967296
  WHERE lanes.subject = 'ship1.REQRelayInitial.EventACK'`;
const PINNED = { pinnedShare: 1 / 4 };

randomTest(
  'faults 2, 5, 6, 8: relayed commands run once each, in order, however often nodes and broker are killed',
  async (t, { seed, random, share }) => {
    const total = share(TOTAL);
    const { broker, ship1, central, ship2 } = await startRelayFleet(t, { brokerConfig: 'max_payload: 64KB' });
    // 100,000 bytes come in two pieces each.
    const scripts = Array.from(
      { length: total },
      (_, n) => `echo ${n} >> runs; sleep 0.1; printf '%06d%099993d\\n' ${n} 0`,
    );
    const ids = await submitAll(
      ship1,
      scripts.map((script) => relayed(script, { ACKTimeout: 1 })),
    );
    const initials = () => sentOn(ship1, 'ship1.REQRelayInitial.EventACK');
    const ended = () => Number(ship1.query(COUNT)[0]!.n);
    const nodes = [ship1, central, ship2];
    const kills = await killInTurns({
      points: randomPoints(share(KILLS), total * 0.8, random),
      victims: victimsOf(broker, ...nodes),
      progress: ended,
      random,
    });
    const about = `seed ${seed}; killed: ${kills.join(', ')}`;
    t.diagnostic(about);
    for (const id of ids) await waitForEnd(ship1, id, 60_000);
    const isIdle = () => nodes.every((node) => node.query('SELECT key FROM outbox').length === 0);
    await waitFor('all outboxes to be empty', isIdle, { timeoutMs: 30_000 });

    const states = initials().map(({ state }) => state);
    const others = states.filter((state) => state !== 'succeeded');
    assert.ok(
      others.every((state) => state === 'interrupted'),
      `${others}; ${about}`,
    );
    const succeeded = [...states.keys()].filter((n) => states[n] === 'succeeded');
    for (const node of [ship1, central]) {
      const lines = (await node.file(RESULT)).split('\n').slice(0, -1);
      assert.deepEqual([...new Set(lines.map((line) => line.length))], [99_999], `${node.name}: ${about}`);
      assert.deepEqual(
        lines.map((line) => Number(line.slice(0, 6))),
        succeeded,
        `${node.name}: ${about}`,
      );
    }
    const runs = await ship2.waitForFile('../runs').then((text) => text.trimEnd().split('\n').map(Number));
    assert.equal(new Set(runs).size, runs.length, about);
    assert.deepEqual(
      runs,
      runs.toSorted((a, b) => a - b),
      about,
    );
    const open = nodes.flatMap((node) =>
      node.query('SELECT * FROM journal WHERE ended_at IS NULL OR reported = 0'),
    );
    assert.deepEqual(open, [], about);
  },
  PINNED,
);
