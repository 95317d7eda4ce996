import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tempStore } from '../../../test/support/temp-store.ts';
import { Cancellations } from './cancellations.ts';

test('what was called off long ago is forgotten, on disk and in memory, and the rest outlasts a start', async (t) => {
  const store = await tempStore(t);
  const first = new Cancellations(store);
  await store.write([first.add('old', 10), first.add('young', 20)]);
  const again = new Cancellations(store);
  await store.write([again.forgetBefore(20)]);
  for (const one of [again, new Cancellations(store)])
    assert.deepEqual([one.ids.has('old'), one.ids.has('young')], [false, true]);
});

test('however many there are, some are kept in memory, and all count', async (t) => {
  const store = await tempStore(t);
  const first = new Cancellations(store, 2);
  for (const [at, id] of ['one', 'two', 'three', 'four'].entries()) await store.write([first.add(id, at)]);
  for (const one of [first, new Cancellations(store, 2)]) {
    assert.ok(['one', 'two', 'three', 'four'].every((id) => one.ids.has(id)));
    assert.equal(one.ids.has('five'), false);
  }
  await store.write([first.forgetBefore(2)]);
  assert.deepEqual(
    ['one', 'two', 'three', 'four'].map((id) => first.ids.has(id)),
    [false, false, true, true],
  );
});
