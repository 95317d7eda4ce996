import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readScreen } from './read-screen.ts';
import type { WebApi } from './web-api.ts';

test('the screen of a batch asks for no plan, which may name 10,000 nodes, however often it is read', async () => {
  const asked: unknown[] = [];
  const api: Partial<WebApi> = {
    batch: async (...given) => {
      asked.push(given);
      return { id: 'b1', at: 1, label: '', total: 0, counts: {}, plan: null };
    },
    requests: async () => ({ items: [], next: null }),
  };
  await readScreen({ screen: 'batch', id: 'b1', cursor: undefined }, api as WebApi);
  assert.deepEqual(asked, [['b1', { plan: false }]]);
});
