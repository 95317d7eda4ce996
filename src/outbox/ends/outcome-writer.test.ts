import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settle } from '../../../test/support/manual-clock.ts';
import { systemClock } from '../../lib/clock.ts';
import { type Statement, type Store, statement } from '../../store/store.ts';
import { StoreError } from '../../store/store-error.ts';
import type { Ended, OutboxListener } from '../outbox-deps.ts';
import { OutcomeWriter } from './outcome-writer.ts';

function finisherOn(more: {
  write(statements: readonly Statement[]): Promise<void>;
  ended?: OutboxListener['ended'];
  report?: OutboxListener['report'];
  withNext?: Store['withNext'];
}) {
  const store = { write: more.write, withNext: more.withNext } as unknown as Store;
  return new OutcomeWriter({
    store,
    clock: systemClock,
    listeners: [more as OutboxListener],
    logger: { warn: () => {}, debug: () => {} },
  });
}

function ends(name: string) {
  return { statements: [statement(name)], ended: [{ id: name } as Ended], changed: [{ id: name }] };
}

test('what is added together is written together, after it was handed on', async () => {
  const events: string[] = [];
  const outcomes = finisherOn({
    write: async (statements) => void events.push(`write ${statements.map(({ sql }) => sql)}`),
    ended: async (ended) => void events.push(`ended ${ended.map(({ id }) => id)}`),
  });
  outcomes.add(ends('a'));
  outcomes.add(ends('b'));
  outcomes.add({ statements: [statement('c')], ended: [], changed: [] });
  await outcomes.idle();
  assert.deepEqual(events, ['ended a,b', 'write a,b,c']);
});

test('when a message was sent is known until its outcome is written', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const outcomes = finisherOn({ write: () => promise });
  outcomes.add({ ...ends('a'), ended: [], changed: [{ id: 'a', firstSentAt: 5 }], mayWait: true });
  assert.deepEqual([outcomes.sentAt.get('a'), outcomes.sentAt.get('b')], [5, undefined]);
  const idle = outcomes.idle();
  for (let round = 0; round < 4; round++) await settle();
  assert.equal(outcomes.sentAt.get('a'), 5, 'it is being written');
  resolve();
  await idle;
  assert.equal(outcomes.sentAt.get('a'), undefined);
});

test('what is added at the very moment at which all was written is written too', async () => {
  for (let hops = 0; hops < 12; hops++) {
    const written: string[] = [];
    const addLater = async () => {
      for (let hop = 0; hop < hops; hop++) await null;
      outcomes.add({ statements: [statement('second')], ended: [], changed: [] });
    };
    const outcomes = finisherOn({
      write: async (statements) => {
        written.push(...statements.map(({ sql }) => sql));
        if (written.length === 1) void addLater();
      },
    });
    outcomes.add({ statements: [statement('first')], ended: [], changed: [] });
    for (let round = 0; round < 4; round++) await settle();
    assert.deepEqual(written, ['first', 'second'], `${hops} hops later`);
  }
});

test('what cannot be written is tried again every second, in its order, and nothing twice', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const written: string[] = [];
  const handedOn: string[] = [];
  let isFull = true;
  const outcomes = finisherOn({
    write: async (statements) => {
      if (isFull) throw new StoreError('full', 'the disk is full');
      written.push(...statements.map(({ sql }) => sql));
    },
    ended: async (ended) => void handedOn.push(...ended.map(({ id }) => id)),
  });
  outcomes.add(ends('a'));
  await settle();
  await settle();
  assert.equal(outcomes.fault !== undefined, true);
  await outcomes.idle();
  outcomes.add(ends('b'));
  t.mock.timers.tick(1000);
  await settle();
  assert.deepEqual(written, []);
  isFull = false;
  t.mock.timers.tick(1000);
  await settle();
  assert.deepEqual([written, handedOn, outcomes.fault !== undefined], [['a', 'b'], ['a', 'b'], false]);
});

test('an outcome that can never be written is set aside and reported, the others are written, and nothing is handed on twice', async () => {
  const written: string[] = [];
  const handedOn: string[] = [];
  const errors: string[] = [];
  const outcomes = finisherOn({
    write: async (statements) => {
      const names = statements.map(({ sql }) => sql);
      if (names.includes('b')) throw new StoreError('failed', 'a constraint says no');
      written.push(...names);
    },
    ended: async (ended) => void handedOn.push(...ended.map(({ id }) => id)),
    report: (text) => void errors.push(text),
  });
  for (const name of ['a', 'b', 'c']) outcomes.add(ends(name));
  await outcomes.idle();
  assert.deepEqual([written, handedOn, outcomes.fault !== undefined], [['a', 'c'], ['a', 'b', 'c'], false]);
  assert.equal(errors.length, 1);
  assert.match(errors[0]!, /the outcome of b cannot be written down.*a constraint says no/);
});

test('a stop does not wait for a disk that stays full', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const outcomes = finisherOn({
    write: () => Promise.reject(new StoreError('full', 'the disk is full')),
  });
  outcomes.add(ends('a'));
  await settle();
  await settle();
  await outcomes[Symbol.asyncDispose]();
});

test('what may wait is written with what something else writes', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const written: string[] = [];
  const others: (() => void)[] = [];
  const outcomes = finisherOn({
    write: async (statements) => void written.push(statements.map(({ sql }) => sql).join()),
    withNext: (work) => {
      others.push(work);
      return () => {};
    },
  });
  outcomes.add({ statements: [statement('a')], ended: [], changed: [], mayWait: true });
  await settle();
  assert.deepEqual([others.length, written], [1, []]);
  others[0]!();
  await settle();
  assert.deepEqual(written, ['a']);
  await outcomes.idle();
});
