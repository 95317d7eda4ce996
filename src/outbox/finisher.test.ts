import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settle } from '../../test/support/manual-clock.ts';
import { type Statement, statement } from '../store/statement.ts';
import type { Store } from '../store/store.ts';
import { Finisher } from './finisher.ts';
import type { Ended, OutboxDeps } from './outbox-deps.ts';

function finisherOn(more: {
  write(statements: readonly Statement[]): Promise<void>;
  onEnded?: OutboxDeps['onEnded'];
}) {
  const store = { write: more.write } as unknown as Store;
  return new Finisher({
    store,
    onEnded: more.onEnded ?? (async () => {}),
    logger: { warn: () => {}, debug: () => {} },
  });
}

function ends(name: string) {
  return { statements: [statement(name)], ended: [{ id: name } as Ended], changed: [] };
}

test('what is added together is written together, after it was handed on', async () => {
  const events: string[] = [];
  const finisher = finisherOn({
    write: async (statements) => void events.push(`write ${statements.map(({ sql }) => sql)}`),
    onEnded: async (ended) => void events.push(`ended ${ended.map(({ id }) => id)}`),
  });
  finisher.add(ends('a'));
  finisher.add(ends('b'));
  finisher.add({ statements: [statement('c')], ended: [], changed: [] });
  await finisher.idle();
  assert.deepEqual(events, ['ended a,b', 'write a,b,c']);
});

test('what is added at the very moment at which all was written is written too', async () => {
  for (let hops = 0; hops < 12; hops++) {
    const written: string[] = [];
    const addLater = async () => {
      for (let hop = 0; hop < hops; hop++) await null;
      finisher.add({ statements: [statement('second')], ended: [], changed: [] });
    };
    const finisher = finisherOn({
      write: async (statements) => {
        written.push(...statements.map(({ sql }) => sql));
        if (written.length === 1) void addLater();
      },
    });
    finisher.add({ statements: [statement('first')], ended: [], changed: [] });
    for (let round = 0; round < 4; round++) await settle();
    assert.deepEqual(written, ['first', 'second'], `${hops} hops later`);
  }
});

test('what cannot be written is tried again every second, in its order, and nothing twice', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const written: string[] = [];
  const handedOn: string[] = [];
  let isFull = true;
  const finisher = finisherOn({
    write: async (statements) => {
      if (isFull) throw new Error('the disk is full');
      written.push(...statements.map(({ sql }) => sql));
    },
    onEnded: async (ended) => void handedOn.push(...ended.map(({ id }) => id)),
  });
  finisher.add(ends('a'));
  await settle();
  await settle();
  assert.equal(finisher.isFailing, true);
  await finisher.idle();
  finisher.add(ends('b'));
  t.mock.timers.tick(1000);
  await settle();
  assert.deepEqual(written, []);
  isFull = false;
  t.mock.timers.tick(1000);
  await settle();
  assert.deepEqual([written, handedOn, finisher.isFailing], [['a', 'b'], ['a', 'b'], false]);
});

test('a stop does not wait for a disk that stays full', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const finisher = finisherOn({ write: () => Promise.reject(new Error('the disk is full')) });
  finisher.add(ends('a'));
  await settle();
  await settle();
  await finisher[Symbol.asyncDispose]();
});
