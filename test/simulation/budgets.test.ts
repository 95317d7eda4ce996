import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { BEFORE_MIDNIGHT } from './budgets.ts';
import { Chance } from './chance.ts';
import { Timeline } from './timeline.ts';
import { Truth } from './truth.ts';
import { World } from './world.ts';

const BUDGET = 100_000;
const HOUR_MS = 3_600_000;

/** How much came to ship1 and went from there on the day after so much was asked for there, and of it, as shares of its budget. */
async function dayOf(t: TestContext, asks: { readonly ofShip: number; readonly ofCentral: number }) {
  const [timeline, chance] = [new Timeline({ keepsStory: false }), new Chance('fair budgets')];
  const truth = new Truth(timeline, { mayRepeat: () => false });
  const world = new World({ timeline, chance, truth, swaps: {}, ...BEFORE_MIDNIGHT });
  t.after(() => world.end());
  world.budgets.set('ship1', BUDGET);
  for (const name of ['central', 'ship1']) world.add(name);
  // What is left before midnight is too little for what is asked for.
  await timeline.runUntil(60_000);
  for (const [from, toNode, count] of [
    ['ship1', 'central', asks.ofShip],
    ['central', 'ship1', asks.ofCentral],
  ] as const) {
    const items = Array.from({ length: count }, () => ({
      ...{ toNode, method: 'REQToFileAppend', directory: 'd', fileName: from },
      data: [randomBytes(3000).toString('base64')],
    }));
    if (count > 0) void world.node(from)!.submit(items);
  }
  await timeline.runUntil(HOUR_MS);
  const { in: came, out } = world.linkOf('ship1').went.get('2026-01-02')!;
  return { in: came / BUDGET, out: out / BUDGET, both: (came + out) / BUDGET };
}

test('both ways have their half of a budget while both have something to send, and of what one does not need the other makes use', async (t) => {
  const both = await dayOf(t, { ofShip: 100, ofCentral: 100 });
  assert.ok(both.in > 0.42 && both.out > 0.42 && both.both < 1.05, JSON.stringify(both));
  const few = await dayOf(t, { ofShip: 100, ofCentral: 30 });
  assert.ok(few.both > 0.9 && few.both < 1.05, JSON.stringify(few));
  const goes = await dayOf(t, { ofShip: 100, ofCentral: 0 });
  assert.ok(goes.out > 0.85 && goes.both < 1.05, JSON.stringify(goes));
  const comes = await dayOf(t, { ofShip: 0, ofCentral: 100 });
  assert.ok(comes.in > 0.85 && comes.both < 1.05, JSON.stringify(comes));
});
