import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Newcomers } from './newcomers.ts';

test('of one address no more than a limit may be about to sign in, and those that dawdle go first', () => {
  let now = 0;
  const ended: number[] = [];
  const newcomers = new Newcomers({ most: 2, patienceMs: 100 }, () => now);
  const enter = (id: number, address = '10.0.0.1') =>
    newcomers.enter(id, { address, socket: { destroy: () => ended.push(id) } });
  assert.deepEqual([enter(1), enter(2), enter(3), enter(4, '10.0.0.2')], [true, true, false, true]);
  newcomers.left(1);
  now = 50;
  assert.equal(enter(5), true);
  now = 100;
  assert.equal(enter(6), true, 'in place of 2');
  assert.equal(enter(7), false, '5 has half of its time left');
  assert.deepEqual(ended, [2]);
  assert.equal(newcomers.makeRoom(), true);
  assert.deepEqual(ended, [2, 4]);
  assert.equal(newcomers.makeRoom(), false);
});
