import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ApiEvent, EventFilter } from '../contract/events.ts';
import type { NodeSummary } from '../contract/nodes.ts';
import type { RequestSummary } from '../contract/requests.ts';
import { systemClock } from '../lib/clock.ts';
import { ChangeHub } from './change-hub.ts';

function start(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  const reads: string[][] = [];
  const clock = { now: 1000 };
  const turned: string[] = [];
  const unannounced = new Set<string>();
  const hub = new ChangeHub({
    clock: { ...systemClock, wallNow: () => clock.now, steadyNow: () => clock.now },
    readRequests: async (ids) => {
      reads.push([...ids]);
      return ids.map((id) => {
        const [batch, node] = id.split('/');
        return { id, batch, node, endedAt: node === 'ended' ? 1000 : null } as RequestSummary;
      });
    },
    ledger: { unannounced: () => unannounced },
    nodes: {
      some: async (names) => names.map((name) => ({ name }) as NodeSummary),
      turned: () => turned.splice(0),
    },
    logger: { warn: () => {} },
  });
  t.after(() => hub[Symbol.dispose]());
  const watch = (filter: EventFilter = {}) => {
    const events: ApiEvent[] = [];
    return { events, watching: hub.watch(filter, (event) => void events.push(event)) };
  };
  const tick = async (ms = 100) => {
    clock.now += ms;
    t.mock.timers.tick(ms);
    for (let turn = 0; turn < 5; turn++) await nextTurn();
  };
  const change = (...ids: string[]) => hub.changed([ids.map((id) => ({ id }))]);
  return { hub, reads, turned, unannounced, watch, tick, change };
}

function told(events: readonly ApiEvent[]): unknown[] {
  return events.map((event) => {
    if (event.type === 'requests') return event.requests.map(({ id }) => id);
    return event.type === 'nodes' ? event.nodes.map(({ name }) => name) : event.type;
  });
}

test('while nobody listens nothing is read', async (t) => {
  const { change, reads, tick, hub } = start(t);
  assert.equal(hub.isWatched, false);
  change('b1/ship1/1');
  await tick();
  assert.deepEqual(reads, []);
});

test('who listens is told hello at once, and then of what changes', async (t) => {
  const { change, watch, tick } = start(t);
  const { events } = watch();
  assert.deepEqual(events, [{ type: 'hello', at: 1000 }]);
  change('b1/ship1/1');
  change('b1/ship1/2', 'b1/ship1/1');
  await tick(2);
  assert.deepEqual(told(events), ['hello', ['b1/ship1/1', 'b1/ship1/2']]);
});

test('a few changes are announced at once, and more of them once for all within a tick', async (t) => {
  const { change, watch, tick, reads } = start(t);
  watch();
  const some = (name: string, count: number) =>
    Array.from({ length: count }, (_, index) => `${name}${index}`);
  change(...some('a', 20));
  await tick(2);
  assert.equal(reads.length, 1);
  change(...some('b', 2));
  await tick(50);
  change(...some('c', 2));
  assert.equal(reads.length, 1);
  await tick(50);
  assert.deepEqual(reads[1], [...some('b', 2), ...some('c', 2)]);
  await tick(100);
  change(...some('d', 1));
  await tick(2);
  assert.equal(reads.length, 3);
});

test('an end that can be read before its last output is told comes behind that', async (t) => {
  const { hub, change, watch, tick, unannounced } = start(t);
  const { events } = watch({ type: ['requests', 'output'] });
  unannounced.add('b/ended/1').add('b/n/2');
  change('b/ended/1', 'b/n/2', 'b/ended/3');
  await tick(2);
  await tick(100);
  assert.deepEqual(told(events).slice(1), [['b/n/2', 'b/ended/3']]);
  hub.output({
    ...{ id: 'b/ended/1', batch: 'b', node: 'ended', stream: 'stdout', offset: 0 },
    data: Buffer.from('x'),
  });
  unannounced.clear();
  await tick(100);
  assert.deepEqual(told(events).slice(2), ['output', ['b/ended/1']]);
});

test('many changes at once are counted only', async (t) => {
  const { change, watch, tick, reads } = start(t);
  const { events } = watch({ type: ['requests'] });
  change(...Array.from({ length: 1001 }, (_, index) => `b/n/${index}`));
  await tick();
  assert.deepEqual(events.slice(1), [{ type: 'many', count: 1001 }]);
  assert.deepEqual(reads, []);
});

test('who only counts is told how many changed, and nothing is read for that', async (t) => {
  const { change, watch, tick, reads } = start(t);
  const { events } = watch({ type: ['many'] });
  change('b/n/1', 'b/n/2');
  await tick();
  assert.deepEqual([events.slice(1), reads], [[{ type: 'many', count: 2 }], []]);
  const lists = watch({ type: ['requests'] });
  change('b/n/3');
  await tick();
  assert.deepEqual(events.slice(2), [{ type: 'many', count: 1 }]);
  assert.deepEqual(told(lists.events).slice(1), [['b/n/3']]);
});

test('a filter lets through what it names, and no event where nothing is left', async (t) => {
  const { change, watch, tick } = start(t);
  const byBatch = watch({ batch: 'b1' });
  const byNode = watch({ node: ['ship2'] });
  const byId = watch({ id: 'b1/ship1/1' });
  change('b1/ship1/1', 'b2/ship2/2', 'b1/ship3/3');
  await tick();
  assert.deepEqual(told(byBatch.events).slice(1), [['b1/ship1/1', 'b1/ship3/3']]);
  assert.deepEqual(told(byNode.events).slice(1), [['b2/ship2/2']]);
  assert.deepEqual(told(byId.events).slice(1), [['b1/ship1/1']]);
  change('b3/ship3/4');
  await tick();
  assert.deepEqual(
    [byBatch, byNode, byId].map(({ events }) => events.length),
    [2, 2, 2],
  );
});

test('output is told at once, to those who ask for it', (t) => {
  const { hub, watch } = start(t);
  const all = watch();
  const ofBatch = watch({ type: ['output'], batch: 'b1' });
  const besides = watch({ type: ['many'], outputOf: ['i2', 'b1'] });
  const piece = { stream: 'stdout', offset: 3, data: Buffer.from('abc') } as const;
  hub.output({ ...piece, id: 'i', batch: 'b1', node: 'ship1' });
  hub.output({ ...piece, id: 'i', batch: 'b2', node: 'ship1' });
  hub.output({ ...piece, id: 'i2', batch: null, node: 'ship1' });
  assert.deepEqual(told(all.events), ['hello']);
  const event = { ...piece, type: 'output', id: 'i', batch: 'b1', node: 'ship1', data: 'YWJj' };
  assert.deepEqual(ofBatch.events.slice(1), [event]);
  assert.deepEqual(besides.events.slice(1), [event, { ...event, id: 'i2', batch: null }]);
});

test('nodes that turn by time alone are announced too, but not to those who follow requests', async (t) => {
  const { hub, watch, turned, tick } = start(t);
  const all = watch();
  const byBatch = watch({ batch: 'b1' });
  hub.node('ship1');
  await tick();
  turned.push('ship2');
  await tick(1000);
  await tick();
  assert.deepEqual(told(all.events).slice(1), [['ship1'], ['ship2']]);
  assert.deepEqual(told(byBatch.events), ['hello']);
});

test('error lines come with their node', (t) => {
  const { hub, watch } = start(t);
  const all = watch({ node: ['ship1'] });
  const lines = ['ship1', 'ship2'].map((node) => ({ node, line: 'error: x' }));
  hub.errors(() => lines);
  hub.errors(() => lines.slice(1));
  assert.deepEqual(all.events.slice(1), [{ type: 'errors', lines: lines.slice(0, 1) }]);
});

test('who stopped listening is told nothing more', async (t) => {
  const { change, watch, tick, hub } = start(t);
  const { events, watching } = watch();
  change('b/n/1');
  watching[Symbol.dispose]();
  assert.equal(hub.isWatched, false);
  await tick();
  assert.equal(events.length, 1);
});
