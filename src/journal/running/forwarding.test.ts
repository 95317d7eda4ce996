import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { TestJournal } from '../../../test/support/test-journal.ts';
import { TemporaryError } from '../../lib/temporary-error.ts';
import { newMessage } from '../../message/message.ts';
import type { ForwardMethod } from '../../methods/method.ts';
import type { Forward } from '../journal-deps.ts';
import type { JournalRow } from '../journal-table.ts';
import { Forwarding } from './forwarding.ts';

const RELAY: ForwardMethod = {
  ...{
    name: 'REQRelayInitial',
    mode: 'forward',
    kind: 'EventACK',
    summary: '',
    args: [],
    check: () => undefined,
  },
  forward: ({ message }) => ({ message }),
};

type Taken = readonly string[];

/** A journal whose messages go on; `fault` may stop those of one transaction. */
async function open(
  t: TestContext,
  { fault, method = RELAY }: { fault?: (names: Taken) => Error | undefined; method?: ForwardMethod },
) {
  const clock = new ManualClock();
  const transactions: Taken[] = [];
  const take = async (forwards: readonly Forward[]) => {
    const names = forwards.map(({ forwarded }) => forwarded.message.fileName);
    const error = fault?.(names);
    if (error) throw error;
    await made.store.write(forwards.map(({ note }, index) => note(`to-${names[index]}`)));
    transactions.push(names);
  };
  const made: TestJournal = await TestJournal.open(t, { clock, forward: { method, take } });
  const receive = async (...names: readonly string[]) => {
    for (const fileName of names) {
      const place = { seq: Number(fileName) };
      made.journal.receive(made.arrival(method, place, { fields: { fileName } }), method);
    }
    await made.settled();
  };
  const later = async () => {
    await clock.advance(1000);
    await made.settled();
  };
  return { made, transactions, receive, later, gone: () => transactions.flat() };
}

test('what cannot go on now holds those behind it', async (t) => {
  let faults = 2;
  const full = ([first]: Taken) =>
    first === '2' && faults-- > 0 ? new TemporaryError('the disk is full') : undefined;
  const { receive, later, gone } = await open(t, { fault: full });
  await receive('1');
  await receive('2', '3');
  await receive('4');
  assert.deepEqual(gone(), ['1']);
  await later();
  await receive('5');
  assert.deepEqual(gone(), ['1']);
  await later();
  assert.deepEqual(gone(), ['1', '2', '3', '4', '5']);
});

test('those that come meanwhile go on together, and by themselves where they are one too many', async (t) => {
  let isShort = true;
  const short = (names: Taken) =>
    isShort && (transactions.length === 0 || names.length > 1) ? new TemporaryError('no room') : undefined;
  const { transactions, receive, later } = await open(t, { fault: short });
  await receive('1', '2', '3', '4', '5', '6', '7');
  assert.deepEqual(transactions, []);
  isShort = false;
  await later();
  assert.deepEqual(transactions, [['1'], ['2', '3'], ['4', '5', '6', '7']]);
});

test('a request at which the node fails for good is set aside, and no other one with it', async (t) => {
  const broken = (names: Taken) => (names.includes('2') ? new Error('broken') : undefined);
  const { made, receive, gone } = await open(t, { fault: broken });
  await receive('1', '2', '3');
  assert.deepEqual(gone(), ['1', '3']);
  assert.match(made.errors.join('\n'), /the request id-e1-2 was set aside until the next start .*: broken/);
});

test('a request that is cancelled while it is held does not go on', async (t) => {
  let isFull = true;
  const full = () => (isFull ? new TemporaryError('the disk is full') : undefined);
  const { made, receive, later, gone } = await open(t, { fault: full });
  await receive('1', '2', '3');
  await made.journal.cancel('id-e1-2');
  isFull = false;
  await later();
  assert.deepEqual(gone(), ['1', '3']);
  assert.deepEqual(
    made.rows().map(({ state }) => state),
    ['forwarded', 'cancelled', 'forwarded'],
  );
});

test('what cannot be read now for one holds those behind it', async (t) => {
  let faults = 1;
  const ready: ForwardMethod['ready'] = async (message) => {
    if (message.fileName === '2' && faults-- > 0) throw new TemporaryError('too many open files');
    return message.fileName === '3' ? { fault: 'no such file' } : { message };
  };
  const { made, receive, later, gone } = await open(t, { method: { ...RELAY, ready } });
  await receive('1', '2', '3', '4');
  assert.deepEqual(gone(), ['1']);
  await later();
  assert.deepEqual(gone(), ['1', '2', '4']);
  assert.equal(made.rows()[2]?.state, 'failed');
});

test('what comes in the moment in which the last one before it has gone on goes on too', async () => {
  const message = newMessage({ toNode: 'ship1', fromNode: 'central', method: RELAY.name });
  for (let moments = 0; moments < 30; moments++) {
    const gone: Forward[] = [];
    const deps = {
      ...{ forwards: { use() {} }, ends: {}, calledOff: () => undefined, kept: { now: () => 0 } },
      ...{ clock: new ManualClock(), signal: new AbortController().signal, errorReporter: {}, logger: {} },
      sending: { forward: async (forwards: readonly Forward[]) => void gone.push(...forwards) },
    };
    const forwarding = new Forwarding(deps as unknown as ConstructorParameters<typeof Forwarding>[0]);
    const row = { row: 1, fromNode: 'central', subject: 'ship1', expiresAt: null } as unknown as JournalRow;
    void forwarding.goOn(row, RELAY, message);
    for (let moment = 0; moment < moments; moment++) await Promise.resolve();
    void forwarding.goOn(row, RELAY, message);
    await new Promise(setImmediate);
    assert.equal(gone.length, 2, `the second comes after ${moments} turns`);
  }
});
