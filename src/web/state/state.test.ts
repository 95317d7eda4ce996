import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampleOf } from '../../../test/support/sample-of.ts';
import { RequestSummary } from '../../contract/requests.ts';
import { firstState, type ScreenData, type State, update } from './state.ts';

const list = { screen: 'requests', state: undefined, cursor: undefined } as const;
const data: ScreenData = { screen: 'requests', page: { items: [sampleOf(RequestSummary)], next: null } };
const shown: State = { ...firstState(list, 5), role: 'act', data };

test('an answer for a screen that was left is not shown', () => {
  const left = update(shown, { type: 'went', route: { screen: 'now' } });
  assert.equal(left.data, undefined);
  assert.equal(update(left, { type: 'read', route: list, data, at: 9 }), left);
});

test('another page of a list keeps the rows until the new ones are there', () => {
  const next = update(shown, { type: 'went', route: { ...list, cursor: 'x' } });
  assert.equal(next.data, data);
  const other = update(shown, { type: 'went', route: { screen: 'request', id: 'a' } });
  assert.equal(other.data, undefined);
});

test('a cut link leaves what was read, with when that was; reading again takes a fault away', () => {
  const cut = update(update(shown, { type: 'link', isLive: false }), { type: 'failed', reason: 'gone' });
  assert.deepEqual([cut.data, cut.readAt, cut.isLive, cut.fault], [data, 5, false, 'gone']);
  const back = update(cut, { type: 'read', route: list, data, at: 9 });
  assert.deepEqual([back.readAt, back.fault], [9, undefined]);
});

test('what is held stays as it is until it is let go, or another screen is opened', () => {
  const held = update(shown, { type: 'hold' });
  assert.equal(update(held, { type: 'read', route: list, data: { ...data }, at: 9 }), held);
  const released = update(held, { type: 'hold' });
  assert.equal(update(released, { type: 'read', route: list, data, at: 9 }).readAt, 9);
  assert.equal(update(held, { type: 'went', route: { ...list, cursor: 'x' } }).isHeld, false);
  const empty = update({ ...shown, data: undefined }, { type: 'hold' });
  assert.equal(empty.isHeld, false, 'there is nothing yet to hold');
});

test('who is signed out sees nothing more', () => {
  const out = update(shown, { type: 'signed-out', reason: 'why' });
  assert.deepEqual([out.role, out.data, out.fault], [null, undefined, 'why']);
});
