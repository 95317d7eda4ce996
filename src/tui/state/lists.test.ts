import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aNode, aRequest, StateWalk } from '../../../test/support/store-states.ts';
import { shownNodes } from './bindings/nodes.ts';
import { shownRequests } from './request-list.ts';
import { currentScreen, type RequestsScreen, type State } from './state.ts';

const requestsIn = (state: State): RequestsScreen => {
  const screen = currentScreen(state);
  assert.equal(screen.kind, 'requests');
  return screen as RequestsScreen;
};
const shownIds = (state: State) => shownRequests(state, requestsIn(state)).map(({ id }) => id);
const nodeNames = (state: State) => {
  const screen = currentScreen(state);
  return screen.kind === 'nodes' ? shownNodes(state, screen).map(({ name }) => name) : [];
};
const newest = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => aRequest(from - index));

test('nodes are listed with this one first, ship10 after ship9, and change in place', () => {
  const names = ['ship10', 'ship9', 'central', 'ship1'];
  const walk = new StateWalk(names.map((name) => aNode(name)));
  assert.deepEqual(nodeNames(walk.state), ['central', 'ship1', 'ship9', 'ship10']);
  walk.act({
    type: 'event',
    event: { type: 'nodes', nodes: [aNode('ship2'), aNode('ship1', { presence: 'away' })] },
  });
  assert.deepEqual(nodeNames(walk.state), ['central', 'ship1', 'ship2', 'ship9', 'ship10']);
  walk.press('/').type('away');
  assert.deepEqual(nodeNames(walk.state), ['ship1']);
});

test('while a filter is typed letters are letters, enter keeps it and esc drops it', () => {
  const walk = new StateWalk([aNode('qship'), aNode('other', { labels: { site: 'oslo' } })]);
  walk.press('/').type('q');
  assert.deepEqual(nodeNames(walk.state), ['qship']);
  walk.press('enter', 'esc');
  assert.equal(nodeNames(walk.state).length, 2, 'esc drops a filter that was kept');
  walk.press('/').type('site=os').press('esc');
  assert.equal(nodeNames(walk.state).length, 2, 'and one that is being typed');
  assert.deepEqual(walk.took('quit'), []);
});

test('requests are read anew when esc drops a filter that was kept', () => {
  const walk = new StateWalk([aNode('central'), aNode('ship1')])
    .press('2', '/')
    .type('node:ship1')
    .press('enter');
  walk.took('load-requests');
  walk.press('esc');
  const asked = walk.took('load-requests');
  assert.equal(asked.length, 1);
  assert.equal(asked[0]?.filter.node, undefined);
});

test('a message goes to the marked nodes, and to the one under the cursor where none is marked', () => {
  const targets = (walk: StateWalk) => walk.press('n').took('find-targets')[0]?.targets;
  assert.deepEqual(targets(new StateWalk().press('down')), ['ship1']);
  assert.deepEqual(targets(new StateWalk().press('space', 'down', 'space')), ['central', 'ship2']);
  assert.deepEqual(targets(new StateWalk().press('a')), ['central', 'ship1', 'ship2']);
});

test('a ping goes to the marked nodes and leads to its batch', () => {
  const walk = new StateWalk().press('down', 'space', 'space', 'p');
  const [submit] = walk.took('submit');
  assert.deepEqual(submit?.messages, [
    { toNodes: ['ship1', 'ship2'], method: 'REQPing', replyMethod: 'REQNone', expiresIn: 60 },
  ]);
  const accepted = [{ index: 0, toNode: 'ship1', id: 'id-1' }];
  walk.act({
    type: 'submitted',
    uid: null,
    label: 'REQPing',
    answer: { batch: 'b1', accepted, refused: [], warnings: [] },
  });
  assert.deepEqual(requestsIn(walk.state).base, { batch: 'b1' });
  assert.equal(walk.took('load-requests').at(-1)?.filter.batch, 'b1');
});

test('a list of requests follows changes: new ones come in on top, others change or leave', () => {
  const walk = new StateWalk().press('2');
  const { uid } = requestsIn(walk.state);
  walk.act({ type: 'requests', uid, isMore: false, page: { items: newest(10, 3), next: null } });
  walk.press('/').type('state:succeeded').press('enter', 'down');
  walk.act({ type: 'requests', uid, isMore: false, page: { items: newest(10, 3), next: null } });
  walk.press('down');
  const changed = [
    aRequest(11),
    aRequest(10, { state: 'failed' }),
    aRequest(3),
    aRequest(9, { exitCode: 0, attempts: 2 }),
  ];
  walk.act({ type: 'event', event: { type: 'requests', requests: changed } });
  assert.deepEqual(shownIds(walk.state), ['id-000011', 'id-000009', 'id-000008', 'id-000003']);
  assert.equal(
    shownIds(walk.state)[requestsIn(walk.state).position.cursor],
    'id-000008',
    'the cursor stays on its row',
  );
});

test('while older pages are not read, what belongs to them does not come in early', () => {
  const walk = new StateWalk().press('2');
  const { uid } = requestsIn(walk.state);
  walk.act({ type: 'requests', uid, isMore: false, page: { items: newest(500, 100), next: 'more' } });
  walk.act({ type: 'event', event: { type: 'requests', requests: [aRequest(7)] } });
  assert.equal(shownIds(walk.state).includes('id-000007'), false);
});

test('going down reads page after page, each once, and lets go of the newest beyond 20,000', () => {
  const walk = new StateWalk().press('2');
  const { uid } = requestsIn(walk.state);
  walk.took('load-requests');
  walk.act({ type: 'requests', uid, isMore: false, page: { items: newest(30_000, 100), next: 'c1' } });
  for (let page = 1; page < 60; page++) {
    walk.press('G', 'down', 'up');
    const asked = walk.took('load-requests');
    assert.deepEqual(
      asked.map(({ cursor }) => cursor),
      [`c${page}`],
    );
    const items = newest(29_900 - (page - 1) * 500, 500);
    walk.act({
      type: 'requests',
      uid,
      isMore: true,
      page: { items, next: page === 59 ? null : `c${page + 1}` },
    });
  }
  const screen = requestsIn(walk.press('G').state);
  assert.equal(screen.items?.length, 20_000);
  assert.equal(screen.dropped, 100 + 59 * 500 - 20_000);
  assert.equal(screen.position.cursor, 19_999);
  walk.press('g');
  assert.equal(walk.took('load-requests')[0]?.cursor, null, 'the newest are read again');
});

test('words are looked for page by page, up to a number of requests, and further when asked', () => {
  const walk = new StateWalk().press('2', '/').type('needle').press('enter');
  const { uid } = requestsIn(walk.state);
  walk.took('load-requests');
  let reads = 0;
  const answer = () => {
    const items = newest(1_000_000 - reads * 1000, 1000);
    walk.act({ type: 'requests', uid, isMore: reads++ > 0, page: { items, next: `c${reads}` } });
  };
  do answer();
  while (walk.took('load-requests').length > 0);
  assert.equal(reads, 50);
  assert.equal(requestsIn(walk.state).items?.length, 0, 'what does not fit is not kept');
  walk.press('G');
  assert.equal(walk.took('load-requests').length, 1);
});

test('where a page cannot be read the reason is kept and nothing is asked again by itself', () => {
  const walk = new StateWalk().press('2');
  const { uid } = requestsIn(walk.state);
  walk.act({ type: 'requests', uid, isMore: false, page: { items: newest(500, 100), next: 'c1' } });
  walk.press('G').took('load-requests');
  walk.act({ type: 'failed', uid, reason: 'no node answers' });
  walk.press('down', 'up', 'G');
  assert.deepEqual(walk.took('load-requests'), []);
  assert.equal(requestsIn(walk.state).fault, 'no node answers');
  walk.act({ type: 'linked' });
  assert.equal(walk.took('load-requests')[0]?.cursor, null);
});

test('cancelling asks first, names what it is about, and leaves out what has ended', () => {
  const walk = new StateWalk().press('2');
  const { uid } = requestsIn(walk.state);
  const items = [
    aRequest(3, { state: 'queued', node: 'ship2' }),
    aRequest(2),
    aRequest(1, { state: 'running' }),
  ];
  walk.act({ type: 'requests', uid, isMore: false, page: { items, next: null } });
  walk.press('a', 'c');
  assert.equal(walk.state.overlay?.kind === 'question' && walk.state.overlay.title, 'Cancel 2 requests?');
  walk.press('x', 'esc');
  assert.deepEqual([walk.state.overlay, walk.took('cancel')], [null, []]);
  walk.press('c', 'y');
  assert.deepEqual(walk.took('cancel'), [{ do: 'cancel', ids: ['id-000003', 'id-000001'] }]);
  walk.press('esc', 'down', 'c');
  assert.match(walk.state.notice?.text ?? '', /nothing to cancel/);
  walk.press('r', 'y');
  assert.deepEqual(walk.took('resend'), [{ do: 'resend', ids: ['id-000002'] }]);
});

test('a batch is sent again in parts, as was chosen', () => {
  const walk = new StateWalk().press('3');
  const batch = {
    id: 'b1',
    at: 1,
    label: 'x',
    total: 3,
    counts: { succeeded: 1, failed: 1, queued: 1 },
    plan: null,
  };
  walk.act({ type: 'batches', uid: 3, isMore: false, page: { items: [batch], next: null } });
  walk.press('r', 'm');
  assert.deepEqual(walk.took('resend-batch'), [{ do: 'resend-batch', id: 'b1', which: 'missing' }]);
  walk.press('enter');
  const screen = requestsIn(walk.state);
  walk.act({ type: 'batch', uid: screen.uid, batch }).press('C', 'y');
  assert.deepEqual(walk.took('cancel-batch'), [{ do: 'cancel-batch', id: 'b1' }]);
});

test('what changed while a list was being read is not undone by what was read', () => {
  const walk = new StateWalk().press('2');
  const { uid } = requestsIn(walk.state);
  walk.act({ type: 'event', event: { type: 'requests', requests: [aRequest(2), aRequest(3)] } });
  const items = [aRequest(2, { state: 'accepted' }), aRequest(1)];
  walk.act({ type: 'requests', uid, isMore: false, page: { items, next: null } });
  assert.deepEqual(
    shownRequests(walk.state, requestsIn(walk.state)).map(({ id, state }) => [id, state]),
    [
      ['id-000003', 'succeeded'],
      ['id-000002', 'succeeded'],
      ['id-000001', 'succeeded'],
    ],
  );
  walk
    .press('1')
    .act({ type: 'event', event: { type: 'nodes', nodes: [aNode('ship1', { presence: 'away' })] } });
  walk.act({ type: 'nodes', nodes: [aNode('ship1')] });
  assert.equal(walk.state.nodes?.[0]?.presence, 'away');
  walk.act({ type: 'nodes', nodes: [aNode('ship1')] });
  assert.equal(walk.state.nodes?.[0]?.presence, 'here', 'a list that is read later is newer');
});

test('errors are shown newest first, and what is set in below the line that it belongs to', () => {
  const walk = new StateWalk([aNode('ship1')]);
  const lines = ['a', '    of a', 'b', '    of b'].map((line) => ({ node: 'ship1', line }));
  walk.press('5').act({ type: 'errors', lines: lines.slice(0, 2) });
  walk.act({ type: 'event', event: { type: 'errors', lines: lines.slice(2) } });
  const screen = currentScreen(walk.state);
  assert.deepEqual(screen.kind === 'errors' && screen.items?.map(({ line }) => line), [
    ...['b', '    of b'],
    ...['a', '    of a'],
  ]);
});
