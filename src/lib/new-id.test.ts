import assert from 'node:assert/strict';
import { test } from 'node:test';
import { version } from 'uuid';
import { newId } from './new-id.ts';

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
