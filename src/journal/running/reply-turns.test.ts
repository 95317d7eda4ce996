import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReplyTurns } from './reply-turns.ts';

function recorder() {
  const events: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<void>>();
  const effect = (name: string) => async () => {
    events.push(`${name} begins`);
    const end = Promise.withResolvers<void>();
    ends.set(name, end);
    await end.promise;
    events.push(`${name} ends`);
  };
  return { events, ends, effect };
}

test('replies wait while one to the same place goes in pieces, and keep their order', async () => {
  const turns = new ReplyTurns();
  const { events, ends, effect } = recorder();
  const all = ['a', 'b', 'c'].map((name) => turns.take('place', name !== 'b', effect(name)));
  void turns.take('elsewhere', false, effect('d'));
  await Promise.resolve();
  assert.deepEqual(events, ['d begins', 'a begins']);
  ends.get('a')!.resolve();
  await all[0];
  await turnsLater();
  ends.get('b')!.resolve();
  await all[1];
  await turnsLater();
  ends.get('c')!.resolve();
  await all[2];
  assert.deepEqual(events.slice(2), ['a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
});

test('replies of one piece do not wait for each other', () => {
  const turns = new ReplyTurns();
  const { events, effect } = recorder();
  void turns.take('place', false, effect('a'));
  void turns.take('place', false, effect('b'));
  assert.deepEqual(events, ['a begins', 'b begins']);
});

test('a reply that fails does not keep the next one from its turn', async () => {
  const turns = new ReplyTurns();
  const failed = turns.take('place', true, () => Promise.reject(new Error('no')));
  const next = turns.take('place', false, async () => {});
  await assert.rejects(failed, /no/);
  await next;
});

function turnsLater(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
