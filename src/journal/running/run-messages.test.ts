import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { TestJournal } from '../../../test/support/test-journal.ts';
import type { Message } from '../../message/message.ts';
import type { RunCall } from '../../message/method-contract.ts';

const LARGE = { methodArgs: ['bash', 'a'.repeat(20_000)], data: [Buffer.alloc(20_000, 'd')] };

/** What of a message is in memory. */
function held(message: Message, field: keyof Message): unknown {
  return Object.getOwnPropertyDescriptor(message, field)?.value ?? undefined;
}

test('a long run keeps nothing large of its message in memory, and finds it in the journal again', async (t) => {
  const clock = new ManualClock();
  const end = Promise.withResolvers<void>();
  let call: RunCall | undefined;
  const run = async (one: RunCall) => {
    call = one;
    await end.promise;
    return { state: 'succeeded', reply: Buffer.from(`${one.message.methodArgs?.[1]?.length}`) } as const;
  };
  const made = await TestJournal.open(t, { clock, run });
  const fields = { ...LARGE, replyMethodArgs: ['small'] };
  made.journal.receive(made.arrival(made.run, { seq: 1 }, { fields }), made.run);
  await made.settled();
  const { message } = call!;
  // Its data is used as it begins, its arguments may be quoted soon.
  assert.equal(held(message, 'data'), undefined);
  assert.deepEqual(held(message, 'methodArgs'), LARGE.methodArgs);
  assert.deepEqual(
    message.data,
    LARGE.data.map((one) => new Uint8Array(one)),
  );
  await clock.advance(1000);
  await made.settled();
  for (const field of ['data', 'methodArgs'] as const) assert.equal(held(message, field), undefined, field);
  assert.deepEqual(message.methodArgs, LARGE.methodArgs);
  assert.deepEqual(held(message, 'replyMethodArgs'), ['small']);
  assert.deepEqual([{ ...message }.methodArgs, 'data' in { ...message }], [LARGE.methodArgs, false]);
  end.resolve();
  await made.settled();
  assert.deepEqual(
    made.replies.map(({ data }) => data),
    ['20000'],
  );
  // What comes of its end quotes the message as it came.
  assert.deepEqual([held(message, 'methodArgs'), message.data], [LARGE.methodArgs, null]);
});

test('the end of a run of which only the data was let go of reads nothing again', async (t) => {
  const end = Promise.withResolvers<void>();
  const run = async () => {
    await end.promise;
    return { state: 'succeeded' } as const;
  };
  const made = await TestJournal.open(t, { clock: new ManualClock(), run });
  const fields = { data: LARGE.data };
  made.journal.receive(made.arrival(made.run, { seq: 1 }, { fields }), made.run);
  await made.settled();
  const get = t.mock.method(made.store, 'get');
  end.resolve();
  await made.settled();
  assert.equal(made.rows()[0]?.state, 'succeeded');
  const sql = get.mock.calls.map(({ arguments: [text] }) => text);
  assert.deepEqual(
    sql.filter((text) => text.includes('SELECT * FROM journal')),
    [],
  );
});

test('what cannot be read again is missing where a run asks for it, and the end counts all the same', async (t) => {
  const clock = new ManualClock();
  const end = Promise.withResolvers<void>();
  let call: RunCall | undefined;
  const run = async (one: RunCall) => {
    call = one;
    await end.promise;
    return { state: 'succeeded' } as const;
  };
  const made = await TestJournal.open(t, { clock, run });
  made.journal.receive(made.arrival(made.run, { seq: 1 }, { fields: LARGE }), made.run);
  await made.settled();
  await clock.advance(1000);
  await made.store.write([{ sql: `UPDATE journal SET body = x'00'`, rows: [[]] }]);
  assert.equal(call!.message.methodArgs, null);
  end.resolve();
  await made.settled();
  assert.equal(made.rows()[0]?.state, 'succeeded');
  assert.deepEqual([call!.message.fromNode, call!.message.methodArgs], ['central', null]);
});
