import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampleOf } from '../../test/support/sample-of.ts';
import { NodeDetail } from '../contract/node-detail.ts';
import { NodeSummary } from '../contract/nodes.ts';
import { nodePage } from './node-page.ts';

const listed = (node: NodeSummary) => ({ ...node, summary: () => node });
const NODES = [1, 2, 10].map((number) => ({
  ...sampleOf(NodeSummary),
  name: `ship${number}`,
  presence: number === 10 ? ('away' as const) : ('here' as const),
  lastSeenAt: number === 1 ? null : 100 + number,
  queued: number % 10,
}));
const deps = {
  all: async () => NODES.map(listed),
  now: () => 100 + 86_400_000,
  detailsOf: (nodes: readonly NodeSummary[]) =>
    nodes.map(({ name }) => ({ ...sampleOf(NodeDetail), week: name })),
  resolve: async (target: string) => ({
    nodes: NODES.filter(({ name }) => name === target).map(listed),
    unknown: [{ target, reason: `no node ${target} is known` }],
  }),
};
const namesOf = async (query: Parameters<typeof nodePage>[0]) =>
  (await nodePage(query, deps)).items.map(({ name }) => name);

test('nodes come in the order that is asked for', async () => {
  assert.deepEqual(await namesOf({}), ['ship1', 'ship2', 'ship10']);
  assert.deepEqual(await namesOf({ sort: 'lastSeen' }), ['ship10', 'ship2', 'ship1']);
  assert.deepEqual(await namesOf({ sort: 'queued' }), ['ship2', 'ship1', 'ship10']);
  assert.deepEqual(await namesOf({ sort: 'running' }), ['ship1', 'ship2', 'ship10']);
});

test('what lists show of nodes is looked up for those on the page alone', async () => {
  const shown: string[] = [];
  const watched = NODES.map((node) => {
    const summary = () => {
      shown.push(node.name);
      return node;
    };
    return { ...node, summary };
  });
  await nodePage({ limit: 1, sort: 'queued' }, { ...deps, all: async () => watched });
  assert.deepEqual(shown, ['ship2']);
});

test('what is known of nodes besides comes where it is asked for, of those on the page', async () => {
  const page = await nodePage({ details: true, limit: 2 }, deps);
  assert.deepEqual(
    page.details?.map(({ week }) => week),
    ['ship1', 'ship2'],
  );
  assert.equal((await nodePage({}, deps)).details, undefined);
});

test('nodes that are left are counted by presence', async () => {
  const page = await nodePage({ presence: 'away' }, deps);
  assert.deepEqual([page.total, page.items.length], [1, 1]);
  assert.deepEqual(page.presences, { here: 0, away: 1, unknown: 0 });
  assert.deepEqual((await nodePage({}, deps)).presences, { here: 2, away: 1, unknown: 0 });
});

test('nodes that are away for longer than usual are found', async () => {
  const away = (name: string, lastSeenAt: number, usualAwayMs: number | null) => ({
    ...{ ...NODES[0]!, name, presence: 'away' as const, lastSeenAt, usualAwayMs },
  });
  const nodes = [
    ...NODES.slice(0, 2),
    away('new', 100, null),
    away('often', 101, 1000),
    away('old', 99, null),
    away('seldom', 0, 90_000_000),
  ];
  const page = await nodePage({ overdue: true }, { ...deps, all: async () => nodes.map(listed) });
  assert.deepEqual(
    page.items.map(({ name }) => name),
    ['often', 'old'],
  );
});

test('each node is on one of the pages', async () => {
  const first = await nodePage({ limit: 2 }, deps);
  assert.deepEqual([first.total, first.next], [3, '2']);
  const second = await nodePage({ limit: 2, cursor: first.next! }, deps);
  assert.deepEqual([second.items.map(({ name }) => name), second.next], [['ship10'], null]);
  assert.deepEqual((await nodePage({ cursor: '99' }, deps)).items, []);
});

test('a target chooses, and one that names nobody is refused with its reason', async () => {
  assert.deepEqual(await namesOf({ target: 'ship2' }), ['ship2']);
  await assert.rejects(nodePage({ target: 'ship3' }, deps), {
    code: 'bad-request',
    field: 'target',
    message: 'no node ship3 is known',
  });
});

test('a cursor that is none is refused', async () => {
  await assert.rejects(nodePage({ cursor: 'x' }, deps), { code: 'bad-request', field: 'cursor' });
});
