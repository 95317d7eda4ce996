import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeOperations } from '../../test/support/fake-operations.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import type { ApiEvent } from '../contract/events.ts';
import { foldEvents } from './fold-events.ts';

test('however much changes within a moment, it is one event that says how much', async () => {
  const desk = new FakeOperations();
  const told: ApiEvent[] = [];
  using _ = foldEvents(desk.events, 20)({}, (event) => told.push(event));
  for (let count = 0; count < 1000; count++) desk.tellAll({ type: 'many', count: 1 });
  desk.addNode('ship3');
  desk.collect({ node: 'ship1', line: 'oh' });
  await waitFor('the event', () => told.length > 1);
  assert.deepEqual(
    told.map((event) => (event.type === 'many' ? event : event.type)),
    ['hello', { type: 'many', count: 1002 }],
  );
});

test('what is printed by a request that is shown counts as a change, and no more than that', async () => {
  const desk = new FakeOperations();
  const told: ApiEvent[] = [];
  const { accepted, batch } = await desk.submit(
    Buffer.from(JSON.stringify({ toNodes: ['ship1', 'ship2'], method: 'REQCliCommand' })),
    {},
  );
  using _ = foldEvents(desk.events, 20)({ outputOf: [accepted[0]!.id] }, (event) => told.push(event));
  using __ = foldEvents(desk.events, 20)({ outputOf: [batch!] }, (event) => told.push(event));
  for (const { id } of accepted) desk.print(id, 'all of its lines');
  await waitFor('the events', () => told.length === 4);
  assert.deepEqual(told.slice(2), [
    { type: 'many', count: 1 },
    { type: 'many', count: 2 },
  ]);
});

test('who leaves is told nothing more', async () => {
  const desk = new FakeOperations();
  const told: string[] = [];
  const following = foldEvents(desk.events, 1)({}, ({ type }) => told.push(type));
  desk.tellAll({ type: 'many', count: 1 });
  following[Symbol.dispose]();
  assert.equal(desk.listenerCount, 0);
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, 5);
  await promise;
  assert.deepEqual(told, ['hello']);
});
