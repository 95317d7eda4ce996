import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeSummary } from '../../../contract/nodes.ts';
import type { RequestSummary } from '../../../contract/requests.ts';
import { REQUEST_STATES, type RequestState } from '../../../contract/states.ts';
import { TargetTracker } from '../../../waves/target-tracker.ts';
import { waitsUntil } from '../../../waves/waiting-for.ts';
import { LineSplitter } from './line-splitter.ts';
import { OutputJoiner } from './output-joiner.ts';

const NOTHING = {
  reason: null,
  sentAt: null,
  acceptedAt: null,
  startedAt: null,
  exitCode: null,
  signal: null,
};

function request(node: string, state: RequestState, more: Partial<RequestSummary> = {}): RequestSummary {
  const facts = {
    batch: 'b',
    method: 'REQCliCommand',
    what: 'uptime',
    queuedAt: 1,
    endedAt: null,
    attempts: 0,
    tookMs: null,
    outputBytes: null,
    stderrBytes: null,
  };
  return { ...NOTHING, ...facts, id: `id-${node}`, node, state, ...more };
}

function nodes(...names: string[]): Pick<NodeSummary, 'name' | 'presence' | 'lastSeenAt'>[] {
  return names.map((name) => ({ name, presence: 'here', lastSeenAt: 5 }));
}

test('every target is in exactly one group, and together they are all', () => {
  const tracker = new TargetTracker(nodes(...REQUEST_STATES, 'none'), 0);
  tracker.update(
    REQUEST_STATES.map((state) => request(state, state)),
    0,
  );
  assert.deepEqual(tracker.counts(), {
    succeeded: 1,
    failed: 4,
    'timed-out': 1,
    cancelled: 2,
    'handed-over': 1,
    unreached: 2,
    running: 2,
    waiting: 2,
    'not-sent': 1,
  });
  const total = Object.values(tracker.counts()).reduce((sum, count) => sum + count, 0);
  assert.equal(total, tracker.size);
});

test('what is known already, belongs to no target or is of an older request is no news', () => {
  const tracker = new TargetTracker(nodes('a'), 0);
  const newer = request('a', 'queued', { id: 'id-2' });
  assert.deepEqual(tracker.update([newer, newer, request('b', 'queued')], 0), [newer]);
  assert.deepEqual(tracker.update([request('a', 'failed', { id: 'id-1' })], 0), []);
  assert.equal(tracker.byNode.get('a')?.request?.state, 'queued');
});

test('an older word of a request does not undo a newer one', () => {
  const tracker = new TargetTracker(nodes('a'), 0);
  const tell = (state: RequestState) => {
    tracker.update([request('a', state)], 0);
    return tracker.targets[0]?.request?.state;
  };
  const told = (['accepted', 'sent', 'undelivered', 'running', 'failed', 'running'] as const).map(tell);
  assert.deepEqual(told, ['accepted', 'accepted', 'undelivered', 'running', 'failed', 'failed']);
});

test('a run is held up by who can be reached, and by who is away as long as was asked', () => {
  const until = (state: RequestState, presence: 'here' | 'away' | 'unknown', waitMs?: number) => {
    const tracker = new TargetTracker([{ name: 'a', presence, lastSeenAt: null }], 1000);
    tracker.update([request('a', state)], 1000);
    return waitsUntil(tracker.targets[0]!, { startedAt: 1000, waitMs, endsWhenTaken: false });
  };
  assert.equal(until('succeeded', 'here'), -Infinity);
  assert.equal(until('queued', 'away'), -Infinity);
  assert.equal(until('sent', 'unknown'), -Infinity);
  assert.equal(until('queued', 'unknown'), 16_000);
  assert.equal(until('sent', 'here'), 16_000);
  assert.equal(until('queued', 'away', 60_000), 61_000);
  assert.equal(until('queued', 'here', 0), 1000);
  assert.equal(until('running', 'here', 0), Infinity);
  assert.equal(until('running', 'away'), 6000);
  assert.equal(until('accepted', 'away', 60_000), 61_000);
});

test('how long a node has to take a request counts from when it was submitted', () => {
  const tracker = new TargetTracker(nodes('a'), 0);
  const patience = { startedAt: 0, waitMs: undefined, endsWhenTaken: false };
  tracker.update([request('a', 'queued')], 60_000);
  tracker.update([request('a', 'sent')], 61_000);
  assert.equal(waitsUntil(tracker.targets[0]!, patience), 75_000);
});

test('a run is not held up by what original nodes took, nor by what is to run later', () => {
  const tracker = new TargetTracker(nodes('a'), 0);
  const [target] = tracker.targets;
  tracker.update([request('a', 'accepted', { endedAt: 7 })], 0);
  assert.equal(waitsUntil(target!, { startedAt: 0, waitMs: undefined, endsWhenTaken: false }), -Infinity);
  tracker.update([request('a', 'running')], 0);
  assert.equal(waitsUntil(target!, { startedAt: 0, waitMs: undefined, endsWhenTaken: true }), -Infinity);
});

test('a node that comes back is away from anew when it leaves again', () => {
  const tracker = new TargetTracker(nodes('a'), 0);
  const tell = (presence: 'here' | 'away', at: number) => {
    tracker.updateNodes([{ name: 'a', presence, lastSeenAt: at }], at);
    return tracker.targets[0]?.awaySince;
  };
  assert.deepEqual(
    [tell('away', 1), tell('away', 2), tell('here', 3), tell('away', 4)],
    [1, 1, undefined, 4],
  );
});

test('pieces are joined at their places, each byte once', () => {
  const joiner = new OutputJoiner();
  const piece = (offset: number, text: string) => ({
    stream: 'stdout' as const,
    offset,
    data: Buffer.from(text),
  });
  const take = (offset: number, text: string) => Buffer.from(joiner.take(piece(offset, text))).toString();
  assert.deepEqual([take(0, 'abc'), take(1, 'bcd'), take(0, 'abcd')], ['abc', 'd', '']);
  assert.deepEqual([joiner.hasGapBefore(piece(4, 'e')), joiner.hasGapBefore(piece(6, 'g'))], [false, true]);
  assert.deepEqual([take(6, 'g'), joiner.next('stdout'), joiner.next('stderr')], ['g', 7, 0]);
});

test('lines are found in pieces, whatever bytes they hold, and the last needs no line feed', () => {
  const splitter = new LineSplitter();
  const push = (text: string) =>
    splitter.push(Buffer.from(text, 'latin1')).map((line) => Buffer.from(line).toString('latin1'));
  assert.deepEqual(push('ab'), []);
  assert.deepEqual(push('c\n\nd\xff\xfe\r\ne'), ['abc', '', 'd\xff\xfe\r']);
  assert.deepEqual(push('f'), []);
  assert.equal(Buffer.from(splitter.end()!).toString(), 'ef');
  assert.equal(splitter.end(), undefined);
  assert.deepEqual(
    push('x'.repeat(70_000)).map(({ length }) => length),
    [70_000],
  );
});
