import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock, settle } from '../../test/support/manual-clock.ts';
import { encodeAnswer, type StateAnswer } from '../message/state-question.ts';
import { AskStates } from './ask-states.ts';

const NOTHING: StateAnswer = { ends: [], gone: [], never: [], upTo: null };

type Handler = (message: object) => void;

test('questions to one node at once have each its own answer, whichever comes first, also one that comes late', async () => {
  const { clock, asker, asked, answer, listeners } = start((token) => `reply.ship1.${token}`);
  const [words, held] = [asker.ask('central'), asker.ask('central', { ids: [], held: ['a'] })];
  await settle();
  assert.deepEqual(asked, ['reply.ship1.0a1b2c3d4e-state-1', 'reply.ship1.0a1b2c3d4e-state-2']);
  answer('reply.ship1.0a1b2c3d4e-state-1', NOTHING);
  assert.deepEqual(await words, NOTHING);
  answer('reply.ship1.0a1b2c3d4e-state-1', { ...NOTHING, never: ['of another question'] });
  answer('reply.ship1.0a1b2c3d4e-state-2', { ...NOTHING, gone: ['a'] });
  assert.deepEqual(await held, { ...NOTHING, gone: ['a'] });
  assert.equal(listeners.size, 0);
  const [late, later] = [asker.ask('central', { ids: ['b'] }), asker.ask('central')];
  await settle();
  await clock.advance(5000);
  assert.equal(await late, undefined);
  // Where it is asked for its words, both ways of a thin link may be full before the answer.
  await clock.advance(24_000);
  answer('reply.ship1.0a1b2c3d4e-state-4', NOTHING);
  assert.deepEqual(await later, NOTHING);
  assert.equal(listeners.size, 0);
});

test('where the broker grants one subject for all answers, they are told apart by their order', async () => {
  const { asker, answer } = start(() => 'central.Steward.State.reply');
  const both = [asker.ask('central'), asker.ask('central', { ids: [], held: ['a'] })];
  await settle();
  answer('central.Steward.State.reply', NOTHING);
  await settle();
  answer('central.Steward.State.reply', { ...NOTHING, gone: ['a'] });
  assert.deepEqual(await Promise.all(both), [NOTHING, { ...NOTHING, gone: ['a'] }]);
});

test('a question for whose answer nothing may be heard fails, and the next one does not wait for it', async () => {
  const { asker, answer, refuse } = start((token) => `reply.ship1.${token}`);
  refuse(new Error('not allowed'));
  await assert.rejects(asker.ask('central'), /not allowed/);
  refuse(undefined);
  const next = asker.ask('central');
  await settle();
  answer('reply.ship1.0a1b2c3d4e-state-2', NOTHING);
  assert.deepEqual(await next, NOTHING);
});

/** An asker, and an inbox that has one listener for each subject, as the real one. */
function start(replyFor: (token: string) => string) {
  const [clock, asked, listeners] = [new ManualClock(), [] as string[], new Map<string, Handler>()];
  let refusal: Error | undefined;
  const listen = async (subject: string, handler: Handler) => {
    if (refusal) throw refusal;
    listeners.set(subject, handler);
    return { replyFor, [Symbol.dispose]: () => listeners.delete(subject) };
  };
  const deps = {
    ...{ clock, outbox: { inbox: { life: '0a1b2c3d4e', listen } }, peers: { heardWords: () => {} } },
    bus: { publish: (_: string, __: string, { reply }: { reply: string }) => asked.push(reply) > 0 },
    addresses: { subjectFor: (subject: string) => subject },
  };
  const asker = new AskStates('ship1', deps as unknown as ConstructorParameters<typeof AskStates>[1]);
  const answer = (subject: string, told: StateAnswer) =>
    listeners.get('central.Steward.State')!({
      ...{ subject, payload: Buffer.from(encodeAnswer(told)), noResponders: false, header: () => undefined },
    });
  const refuse = (error: Error | undefined) => {
    refusal = error;
  };
  return { clock, asker, asked, answer, listeners, refuse };
}
