import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aRequest, METHODS, NOW, StateWalk } from '../../../test/support/store-states.ts';
import type { RequestDetail } from '../../contract/requests.ts';
import { followedRequest } from './events.ts';
import { formResult } from './form.ts';
import { outputLines } from './output-text.ts';
import { currentScreen, type RequestScreen, type State } from './state.ts';

const requestIn = (state: State): RequestScreen => {
  const screen = currentScreen(state);
  assert.equal(screen.kind, 'request');
  return screen as RequestScreen;
};
const detail = (more: Partial<RequestDetail> = {}): RequestDetail => ({
  ...aRequest(1, { state: 'running', endedAt: null, exitCode: null }),
  timeline: [{ at: NOW, there: null, what: 'queued', note: null }],
  stdout: { keptBytes: 0, totalBytes: 0 },
  stderr: { keptBytes: 0, totalBytes: 0 },
  message: {
    toNode: 'ship1',
    method: 'REQCliCommand',
    methodArgs: ['id'],
    id: 'x',
    retries: 1,
    directory: '',
  },
  expiresAt: null,
  why: 'it runs',
  resendOf: null,
  resentAs: [],
  ...more,
});

/** A state in which one request is looked at. */
function looking(more: Partial<RequestDetail> = {}): { walk: StateWalk; uid: number } {
  const walk = new StateWalk().press('2');
  walk
    .act({ type: 'requests', uid: 2, isMore: false, page: { items: [aRequest(1)], next: null } })
    .press('enter');
  const { uid } = requestIn(walk.state);
  walk.act({ type: 'request', uid, detail: detail(more) });
  return { walk, uid };
}

const piece = (offset: number, text: string) => ({
  type: 'event' as const,
  event: {
    type: 'output' as const,
    id: 'id-000001',
    batch: null,
    node: 'ship1',
    stream: 'stdout' as const,
    offset,
    data: Buffer.from(text).toString('base64'),
  },
});

test('the output of a running request is followed, and that of an ended one is not', () => {
  assert.equal(followedRequest(looking().walk.state), 'id-000001');
  assert.equal(followedRequest(looking({ state: 'succeeded' }).walk.state), null);
  const { walk } = looking();
  assert.equal(followedRequest(walk.press('esc').state), null);
});

test('live output is added piece by piece, and what was missed is read', () => {
  const { walk, uid } = looking();
  walk.act(piece(0, 'one\n'), piece(4, 'two\n'));
  assert.deepEqual(outputLines(requestIn(walk.state).stdout), ['one', 'two']);
  walk.act(piece(14, 'four\n'));
  assert.deepEqual(walk.took('load-output'), [
    { do: 'load-output', uid, id: 'id-000001', stream: 'stdout', from: 8 },
  ]);
  walk.act({ type: 'output', uid, stream: 'stdout', from: 8, bytes: Buffer.from('three\nfour\n') });
  assert.deepEqual(outputLines(requestIn(walk.state).stdout), ['one', 'two', 'three', 'four']);
});

test('what is kept of an output is read when it is known how much that is, of a very long one the end', () => {
  const { walk } = looking({
    stdout: { keptBytes: 9_000_000, totalBytes: 9_000_000 },
    stderr: { keptBytes: 3, totalBytes: 3 },
  });
  assert.deepEqual(
    walk.took('load-output').map(({ stream, from }) => [stream, from]),
    [
      ['stdout', 9_000_000 - 4 * 1024 * 1024],
      ['stderr', 0],
    ],
  );
});

test('a change of the request has it read again', () => {
  const { walk, uid } = looking();
  walk.took('load-request');
  walk.act({ type: 'event', event: { type: 'requests', requests: [aRequest(2)] } });
  assert.deepEqual(walk.took('load-request'), []);
  walk.act({ type: 'event', event: { type: 'requests', requests: [aRequest(1)] } });
  assert.deepEqual(walk.took('load-request'), [{ do: 'load-request', uid, id: 'id-000001' }]);
});

test('a new message can begin as this one, without what nodes filled in', () => {
  const { walk } = looking();
  walk.press('e');
  const form = currentScreen(walk.state);
  assert.equal(form.kind, 'form');
  assert.deepEqual(form.kind === 'form' && formResult(form, METHODS).messages, [
    { toNode: 'ship1', method: 'REQCliCommand', methodArgs: ['id'] },
  ]);
});

test('the connection that is lost is shown, and all is read again when it is back', () => {
  const { walk } = looking();
  walk.act(
    { type: 'link-lost', reason: 'gone' },
    { type: 'tick', now: NOW + 4000 },
    { type: 'link-lost', reason: 'still' },
  );
  assert.deepEqual(walk.state.link, { state: 'lost', since: NOW, reason: 'still' });
  walk.effects = [];
  walk.act({ type: 'linked' });
  assert.equal(walk.state.link.state, 'live');
  assert.deepEqual(walk.effects.map((effect) => effect.do).sort(), [
    'load-methods',
    'load-nodes',
    'load-request',
    'load-status',
  ]);
});

test('in a terminal that is too small no key does anything but leave', () => {
  const walk = new StateWalk().act({ type: 'resized', columns: 40, rows: 10 }).press('n', 'enter', 'p');
  assert.equal(currentScreen(walk.state).kind, 'nodes');
  assert.deepEqual(walk.took('submit'), []);
  assert.equal(walk.press('q').took('quit').length, 1);
});

test('escape and a key that come at once are taken one after the other, but where a text is written', () => {
  const walk = new StateWalk().press('/').type('ship1').press('meta+2');
  assert.equal(currentScreen(walk.state).kind, 'requests');
  walk.press('1');
  const nodes = currentScreen(walk.state);
  assert.equal(nodes.kind === 'nodes' && nodes.filter.letters.length, 0);
  walk.press('n').type('a b').press('meta+b');
  assert.equal(currentScreen(walk.state).kind, 'form');
});

test('why a request waits is read again from time to time, until the request has ended', () => {
  const polled = (state: 'queued' | 'succeeded') => {
    const { walk } = looking({ state });
    walk.effects = [];
    walk.act({ type: 'tick', now: NOW + 5000 });
    return walk.effects.map((effect) => effect.do);
  };
  assert.deepEqual(polled('queued'), ['load-request']);
  assert.deepEqual(polled('succeeded'), []);
});
