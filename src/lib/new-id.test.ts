import assert from 'node:assert/strict';
import { test } from 'node:test';
import { version } from 'uuid';
import { createNewId, newId, timeOfId } from './new-id.ts';
import { systemRandom } from './random.ts';

test('ids are UUIDs of version 7, all different, and sort in the order in which they were made', () => {
  const ids = Array.from({ length: 20_000 }, newId);
  assert.equal(version(ids[0]!), 7);
  assert.equal(new Set(ids).size, ids.length);
  assert.deepEqual([...ids].sort(), ids);
});

test('an id begins with the time at which it was made', () => {
  const before = Date.now();
  const ms = Number.parseInt(newId().replaceAll('-', '').slice(0, 12), 16);
  assert.ok(ms >= before && ms <= Date.now(), `${ms}`);
});

test('ids sort behind one that was made before, also where the clock is behind it', () => {
  const clock = { wallNow: () => 1_000_000 };
  const before = createNewId({ clock: { wallNow: () => 5_000_000 }, random: systemRandom })();
  const make = createNewId({ clock, random: systemRandom, after: before });
  const ids = [before, make(), make()];
  assert.deepEqual([...ids].sort(), ids);
  assert.equal(timeOfId(ids[1]!), 5_000_001);
  assert.equal(timeOfId('no id'), 0);
});
