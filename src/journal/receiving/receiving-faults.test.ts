import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { settle } from '../../../test/support/manual-clock.ts';
import { failingStore, tempStore } from '../../../test/support/temp-store.ts';
import { TestJournal } from '../../../test/support/test-journal.ts';
import { waitFor } from '../../../test/support/wait-for.ts';
import { systemClock } from '../../lib/clock.ts';
import { TemporaryError } from '../../lib/temporary-error.ts';
import { HEADER } from '../../message/codec/wire-headers.ts';
import type { Store } from '../../store/store.ts';
import { StoreError } from '../../store/store-error.ts';

test('while the database cannot be written nothing counts, and the lane stands where it was', async (t) => {
  let isFull = false;
  const store = failingStore(await tempStore(t), (statements) => isFull && statements.length > 0);
  const made = await TestJournal.open(t, { store });
  made.receive(made.run, { seq: 1 });
  await made.settled();
  isFull = true;
  made.receive(made.run, { seq: 2 }, { seq: 3 });
  await made.settled();
  made.receive(made.run, { seq: 4 });
  assert.deepEqual(made.taken(), ['accepted 1-1', 'busy 2-2', 'gap 4-4']);
  isFull = false;
  made.receive(made.run, { seq: 2 }, { seq: 3 }, { seq: 4 });
  await made.settled();
  assert.deepEqual(made.taken(), ['accepted 2-4']);
  assert.deepEqual(
    made.rows().map(({ id }) => id),
    ['id-e1-1', 'id-e1-2', 'id-e1-3', 'id-e1-4'],
  );
});

test('a fault of an effect is no verdict: the batch is refused for now, and taken once the fault is gone', async (t) => {
  const full = new StoreError('full', 'the database is full');
  const faults: Error[] = [
    new TemporaryError('no space'),
    new StoreError('locked', 'the database is in use'),
    new Error('the audit log cannot be written', {
      cause: Object.assign(new Error('no space'), { code: 'ENOSPC' }),
    }),
    new StoreError('io', 'the database could not be read'),
    new StoreError('failed', 'a fault in the program'),
    ...Array.from({ length: 20 }, () => full),
  ];
  const made = await TestJournal.open(t, {
    apply: (batch) => {
      const fault = faults.shift();
      return fault ? Promise.reject(fault) : Promise.resolve(batch.map(() => ({ ok: true })));
    },
  });
  for (let count = faults.length; count > 0; count = faults.length) {
    const { message } = faults[0]!;
    made.receive(made.effect, { seq: 1 });
    await made.settled();
    assert.equal(made.answers[0]?.headers[HEADER.reason], message);
    assert.deepEqual(made.taken(), ['busy 1-1']);
    assert.equal(faults.length, count - 1);
  }
  made.receive(made.effect, { seq: 1 });
  await made.settled();
  assert.deepEqual(made.taken(), ['accepted 1-1']);
  assert.deepEqual(made.errors, []);
});

test('a message at which the node fails each time is set aside and reported once, and stops no other', async (t) => {
  const applied: string[] = [];
  const made = await TestJournal.open(t, {
    apply: async (batch) => {
      if (batch.some(({ id }) => id === 'id-e1-2')) throw new Error('a fault in the program');
      applied.push(...batch.map(({ id }) => id));
      return batch.map(() => ({ ok: true }));
    },
  });
  made.receive(made.effect, { seq: 1 }, { seq: 2 }, { seq: 3 });
  await made.settled();
  assert.deepEqual(made.taken(), ['accepted 1-1', 'busy 2-2']);
  for (let attempt = 2; attempt < 5; attempt++) {
    made.receive(made.effect, { seq: 2 }, { seq: 3 });
    await made.settled();
    assert.deepEqual(made.taken(), ['busy 2-2'], `attempt ${attempt}`);
  }
  made.receive(made.effect, { seq: 2 }, { seq: 3 });
  await made.settled();
  assert.match(made.answers[0]?.headers[HEADER.reason] ?? '', /^set aside: .*a fault in the program/);
  assert.deepEqual(made.taken(), ['rejected 2-2', 'accepted 3-3']);
  assert.deepEqual(applied, ['id-e1-1', 'id-e1-3']);
  assert.equal(made.errors.length, 1);
  assert.match(made.errors[0]!, /REQToFileAppend: a message from central was rejected: set aside/);
  made.receive(made.effect, { seq: 2 });
  assert.deepEqual(made.taken(), ['rejected 2-2']);
});

test('what was made under an intent is not made again where its verdicts cannot be written at once', async (t) => {
  const store = await tempStore(t);
  let isFull = false;
  const applied: string[] = [];
  const made = await TestJournal.open(t, {
    store: failingStore(store, () => isFull),
    apply: async (batch, intend) => {
      await intend('the note');
      applied.push(...batch.map(({ id }) => id));
      isFull = true;
      return batch.map(({ id }) =>
        id === 'id-e1-2' ? { ok: false, reason: 'no such folder' } : { ok: true },
      );
    },
  });
  made.receive(made.effect, { seq: 1 }, { seq: 2 });
  await waitFor('the effect to be made', () => isFull);
  for (let round = 0; round < 5; round++) await settle();
  assert.deepEqual(made.taken(), []);
  isFull = false;
  await waitFor('the answers', () => made.answers.length === 2);
  assert.deepEqual(made.taken(), ['accepted 1-1', 'rejected 2-2']);
  assert.deepEqual(applied, ['id-e1-1', 'id-e1-2']);
});

for (const isComplete of [true, false]) {
  const what = isComplete ? 'counts where it was complete' : 'comes again where it was undone';
  test(`an effect that a crash cut short ${what}`, async (t) => {
    const store = await tempStore(t);
    using _effect = await crashInEffect(t, store, [1, 2]);
    const notes: string[] = [];
    const recover = async (note: string) => notes.push(note) > 0 && isComplete;
    const made = await TestJournal.open(t, { store, recover });
    assert.deepEqual(notes, ['the note']);
    assert.deepEqual(store.all('SELECT * FROM intents'), []);
    made.receive(made.effect, { seq: 1 }, { seq: 2 });
    await made.settled();
    assert.deepEqual(made.taken(), isComplete ? ['duplicate 1-1', 'duplicate 2-2'] : ['accepted 1-2']);
  });
}

test('of an effect that a crash cut short the messages count that were done, up to the first that was not', async (t) => {
  const store = await tempStore(t);
  using _effect = await crashInEffect(t, store, [1, 2, 3]);
  const made = await TestJournal.open(t, { store, recover: async () => 2 });
  made.receive(made.effect, { seq: 1 }, { seq: 2 }, { seq: 3 });
  await made.settled();
  assert.deepEqual(made.taken(), ['duplicate 1-1', 'duplicate 2-2', 'accepted 3-3']);
});

test('a fault of one effect that may pass does not hide from their sender that those before it were made', async (t) => {
  const made = await TestJournal.open(t, {
    apply: async (batch) => {
      if (batch.some(({ id }) => id === 'id-e1-2')) throw new TemporaryError('no space');
      return batch.map(() => ({ ok: true }));
    },
  });
  made.receive(made.effect, { seq: 1 }, { seq: 2 }, { seq: 3 });
  await made.settled();
  assert.deepEqual(made.taken(), ['accepted 1-1', 'busy 2-2']);
});

test('an effect that cannot be checked after a crash holds up its lane alone, and is not made twice', async (t) => {
  const store = await tempStore(t);
  using _effect = await crashInEffect(t, store, [1]);
  const later: (() => void)[] = [];
  const after: typeof systemClock.after = (ms, task) => {
    if (ms < 1000) return systemClock.after(ms, task);
    later.push(task);
    return () => {};
  };
  let isReadable = false;
  const recover = async () => {
    if (!isReadable) throw Object.assign(new Error('EIO'), { code: 'EIO' });
    return true;
  };
  const made = await TestJournal.open(t, { store, recover, clock: { ...systemClock, after } });
  made.receive(made.effect, { seq: 1 }, { epoch: 'e2', seq: 1 });
  await made.settled();
  assert.deepEqual(made.taken(), ['busy 1-1', 'accepted 1-1']);
  isReadable = true;
  later.shift()!();
  await waitFor('the check', () => made.next('e1') === 2);
  made.receive(made.effect, { seq: 1 });
  await made.settled();
  assert.deepEqual(made.taken(), ['duplicate 1-1']);
  assert.deepEqual([store.all('SELECT * FROM intents'), later.length], [[], 0]);
});

test('a message is judged by its place, which is another for each and the same for one that comes again', async (t) => {
  const places: (string | undefined)[] = [];
  const made = await TestJournal.open(t, {
    judge: (_, { place }) => {
      places.push(place);
      return places.length === 3 ? { do: 'later', reason: 'not yet' } : { do: 'take' };
    },
  });
  const id = 'one for all';
  for (const seq of [1, 2, 3]) {
    made.receive(made.effect, { seq, id });
    await made.settled();
  }
  made.receive(made.effect, { seq: 3, id }, { epoch: 'e2', seq: 1, id });
  await made.settled();
  assert.deepEqual(places, ['1/1', '1/2', '1/3', '1/3', '2/1']);
});

/** Has an earlier life of the node end in the midst of an effect; that goes on for as long as the test. */
async function crashInEffect(t: TestContext, store: Store, seqs: readonly number[]): Promise<Disposable> {
  const { promise, resolve } = Promise.withResolvers<never[]>();
  const crashed = await TestJournal.open(t, {
    store,
    apply: async (_, intend) => {
      await intend('the note');
      return await promise;
    },
  });
  crashed.receive(crashed.effect, ...seqs.map((seq) => ({ seq })));
  await crashed.settled();
  assert.deepEqual(crashed.taken(), []);
  return { [Symbol.dispose]: () => resolve([]) };
}

test('that an effect is done is written down once the disk takes it, though nothing more comes in its lane', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let isFull = false;
  const store = failingStore(await tempStore(t), (statements) => isFull && statements.length > 0);
  const made = await TestJournal.open(t, {
    store,
    apply: async (batch, intend) => {
      await intend('a note');
      isFull = true;
      return batch.map(() => ({ ok: true }));
    },
  });
  const intents = () => store.all('SELECT note FROM intents').length;
  made.receive(made.effect, { seq: 1 });
  await made.settled();
  assert.deepEqual([made.taken(), intents()], [['accepted 1-1'], 1]);
  for (const isStillFull of [true, true, false]) {
    t.mock.timers.tick(5000);
    await made.settled();
    assert.deepEqual([intents(), made.next()], [1, 1]);
    isFull = isStillFull;
  }
  t.mock.timers.tick(5000);
  await made.settled();
  assert.deepEqual([intents(), made.next()], [0, 2]);
});

test('what was called off counts for its sender, though its arguments do not travel', async (t) => {
  const made = await TestJournal.open(t);
  const effect = { ...made.effect, check: () => 'methodArgs is empty' };
  const more = { headers: { 'Steward-Not-After': '1' } };
  for (const _ of ['it comes', 'it comes again']) {
    made.journal.receive(made.arrival(effect, { seq: 1 }, more), effect);
    await made.settled();
  }
  assert.deepEqual(made.taken(), ['expired 1-1', 'expired 1-1']);
  await waitFor('a report', () => made.reports.length > 0);
  assert.deepEqual(
    made.reports.map(({ toNode, end }) => `${toNode}: ${end.state}`),
    ['central: expired'],
  );
});

test('of messages without a place, which come from several nodes, the others are taken where one must wait', async (t) => {
  for (const method of ['effect', 'run'] as const) {
    const taken: string[] = [];
    const made = await TestJournal.open(t, {
      judge: ({ fileName }) =>
        fileName === 'later' ? { do: 'later', reason: 'its share is used' } : { do: 'take' },
      apply: async (batch) => {
        taken.push(...batch.map(({ message }) => message.fileName));
        return batch.map(() => ({ ok: true }));
      },
      run: async ({ message }) => {
        taken.push(message.fileName);
        return { state: 'succeeded' };
      },
    });
    const names = ['one', 'later', 'two', 'later', 'three'];
    for (const [at, fileName] of names.entries())
      made.journal.receive(
        made.arrival(made[method], { id: `id-${at}` }, { fields: { fileName } }),
        made[method],
      );
    await waitFor(`three messages (${method})`, () => taken.length === 3);
    assert.deepEqual(taken, ['one', 'two', 'three']);
  }
});
