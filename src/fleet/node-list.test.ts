import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Presence } from '../contract/nodes.ts';
import { NodeList } from './node-list.ts';

const UNTOLD = {
  version: null,
  os: null,
  arch: null,
  startedAt: null,
  labels: {},
  helloIntervalMs: null,
  callInMs: null,
};

/** The list of central, which has heard of `names`; those that end in 9 are away. What is looked up of nodes is noted. */
function listOf(names: string[]) {
  const lookedUp: string[] = [];
  const away = new Set(names.filter((name) => name.endsWith('9')));
  const note =
    <T>(what: string, value: (name: string) => T) =>
    (name: string) => {
      lookedUp.push(`${what} ${name}`);
      return value(name);
    };
  const presence = {
    names: () => names,
    sweep:
      () =>
      (name: string): Presence =>
        away.has(name) ? 'away' : 'here',
    lastSeenAt: note('last seen', () => 5),
    callsAt: note('calls', () => null),
    factsOf: note('facts', () => UNTOLD),
  };
  const self = { ...UNTOLD, version: '1' };
  const list = new NodeList(
    { nodeName: 'central', centralNodeName: 'central', self },
    {
      presence,
      usualAwayMs: note('usual', () => 60_000),
      startedAt: () => 0,
      now: () => 10,
      outbox: { lanes: () => [] },
      admitted: () => [],
      forgotten: [],
      noteOf: note('note', () => undefined),
      countRunning: async () => new Map(),
    },
  );
  return { list, lookedUp, names, away };
}

test('nodes are listed by name with numbers as numbers, also when others come and go', async () => {
  const { list, names } = listOf(['ship10', 'ship2', 'ship1']);
  const listed = async () => (await list.list()).map(({ name }) => name);
  assert.deepEqual(await listed(), ['central', 'ship1', 'ship2', 'ship10']);
  names.push('buoy');
  assert.deepEqual(await listed(), ['buoy', 'central', 'ship1', 'ship2', 'ship10']);
  names.splice(0, 1, 'ship3');
  assert.deepEqual(await listed(), ['buoy', 'central', 'ship1', 'ship2', 'ship3']);
});

test('of nodes that are counted, but not shown, nothing else is looked up', async () => {
  const { list, lookedUp } = listOf(['ship8', 'ship9']);
  const known = await list.known();
  assert.deepEqual(
    known.map(({ presence }) => presence),
    ['here', 'here', 'away'],
  );
  assert.equal(lookedUp.length, 0);
  assert.equal(known[2]!.summary().usualAwayMs, 60_000);
  assert.deepEqual(new Set(lookedUp.map((text) => text.split(' ').at(-1))), new Set(['ship9']));
});

test('who turned is told once, and again after being forgotten', () => {
  const { list, names, away } = listOf(['ship1', 'ship2']);
  assert.deepEqual(list.turned(), ['ship1', 'ship2']);
  assert.deepEqual(list.turned(), []);
  away.add('ship2');
  assert.deepEqual(list.turned(), ['ship2']);
  names.pop();
  assert.deepEqual(list.turned(), []);
  names.push('ship2');
  assert.deepEqual(list.turned(), ['ship2']);
});
