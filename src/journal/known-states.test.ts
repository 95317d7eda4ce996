import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestJournal } from '../../test/support/test-journal.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import type { RunResult } from '../message/method-contract.ts';
import { statement } from '../store/store.ts';
import { knownStates } from './known-states.ts';

test('a node says how the requests of another one run or ended, and which it does not know', async (t) => {
  const end = Promise.withResolvers<RunResult>();
  t.after(() => end.resolve({ state: 'interrupted' }));
  const made = await TestJournal.open(t, {
    run: ({ id }) => (id === 'id-2' ? end.promise : Promise.resolve({ state: 'failed', exitCode: 3 })),
  });
  made.receive(made.run, { seq: 1, id: 'id-1' }, { seq: 2, id: 'id-2' }, { seq: 3, id: 'id-3' });
  await waitFor('two reported ends', () => {
    const reported = made.reports.filter(({ end }) => end.state === 'failed');
    return reported.length === 2 && made.rows().filter(({ state }) => state === 'failed').length === 2;
  });
  const ask = (from: string, ids: string[]) => knownStates(made.store, { from, ids });
  await made.store.write([statement("UPDATE journal SET reported = 1 WHERE id = 'id-1'")]);
  await made.store.write([statement("UPDATE journal SET reported = 0 WHERE id = 'id-3'")]);
  const ids = ['id-0', 'id-1', 'id-2', 'id-3', 'id-9'];
  const { ends, ...rest } = ask('central', ids);
  assert.deepEqual(
    ends.map(({ id, state, exitCode }) => [id, state, exitCode]),
    [
      ['id-1', 'failed', 3],
      ['id-2', 'running', undefined],
    ],
    'a report of id-3 is on its way, and brings more',
  );
  assert.deepEqual(rest, { gone: ['id-0'], never: ['id-9'], upTo: 'id-9' });
  assert.deepEqual(ask('ship2', ['id-1']), { ends: [], gone: [], never: ['id-1'], upTo: 'id-1' });
});

test('an answer that would grow too large stops, and says up to where it went', async (t) => {
  const stderrTail = Buffer.alloc(4096);
  const made = await TestJournal.open(t, { run: async () => ({ state: 'failed', stderrTail }) });
  const ids = Array.from({ length: 100 }, (_, index) => `id-${100 + index}`);
  made.receive(made.run, ...ids.map((id, index) => ({ seq: index + 1, id })));
  await waitFor(
    'the reports',
    () => made.rows().filter(({ reported }) => reported).length === 100 && made.reports.length === 100,
  );
  const first = knownStates(made.store, { from: 'central', ids });
  assert.ok(first.ends.length > 40 && first.ends.length < 100, `${first.ends.length}`);
  assert.equal(first.upTo, first.ends.at(-1)?.id);
});
