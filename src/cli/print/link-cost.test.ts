import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LinkAnswer, NodeLink } from '../../contract/link.ts';
import { costColumns, costOf, costWords } from './link-cost.ts';

const WAY: NodeLink = {
  ...{ node: 'ship1', presence: 'here', bytesPerSecond: 6000, wasFull: true, roundTripMs: 600 },
  ...{ queued: 1, queuedBytes: 600, emptyInMs: 700, waitsFor: null, budget: null },
};
const LINK: LinkAnswer = {
  ...{ day: '2026-03-01', inBytes: 0, outBytes: 0, sent: { urgent: 0, normal: 0, bulk: 0 }, hello: null },
  ...{ broker: { bytesPerSecond: null, wasFull: false, roundTripMs: null }, budget: null, nodes: [WAY] },
};

test('a cost is the bytes, and their time at the remembered rate behind what waits', () => {
  const cost = costOf('ship1', 12_000, { link: LINK });
  assert.deepEqual(cost, { bytes: 12_000, takesMs: 3300, takesAtMost: false, budgetLeftBytes: null });
  assert.deepEqual(
    costColumns([cost]).map(({ title, of }) => [title, of(cost)]),
    [
      ['BYTES', '12.0 kB'],
      ['TAKES', '3.3 s'],
    ],
  );
  assert.equal(costWords([cost, cost]), 'about 24.0 kB over the link');
});

test('of a way that was never full it is told what it takes at most', () => {
  const cost = costOf('ship1', 12_000, { link: { ...LINK, nodes: [{ ...WAY, wasFull: false }] } });
  assert.equal(cost.takesAtMost, true);
  assert.equal(costColumns([cost])[1]!.of(cost), '<= 3.3 s');
});

test('the budget that leaves less counts, and what is over it is said', () => {
  const budget = { bytesPerDay: 9e6, leftBytes: 8e6, nextAt: 0 };
  const link = { ...LINK, budget, nodes: [{ ...WAY, budget: { ...budget, leftBytes: 5000 } }] };
  const costs = [costOf('ship1', 12_000, { link: link }), costOf('ship2', 12_000, { link: link })];
  assert.deepEqual(
    costs.map(({ budgetLeftBytes }) => budgetLeftBytes),
    [5000, 8e6],
  );
  assert.equal(
    costWords(costs),
    "about 24.0 kB over the link, for 1 of them more than today's budget has left",
  );
  assert.deepEqual(
    costColumns(costs).map(({ of }) => of(costs[1]!)),
    ['12.0 kB', '-', '8.0 MB'],
  );
});

test('what is not known is left open', () => {
  const nothing = { bytes: null, takesMs: null, takesAtMost: false, budgetLeftBytes: null };
  assert.deepEqual(costOf('ship1', null, { link: LINK }), nothing);
  assert.deepEqual(costOf('ship1', null, { link: undefined }), nothing);
  assert.equal(costWords([nothing]), 'at least 0 B over the link');
});

test('what is urgent waits for what is out alone, and may go over a budget by a fifth of it', () => {
  const budget = { bytesPerDay: 100_000, leftBytes: 0, nextAt: 0 };
  const link = { ...LINK, nodes: [{ ...WAY, emptyInMs: 36_000_000, budget }] };
  const late = costOf('ship1', 12_000, { link });
  const urgent = costOf('ship1', 12_000, { link, isUrgent: true });
  assert.equal(late.takesMs! - urgent.takesMs!, 36_000_000 - 2000);
  assert.deepEqual([late.budgetLeftBytes, urgent.budgetLeftBytes], [0, 20_000]);
  assert.match(costWords([late]), /for 1 of them more than today's budget has left/);
  assert.equal(costWords([urgent]), 'about 12.0 kB over the link');
});
