import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { LedgerRows } from '../../test/support/ledger-rows.ts';
import { ManualClock, settle } from '../../test/support/manual-clock.ts';
import { tempStore } from '../../test/support/temp-store.ts';
import { knownStates } from '../journal/known-states.ts';
import { Ledger } from '../ledger/ledger.ts';
import { decodeQuestion, encodeAnswer, type StateAnswer } from '../message/state-question.ts';
import { statement } from '../store/store.ts';
import { AskStates } from './ask-states.ts';
import { StateQuestions } from './state-questions.ts';

const NOTHING: StateAnswer = { ends: [], gone: [], never: [], upTo: null };

test('nodes that do not name the word, as those of version 0.1 and original ones, are never asked', async (t) => {
  const { rows, asked, look } = await start(t, { words: [] });
  await rows.add({ state: 'accepted', node: 'old1' });
  await look();
  assert.deepEqual(asked, []);
});

test('a node is asked for what it took and is open, and of what has ended or waits here it is not', async (t) => {
  const { rows, asked, look, stateOf, answers } = await start(t, { words: ['ship1', 'ship2'] });
  const [open, runs] = await rows.addAll([
    { state: 'accepted' },
    { state: 'running' },
    { state: 'queued' },
    {},
  ]);
  const other = await rows.add({ state: 'accepted', node: 'ship2' });
  answers.set('ship1', { ...NOTHING, never: [open!], gone: [runs!], upTo: runs! });
  await look();
  assert.deepEqual(asked, [
    { node: 'ship1', ids: [open, runs] },
    { node: 'ship2', ids: [other] },
  ]);
  assert.deepEqual([stateOf(open!), stateOf(runs!), stateOf(other)], ['lost', 'lost', 'accepted']);
});

test('nodes that do not answer hold up nobody else, and no more than some are asked at a time', async (t) => {
  const silent = Array.from({ length: 40 }, (_, index) => `silent${index}`);
  const { rows, asked, look, answers, clock } = await start(t, { words: [...silent, 'ship1'] });
  for (const node of silent) {
    answers.set(node, 'silence');
    await rows.add({ state: 'accepted', node });
  }
  await rows.add({ state: 'accepted', node: 'ship1' });
  const looked = look();
  await settle();
  const atOnce = asked.length;
  assert.ok(atOnce > 1 && atOnce < silent.length, `${atOnce} are asked at once`);
  while (asked.length <= silent.length) await clock.advance(5000);
  await clock.advance(5000);
  await looked;
  assert.equal(new Set(asked.map(({ node }) => node)).size, silent.length + 1);
});

test('a node that answers of what was not its own changes nothing', async (t) => {
  const { rows, look, stateOf, answers } = await start(t, { words: ['ship1', 'ship2'] });
  const mine = await rows.add({ state: 'accepted', node: 'ship2' });
  const own = await rows.add({ state: 'accepted', node: 'ship1' });
  answers.set('ship1', { ...NOTHING, never: [mine], upTo: own });
  await look();
  assert.deepEqual([stateOf(mine), stateOf(own)], ['accepted', 'accepted']);
});

test('a relayed request is asked for hop by hop: the relay has no news of what it handed on, until that has ended', async (t) => {
  const { store, rows, asked, look, stateOf, answers } = await start(t, { words: ['relay1'] });
  const id = await rows.add({ state: 'accepted', node: 'relay1', method: 'REQRelayInitial' });
  const insert = `INSERT INTO journal (row, lane, seq, id, from_node, subject, state, accepted_at, reported, format, forward)
    VALUES (1, 1, 1, ?, 'central', 'relay1.REQRelayInitial.CommandACK', 'forwarded', 5, 0, 0, 'f1')`;
  await store.write([statement(insert, id)]);
  answers.set('relay1', () => knownStates(store, { from: 'central', ids: [id] }));
  await look();
  assert.deepEqual([asked.length, stateOf(id)], [1, 'accepted']);
  await store.write([
    statement("UPDATE journal SET state = 'lost', reason = 'ship9 took it', ended_at = 9, reported = 1"),
  ]);
  await look(70_000);
  assert.deepEqual([asked.length, stateOf(id)], [2, 'lost']);
});

async function start(t: TestContext, { words }: { words: readonly string[] }) {
  const store = await tempStore(t);
  const clock = new ManualClock();
  const asked: { node: string; ids: readonly string[] }[] = [];
  const answers = new Map<string, StateAnswer | (() => StateAnswer) | 'silence'>();
  const handlers = new Map<
    string,
    (answer: { subject: string; payload: Uint8Array; noResponders: boolean; header(): undefined }) => void
  >();
  const publish = (subject: string, payload: string | Uint8Array, { reply }: { reply: string }) => {
    const node = subject.split('.')[0]!;
    asked.push({ node, ids: decodeQuestion(Buffer.from(payload))!.ids });
    const answer = answers.get(node) ?? NOTHING;
    if (answer === 'silence') return true;
    const told = encodeAnswer(typeof answer === 'function' ? answer() : answer);
    const rest = { payload: Buffer.from(told), noResponders: false, header: () => undefined };
    handlers.get(subject)?.({ subject: reply, ...rest });
    return true;
  };
  const listen = async (
    subject: string,
    handler: typeof handlers extends Map<string, infer H> ? H : never,
  ) => {
    handlers.set(subject, handler);
    return {
      replyFor: (token: string) => `reply.${token}`,
      [Symbol.dispose]: () => handlers.delete(subject),
    };
  };
  const ledger = new Ledger({ store, now: () => 5000, logger: { warn: () => {} } });
  const deps = {
    ...{ store, clock, ledger, logger: { warn: (_: object, text: string) => assert.fail(text) } },
    bus: { isConnected: true, publish, subscribe: () => ({ [Symbol.dispose]: () => {} }) },
    outbox: { inbox: { life: '0a1b2c3d4e', listen } },
    peers: { knows: (node: string) => words.includes(node), heardWords: () => {} },
    sending: { waitingReports: () => 0 },
    addresses: { subjectFor: (subject: string) => subject },
    guard: { isYielding: false },
    presence: { of: () => 'here' },
  };
  const asking = new AskStates('central', deps as unknown as ConstructorParameters<typeof AskStates>[1]);
  const all = { ...deps, asking } as unknown as ConstructorParameters<typeof StateQuestions>[1];
  const questions = new StateQuestions('central', all);
  t.after(() => asking[Symbol.dispose]());
  t.after(() => questions[Symbol.dispose]());
  /** Asks those whose turn it is, that many ms later. */
  const look = async (afterMs = 0) => {
    await clock.advance(afterMs);
    // The rows are written past the outbox, which would tell of them.
    questions.changed();
    await questions.look();
    await settle();
  };
  const stateOf = (id: string) =>
    store.get<{ state: string }>('SELECT state FROM ledger WHERE id = ?', id)?.state;
  return { store, rows: new LedgerRows(store), asked, answers, look, stateOf, clock };
}
