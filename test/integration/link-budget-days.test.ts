import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { startBroker } from '../support/broker.ts';
import { FAST_RECONNECT, submitAll } from '../support/fleet.ts';
import { type StewardNode, startStewardNode } from '../support/node.ts';
import { ShiftedClock } from '../support/shifted-clock.ts';
import { startSlowLink } from '../support/slow-link.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { waitFor } from '../support/wait-for.ts';

/** What each sender may send before it hears how little is left is some kB: here that is less than the 5 % that are allowed. */
const BUDGET = 400_000;
const DAY_MS = 86_400_000;
/** How long the first day lasts from the start of the test on, ms: nothing depends on how far the senders come in it. */
const FIRST_DAY_MS = 20_000;
const PATIENCE = { timeoutMs: 120_000, intervalMs: 100 };

/** Has a node send so much that five use up more than the budgets of two days. */
function send(from: StewardNode, toNode: string): Promise<string[]> {
  const message = () => ({
    ...{ toNode, method: 'REQToFileAppend', directory: 'd', fileName: from.name },
    data: [`${randomBytes(3700).toString('base64')}\n`],
  });
  return submitAll(from, Array.from({ length: 60 }, message));
}

test('several senders, unknown ones among them, and the ship itself keep to one budget on both sides of midnight', async (t) => {
  const { path } = await tempFolder(t);
  const clock = new ShiftedClock(join(path, 'clock'));
  const midnight = Date.now() + FIRST_DAY_MS;
  await clock.set(DAY_MS - (midnight % DAY_MS));
  const env = { ...clock.env, TZ: 'UTC' };
  const broker = await startBroker(t);
  const link = await startSlowLink(broker, { bitsPerSecond: 2_000_000, rttMs: 20 }, t);
  let first: number | undefined;
  const timer = setInterval(() => {
    if (Date.now() >= midnight) first ??= link.total;
  }, 5);
  t.after(() => clearInterval(timer));
  const start = (name: string, at: { url: string }, flags: object) =>
    startStewardNode({ name, broker: at, env, flags: { ...FAST_RECONNECT, ...flags } }, t);
  const [ship1, ...others] = await Promise.all([
    start('ship1', link, { linkBudget: '400kB/day' }),
    ...['central', 'other1', 'other2', 'other3'].map((name) => start(name, broker, {})),
  ]);
  await Promise.all([send(ship1, 'central'), ...others.map((other) => send(other, 'ship1'))]);
  await waitFor('midnight', () => first !== undefined, PATIENCE);
  const second = () => link.total - first!;
  let [before, same] = [-1, 0];
  const isUsedUp = () => {
    same = link.total === before ? same + 1 : 0;
    before = link.total;
    return same > 20 && second() > 0.8 * BUDGET;
  };
  await waitFor('the second budget to be used up', isUsedUp, PATIENCE);
  for (const bytes of [first!, second()])
    assert.ok(bytes < 1.05 * BUDGET, `${first} and ${second()} of ${BUDGET} a day`);
});
