import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changedRows } from './changed-rows.ts';
import type { ScreenData } from './state.ts';

const nodes = (...items: object[]) =>
  ({ screen: 'nodes', page: { items, next: null, total: items.length } }) as unknown as ScreenData;
const [a, b, c] = ['a', 'b', 'c'].map((name) => ({ name, queued: 0 }));

test('rows that came, went, changed or moved are counted, each once', () => {
  assert.equal(changedRows(nodes(a!, b!), nodes(a!, b!)), 0);
  assert.equal(changedRows(nodes(a!, b!), nodes(a!, b!, c!)), 1);
  assert.equal(changedRows(nodes(a!, b!), nodes(b!)), 1);
  assert.equal(changedRows(nodes(a!, b!), nodes(a!, { ...b!, queued: 1 })), 1);
  assert.equal(changedRows(nodes(a!, b!), nodes(b!, a!)), 2);
  assert.equal(changedRows(nodes(a!, b!), nodes(c!, { ...a!, queued: 2 })), 3);
});

test('what this node hears of itself is no change', () => {
  const self = { name: 'central', isSelf: true, lastSeenAt: 1 };
  assert.equal(changedRows(nodes(self), nodes({ ...self, lastSeenAt: 2 })), 0);
});

test('every list of a screen counts', () => {
  const now = (failed: object[], errors: object[]) =>
    ({
      screen: 'now',
      status: {},
      failed,
      errors,
      waiting: [],
      late: [],
      away: { items: [] },
    }) as unknown as ScreenData;
  const line = { node: 'ship1', line: 'x' };
  assert.equal(changedRows(now([], [line]), now([{ id: '1' }], [line, { ...line, line: 'y' }])), 2);
});
