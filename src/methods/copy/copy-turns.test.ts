import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock, settle } from '../../../test/support/manual-clock.ts';
import { CopyTurns } from './copy-turns.ts';

function start() {
  const [turns, clock, begun] = [new CopyTurns(), new ManualClock(), [] as string[]];
  const take = async (name: string, target: string, signal = new AbortController().signal) => {
    const onWait = () => void begun.push(`${name} waits`);
    const turn = await turns.take('ship1', target, { signal, clock, patienceMs: 1000, onWait });
    begun.push(`${name}${turn.hasWaited ? ' after' : ''}`);
    return turn;
  };
  return { take, clock, begun };
}

test('copies to one file go one after the other, to another at once', async () => {
  const { take, begun } = start();
  const first = await take('a', '/x');
  const second = take('b', '/x');
  await take('c', '/y');
  assert.deepEqual(begun, ['a', 'b waits', 'c']);
  first[Symbol.dispose]();
  (await second)[Symbol.dispose]();
  assert.equal(begun.at(-1), 'b after');
  assert.equal((await take('d', '/x')).hasWaited, false);
});

test('one that is ended while it waits keeps nobody waiting, and no copy waits for ever', async () => {
  const { take, clock, begun } = start();
  await take('a', '/x');
  const ended = new AbortController();
  const second = take('b', '/x', ended.signal);
  const third = take('c', '/x');
  ended.abort(new Error('cancelled'));
  await assert.rejects(second, /cancelled/);
  await assert.rejects(take('d', '/x', ended.signal), /cancelled/);
  await clock.advance(999);
  await settle();
  assert.equal(begun.includes('c after'), false);
  await clock.advance(1);
  (await third)[Symbol.dispose]();
});
