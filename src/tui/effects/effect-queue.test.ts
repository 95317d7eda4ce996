import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitFor } from '../../../test/support/wait-for.ts';
import { EffectQueue } from './effect-queue.ts';
import type { Asking } from './run-effect.ts';

/** A queue whose effects end when the test says so. */
function startQueue() {
  const begun: { effect: Asking; isStillWanted: () => boolean; end: () => void }[] = [];
  const queue = new EffectQueue({
    run: (effect, isStillWanted) =>
      new Promise((end) => {
        begun.push({ effect, isStillWanted, end });
      }),
  });
  return { queue, begun };
}

const list = (state: 'queued' | 'failed'): Asking => ({
  do: 'load-requests',
  uid: 2,
  filter: { state: [state] },
  limit: 100,
  cursor: null,
});

test('of the same question one is asked at a time, and of those that wait the last one', async () => {
  const { queue, begun } = startQueue();
  using _queue = queue;
  queue.add(list('queued'));
  await waitFor('the first to begin', () => begun.length === 1);
  queue.add({ ...list('queued'), uid: 3 } as Asking);
  queue.add(list('failed'));
  queue.add(list('queued'));
  await waitFor('that of the other screen to begin', () => begun.length === 2);
  assert.equal(begun[0]!.isStillWanted(), true, 'the same was asked again, so its answer is good');
  queue.add(list('failed'));
  assert.equal(begun[0]!.isStillWanted(), false);
  begun[0]!.end();
  await waitFor('the last to begin', () => begun.length === 3);
  assert.deepEqual(begun[2]!.effect, list('failed'));
});

test('what does something is done each time', async () => {
  const { queue, begun } = startQueue();
  using _queue = queue;
  for (let turn = 0; turn < 2; turn++) queue.add({ do: 'cancel', ids: ['a'] });
  assert.equal(begun.length, 2);
});

test('after its end nothing is begun and nothing is wanted', async () => {
  const { queue, begun } = startQueue();
  queue.add({ do: 'cancel', ids: ['a'] });
  queue.add(list('queued'));
  queue[Symbol.dispose]();
  queue.add({ do: 'cancel', ids: ['b'] });
  assert.equal(begun[0]!.isStillWanted(), false);
  assert.equal(begun.length, 1);
});
