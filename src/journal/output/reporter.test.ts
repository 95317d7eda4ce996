import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock, settle } from '../../../test/support/manual-clock.ts';
import { type Clock, systemClock } from '../../lib/clock.ts';
import type { ReportEntry } from '../../message/report.ts';
import type { Statement } from '../../store/store.ts';
import { StoreError } from '../../store/store-error.ts';
import { Reporter } from './reporter.ts';

interface Sent {
  readonly toNode: string;
  readonly ids: string[];
  readonly rows: unknown[];
}

function start(onSend: (sent: Sent) => Promise<void> = async () => {}, clock: Clock = systemClock) {
  const sent: Sent[] = [];
  const report = async (toNode: string, ends: readonly ReportEntry[], alongside: readonly Statement[]) => {
    const one = { toNode, ids: ends.map(({ id }) => id), rows: alongside[0]!.rows.map(([row]) => row) };
    await onSend(one);
    sent.push(one);
  };
  const errors: string[] = [];
  const reporter = new Reporter({
    clock,
    sending: { report },
    errorReporter: { report: (text) => void errors.push(text) },
    logger: { warn: () => {}, info: () => {} },
  });
  return { sent, errors, reporter };
}

test('ends that come together travel in one message per node, and their rows are marked with it', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { sent, reporter } = start();
  reporter.add('central', { id: 'a', state: 'running' });
  reporter.add('central', { id: 'a', state: 'succeeded' }, 7);
  reporter.add('ship2', { id: 'b', state: 'failed' }, 8);
  t.mock.timers.tick(10);
  await settle();
  assert.deepEqual(sent, [
    { toNode: 'central', ids: ['a', 'a'], rows: [7] },
    { toNode: 'ship2', ids: ['b'], rows: [8] },
  ]);
});

test('ends with much output are spread over several messages', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { sent, reporter } = start();
  for (let row = 0; row < 5; row++)
    reporter.add('central', { id: String(row), state: 'succeeded', stdout: Buffer.alloc(100_000) }, row);
  t.mock.timers.tick(10);
  await settle();
  assert.deepEqual(
    sent.map(({ rows }) => rows),
    [[0, 1], [2, 3], [4]],
  );
});

test('at most 200 ends go into one message', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { sent, reporter } = start();
  for (let row = 0; row < 450; row++) reporter.add('central', { id: String(row), state: 'succeeded' }, row);
  t.mock.timers.tick(10);
  await settle();
  assert.deepEqual(
    sent.map(({ ids }) => ids.length),
    [200, 200, 50],
  );
  assert.deepEqual(
    sent.flatMap(({ rows }) => rows),
    Array.from({ length: 450 }, (_, row) => row),
  );
});

test('a report that cannot be queued is tried again every second, in its order', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let failures = 2;
  const { sent, reporter } = start(async () => {
    if (failures-- > 0) throw new StoreError('full', 'the disk is full');
  });
  reporter.add('central', { id: 'a', state: 'succeeded' }, 1);
  t.mock.timers.tick(10);
  await settle();
  reporter.add('central', { id: 'b', state: 'succeeded' }, 2);
  for (let second = 0; second < 2; second++) {
    assert.deepEqual(sent, []);
    t.mock.timers.tick(1000);
    await settle();
  }
  assert.deepEqual(sent, [{ toNode: 'central', ids: ['a', 'b'], rows: [1, 2] }]);
});

test('an end that can never be queued is set aside and reported once, and holds up no other', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { sent, errors, reporter } = start(async ({ ids }) => {
    if (ids.includes('b')) throw new StoreError('failed', 'a constraint says no');
  });
  for (const id of ['a', 'b', 'c']) reporter.add('central', { id, state: 'succeeded' }, 1);
  t.mock.timers.tick(10);
  await settle();
  assert.deepEqual(
    sent.flatMap(({ ids }) => ids),
    ['a', 'c'],
  );
  assert.equal(errors.length, 1);
  assert.match(errors[0]!, /request b is succeeded was set aside until the next start.*a constraint says no/);
});

test('an end that comes at the very moment at which the last report is queued is reported too', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  for (let hops = 0; hops < 15; hops++) {
    let addLater = async () => {};
    const { sent, reporter } = start(async () => void addLater());
    addLater = async () => {
      addLater = async () => {};
      for (let hop = 0; hop < hops; hop++) await null;
      reporter.add('central', { id: 'second', state: 'succeeded' }, 2);
    };
    reporter.add('central', { id: 'first', state: 'succeeded' }, 1);
    for (let round = 0; round < 3; round++) {
      t.mock.timers.tick(10);
      await settle();
    }
    assert.deepEqual(
      sent.flatMap(({ ids }) => ids),
      ['first', 'second'],
      `${hops} hops later`,
    );
  }
});

test('a stop sends what is gathered at once, and does not wait for a disk that stays full', async () => {
  const { sent, reporter } = start();
  reporter.add('central', { id: 'a', state: 'interrupted' }, 1);
  await reporter[Symbol.asyncDispose]();
  assert.equal(sent.length, 1);
  const failing = start(() => Promise.reject(new StoreError('full', 'the disk is full')));
  failing.reporter.add('central', { id: 'a', state: 'interrupted' }, 1);
  await failing.reporter[Symbol.asyncDispose]();
  assert.deepEqual(failing.sent, []);
});

test('an end with a reply that takes long on its way is reported only when that was longer than it may take', async () => {
  const clock = new ManualClock();
  const { sent, reporter } = start(undefined, clock);
  const end: ReportEntry = { id: 'a', state: 'succeeded' };
  let ridesMs = 0;
  const entry = { row: 7, end, mayRide: true };
  // What is known of the way there is known later.
  const riding = reporter.sendWith('central', entry, async () => ({ ridesMs: () => ridesMs }));
  await riding;
  ridesMs = 60_000;
  for (let seconds = 0; seconds < 59; seconds++) await clock.advance(1000);
  assert.deepEqual(sent, []);
  await clock.advance(2000);
  await clock.advance(1000);
  assert.deepEqual(sent, [{ toNode: 'central', ids: ['a'], rows: [7] }]);
});
