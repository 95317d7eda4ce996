import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { tempStore } from '../../../test/support/temp-store.ts';
import { TestJournal } from '../../../test/support/test-journal.ts';
import { waitFor } from '../../../test/support/wait-for.ts';
import { HEADER } from '../../message/codec/wire-headers.ts';
import type { RunCall, RunResult } from '../../message/method-contract.ts';
import type { RunMethod } from '../../methods/method.ts';
import { Cancellations } from './cancellations.ts';

const KEYED = { [HEADER.supersedes]: 'k' };

/** A journal whose first run goes on until it is told to end, as long as others may not begin next to it. */
async function start(t: TestContext) {
  const begun: string[] = [];
  const first = Promise.withResolvers<RunResult>();
  const made = await TestJournal.open(t, {
    run: ({ id }) => {
      begun.push(id);
      return begun.length === 1 ? first.promise : Promise.resolve({ state: 'succeeded' });
    },
  });
  const receive = (
    seq: number,
    headers: Record<string, string>,
    { epoch, id, ...fields }: { fromNode?: string; epoch?: string; id?: string } = {},
  ) => {
    const place = { seq, epoch: epoch ?? fields.fromNode ?? 'e1', ...(id !== undefined && { id }) };
    made.journal.receive(made.arrival(made.run, place, { headers, fields }), made.run);
  };
  const isEnded = ({ id }: { id: string }) =>
    made.reports.some(({ end }) => end.id === id && end.state !== 'running');
  const ended = (count: number) =>
    waitFor('all have ended', () => made.rows().length === count && made.rows().every(isEnded));
  return { made, begun, receive, ended, endFirst: () => first.resolve({ state: 'succeeded' }) };
}

test('a request that has not begun gives way to a newer one of its sender with its key', async (t) => {
  const { made, begun, receive, ended, endFirst } = await start(t);
  receive(1, KEYED);
  await waitFor('the first begins', () => begun.length === 1);
  receive(2, KEYED);
  receive(3, {});
  receive(4, { [HEADER.supersedes]: 'k2' });
  receive(5, KEYED);
  receive(1, KEYED, { fromNode: 'other' });
  await made.settled();
  endFirst();
  await ended(6);
  assert.deepEqual(
    made.rows().map(({ id, state }) => `${id} ${state}`),
    [
      'id-e1-1 succeeded',
      'id-e1-2 superseded',
      'id-e1-3 succeeded',
      'id-e1-4 succeeded',
      'id-e1-5 succeeded',
      'id-other-1 succeeded',
    ],
  );
  const report = made.reports.find(({ end }) => end.state === 'superseded')!;
  assert.deepEqual([report.toNode, report.end.reason], ['central', 'superseded by id-e1-5']);
  assert.equal(begun.includes('id-e1-2'), false);
});

test('of requests that come together the older one does not begin', async (t) => {
  const { made, begun, receive, ended, endFirst } = await start(t);
  endFirst();
  receive(1, KEYED);
  receive(2, KEYED);
  await ended(2);
  assert.deepEqual(begun, ['id-e1-2']);
  assert.deepEqual(
    made.rows().map(({ state }) => state),
    ['superseded', 'succeeded'],
  );
});

test('a request whose id is lower does not give way to one of a lane that its sender began before', async (t) => {
  const { made, begun, receive, ended, endFirst } = await start(t);
  // As from a sender whose database was set back, and its clock with it.
  receive(1, KEYED, { epoch: 'e2', id: 'id-9' });
  await waitFor('the first begins', () => begun.length === 1);
  receive(2, KEYED, { epoch: 'e2', id: 'id-91' });
  await made.settled();
  receive(1, KEYED, { epoch: 'e3', id: 'id-5' });
  await made.settled();
  endFirst();
  await ended(3);
  assert.deepEqual(begun, ['id-9', 'id-91', 'id-5']);
});

test('a key that is longer than any is no key', async (t) => {
  const { begun, receive, ended, endFirst } = await start(t);
  endFirst();
  for (const seq of [1, 2]) receive(seq, { [HEADER.supersedes]: 'k'.repeat(2000) });
  await ended(2);
  assert.deepEqual(begun, ['id-e1-1', 'id-e1-2']);
});

test('of what an earlier life began, and that is called off before it goes on, nothing is left elsewhere', async (t) => {
  const store = await tempStore(t);
  const endsWithItsNode = ({ signal }: RunCall) =>
    new Promise<RunResult>((resolve) =>
      signal.addEventListener('abort', () => resolve({ state: 'interrupted' })),
    );
  const before = await TestJournal.open(t, { store, resumable: {}, run: endsWithItsNode });
  before.receive(before.run, { seq: 1 });
  await waitFor('it runs', () => before.rows()[0]?.state === 'running');
  await before[Symbol.asyncDispose]();
  await store.write([new Cancellations(store).add('id-e1-1', 0)]);
  const undone: string[] = [];
  const undo: RunMethod['undo'] = ({ id, message }) => void undone.push(`${id} of ${message.fromNode}`);
  const made = await TestJournal.open(t, {
    store,
    resumable: { undo },
    run: () => assert.fail('it runs again'),
  });
  await waitFor('it has ended', () => made.rows()[0]?.state === 'cancelled');
  assert.deepEqual(undone, ['id-e1-1 of central']);
});
