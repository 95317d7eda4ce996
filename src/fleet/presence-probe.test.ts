import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WireMessage } from '../message/wire-message.ts';
import { PresenceProbe } from './presence-probe.ts';

const MINUTE = 60_000;

function scene() {
  let now = 10 * MINUTE;
  const seen = new Map<string, number>([
    ['ship1', now],
    ['ship2', now],
    ['often', now],
    ['old', now],
  ]);
  const away = new Set<string>();
  const asked: string[] = [];
  const handlers = new Map<string, (answer: WireMessage) => void>();
  const probe = new PresenceProbe('central', {
    presence: {
      names: () => [...seen.keys()],
      of: (node) => (away.has(node) ? 'away' : 'here'),
      factsOf: (node) =>
        ({ helloIntervalMs: node === 'often' ? 30_000 : 15 * MINUTE }) as ReturnType<
          ConstructorParameters<typeof PresenceProbe>[1]['presence']['factsOf']
        >,
      lastSeenAt: (node) => seen.get(node) ?? null,
      left: (node) => void away.add(node),
    },
    addresses: { subjectFor: (subject, node) => (node === 'ship1' ? `${subject}.from.central` : subject) },
    peers: { knows: (node) => node !== 'old' },
    bus: {
      isConnected: true,
      publish: (subject) => asked.push(subject) > 0,
      subscribe: (subject, handler) => {
        handlers.set(subject, handler);
        return { ready: async () => {}, [Symbol.dispose]: () => void handlers.delete(subject) };
      },
    },
    // No timer of its own waits for an answer.
    clock: { wallNow: () => now, steadyNow: () => now, every: () => () => {} } as never,
  });
  return {
    ...{ probe, asked, away, seen, handlers },
    pass: (ms: number) => {
      now += ms;
    },
    nobody: (node: string) =>
      handlers.get(`${node}.Steward.State.reply.central.here`)?.({
        noResponders: true,
      } as unknown as WireMessage),
  };
}

test('nodes that say hello seldom are asked for after some minutes of silence, as they take it, and those where nobody listens are away', () => {
  const { probe, asked, away, pass, nobody, handlers } = scene();
  probe.look();
  assert.deepEqual(asked, []);
  pass(3.5 * MINUTE);
  probe.look();
  assert.deepEqual(asked.splice(0), ['ship1.Steward.State.from.central', 'ship2.Steward.State']);
  nobody('ship2');
  assert.deepEqual([...away], ['ship2']);
  assert.equal(handlers.size, 2);
  pass(MINUTE);
  probe.look();
  assert.deepEqual(asked, [], 'not again at once');
  assert.equal(handlers.size, 0, 'what came until then was the answer');
  pass(2.5 * MINUTE);
  probe.look();
  assert.deepEqual(
    asked,
    ['ship1.Steward.State.from.central'],
    'and one that is away says hello when it comes',
  );
  probe[Symbol.dispose]();
  assert.equal(handlers.size, 0);
});
