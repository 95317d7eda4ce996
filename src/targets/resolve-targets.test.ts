import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeSummary, Presence } from '../contract/nodes.ts';
import type { Groups } from './match-nodes.ts';
import { resolveTargets } from './resolve-targets.ts';

interface Known {
  readonly labels?: Record<string, string>;
  readonly presence?: Presence;
  readonly os?: string;
  readonly version?: string;
}

function node(name: string, { labels = {}, presence = 'here', os, version }: Known = {}): NodeSummary {
  const counts = { queued: 0, running: 0, lastSeenAt: 1, usualAwayMs: null, startedAt: 1, note: null };
  const facts = { os: os ?? null, version: version ?? null, arch: 'x64' };
  return {
    name,
    isSelf: name === 'central',
    isCentral: name === 'central',
    presence,
    labels,
    ...facts,
    ...counts,
  };
}

const NODES = [
  node('central', { labels: { region: 'shore' } }),
  node('crane(1)', { labels: { region: 'north sea' } }),
  node('ship1', { labels: { region: 'south', role: 'cargo' }, os: 'linux 5.10', version: '0.2.0' }),
  node('ship2', { labels: { region: 'north' }, presence: 'away', os: 'darwin 24.1', version: '0.1.0' }),
  node('ship10', { labels: { region: 'north', role: 'cargo' }, os: 'linux 6.1.0', version: '0.2.1' }),
];

function names(targets: string | string[], groups: Groups = {}): string[] {
  const answer = resolveTargets([targets].flat(), { nodes: NODES, groups });
  assert.deepEqual(answer.unknown, []);
  return answer.nodes.map(({ name }) => name);
}

function unknown(target: string, groups: Groups = {}) {
  return resolveTargets([target], { nodes: NODES, groups }).unknown;
}

test('several targets are a union, each node once, in the order of the list', () => {
  assert.deepEqual(names(['ship10', 'ship1', 'ship*']), ['ship1', 'ship2', 'ship10']);
  assert.deepEqual(names([]), []);
});

test('* alone leaves out central; whatever names it, matches it or says not means it too', () => {
  const ships = ['crane(1)', 'ship1', 'ship2', 'ship10'];
  assert.deepEqual(names('*'), ships);
  assert.deepEqual(names('* and presence=here'), ['crane(1)', 'ship1', 'ship10']);
  const all = ['central', ...ships];
  for (const target of ['* or central', '**', 'name=*', 'not nothing*', '@all'])
    assert.deepEqual(names(target, { all: ['*'] }), all, target);
  const alone = resolveTargets(['*'], { nodes: [node('central')], groups: {} });
  assert.match(alone.unknown[0]!.reason, /since \* leaves out central: "\* or central" means all/);
});

test('names, patterns, labels and facts are joined by and, or and not', () => {
  assert.deepEqual(names('region=north'), ['ship2', 'ship10']);
  assert.deepEqual(names('region = north'), ['ship2', 'ship10']);
  assert.deepEqual(names('ship* and not region=north'), ['ship1']);
  assert.deepEqual(names('ship* and region!=north'), ['ship1']);
  assert.deepEqual(names('role!=cargo'), ['central', 'crane(1)', 'ship2']);
  assert.deepEqual(names('role='), ['central', 'crane(1)', 'ship2']);
  assert.deepEqual(names('role=*'), ['ship1', 'ship10']);
  assert.deepEqual(names('role!=*'), ['central', 'crane(1)', 'ship2']);
  assert.deepEqual(names('region="north sea" or presence=away'), ['crane(1)', 'ship2']);
  assert.deepEqual(names('central or ship* and role=cargo'), ['central', 'ship1', 'ship10']);
  assert.deepEqual(names('(central or ship*) and not (role=cargo)'), ['central', 'ship2']);
  assert.deepEqual(names('os=linux AND version=0.2.*'), ['ship1', 'ship10']);
  assert.deepEqual(names('os="linux 5.10"'), ['ship1']);
  assert.deepEqual(names('os=*'), ['ship1', 'ship2', 'ship10']);
  assert.deepEqual(names('os= and version='), ['central', 'crane(1)']);
  assert.deepEqual(names('NOT NOT name=ship[12]'), ['ship1', 'ship2']);
});

test('a target that is exactly the name of a node means that node, whatever is in it', () => {
  assert.deepEqual(names('crane(1)'), ['crane(1)']);
  assert.deepEqual(names('"crane(1)" or ship1'), ['crane(1)', 'ship1']);
  assert.deepEqual(names("'ship1'"), ['ship1']);
});

test('a group holds names, patterns, expressions and other groups', () => {
  const groups = { dock: ['ship1', '@cranes'], cranes: ['crane*'], rest: ['ship* and not @dock'] };
  assert.deepEqual(names('@dock', groups), ['crane(1)', 'ship1']);
  assert.deepEqual(names('@rest', groups), ['ship2', 'ship10']);
  assert.deepEqual(names('ship* and region=north and not @dock', groups), ['ship2', 'ship10']);
  assert.deepEqual(names('@empty or ship1', { empty: [] }), ['ship1']);
});

test('what names nobody is told, with what was likely meant', () => {
  assert.deepEqual(unknown('shp1'), [
    { target: 'shp1', reason: 'no node "shp1" is known; did you mean ship1?', name: 'shp1' },
  ]);
  assert.deepEqual(unknown('lorry*'), [
    { target: 'lorry*', reason: '"lorry*" fits none of the 5 nodes that are known' },
  ]);
  assert.match(unknown('ship1,ship2')[0]!.reason, /several targets are words of their own, without commas/);
  assert.match(unknown('@dockk', { dock: [] })[0]!.reason, /no group @dockk; did you mean @dock\?/);
  assert.match(unknown('@zzzz', { dock: [], a: [] })[0]!.reason, /the groups are @dock, @a/);
  assert.match(unknown('@dock')[0]!.reason, /there are no groups/);
  assert.match(unknown('@constructor', { dock: [] })[0]!.reason, /no group @constructor/);
});

test('a slip in a not is told, and does not mean everybody', () => {
  assert.deepEqual(unknown('ship* and not shp1'), [
    { target: 'ship* and not shp1', reason: 'no node "shp1" is known; did you mean ship1?' },
  ]);
  assert.match(unknown('regoin!=north')[0]!.reason, /no node has a label "regoin"; did you mean region\?/);
  assert.deepEqual(names('not maintenance=yes').length, 5);
});

test('a label that has not some value means nodes without it too, and says how many, but not in a group', () => {
  const unlabelled = (target: string) =>
    resolveTargets([target], { nodes: NODES, groups: { odd: ['role!=fishing'] } }).unlabelled;
  const told = (target: string, count: string) => [
    {
      target,
      reason: `${target} means nodes without the label role too, ${count}: "role=* and ..." leaves them out`,
    },
  ];
  assert.deepEqual(unlabelled('role!=fishing'), told('role!=fishing', '3 of these 5'));
  assert.deepEqual(unlabelled('not role=fishing'), told('not role=fishing', '3 of these 5'));
  assert.match(unlabelled('site!=oslo')![0]!.reason, /label site too, 5 of these 5: /);
  assert.match(unlabelled('ship* and label:role!=fish*')![0]!.reason, /label role too, 1 of these 3: /);
  for (const target of [
    'role!=',
    'role!=*',
    'role=* and role!=cargo',
    'not role!=cargo',
    'os!=linux',
    '@odd',
  ])
    assert.equal(unlabelled(target), undefined, target);
});

test('an unknown name in a group is told with the group, and can be meant', () => {
  assert.deepEqual(unknown('@dock', { dock: ['@new'], new: ['lorry9'] }), [
    {
      target: '@dock',
      reason: 'in the group @dock: in the group @new: no node "lorry9" is known',
      name: 'lorry9',
    },
  ]);
});

test('a group that means others too passes over a name that is not known, and says so', () => {
  const groups = { dock: ['ship1', 'lorry9', '@new'], new: ['ship2'] };
  const answer = resolveTargets(['@dock'], { nodes: NODES, groups });
  assert.deepEqual(
    answer.nodes.map(({ name }) => name),
    ['ship1', 'ship2'],
  );
  assert.deepEqual(answer.unknown, []);
  const reason = 'in the group @dock: no node "lorry9" is known';
  assert.deepEqual(answer.skipped, [{ target: '@dock', reason, name: 'lorry9' }]);
});

test('a target that cannot be read is refused with its column', () => {
  const refusals: [string, RegExp][] = [
    [
      'ship* and',
      /"ship\* and" cannot be read at its end: a name, a pattern such as ship\*, @group or label=value/,
    ],
    ['ship* ship1', /at column 7 \("ship1"\): "and" or "or" belongs here/],
    ['(ship1 or ship2', /at its end: a "\)", "and" or "or" belongs here/],
    ['ship1)', /at column 6 \("\)"\): this "\)" closes nothing/],
    ['and ship1', /at column 1/],
    ['=north', /at column 1 \("=north"\)/],
    ['reg*=north', /at column 1 .*name of a label, without/],
    ['region="north', /at column 8 \("\\"north"\): the quote " is not closed/],
    ['@', /at column 1 .*the name of a group belongs behind the @/],
    ['', /at its end/],
    ['presence=gone', /the presence of a node is here, away or unknown/],
    ['('.repeat(200), /nested more than 100 deep/],
  ];
  for (const [target, message] of refusals)
    assert.throws(() => unknown(target), { name: 'TargetError', code: 'bad-target', message }, target);
  const loop = { a: ['@b'], b: ['ship1', '@c'], c: ['@b'] };
  assert.throws(() => unknown('@a', loop), /the group @b holds itself: @b -> @c -> @b/);
});

test('large groups among many nodes are found at once', () => {
  const nodes = Array.from({ length: 10_000 }, (_, index) => node(`ship${index}`));
  const members = nodes.map(({ name }) => name);
  const { nodes: found } = resolveTargets(['@all', '@all and not @all or ship7'], {
    nodes,
    groups: { all: members },
  });
  assert.equal(found.length, 10_000);
});
