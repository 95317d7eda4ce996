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
