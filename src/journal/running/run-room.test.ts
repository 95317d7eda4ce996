import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RunRoom } from './run-room.ts';

const MB = 1024 * 1024;

test('runs of however many senders begin some at a time, and in turn', async () => {
  const room = new RunRoom();
  let begun = 0;
  while (room.takeNow(0, 'x')) begun++;
  const order: string[] = [];
  const turns = ['a', 'b'].map((name) => room.take(0, name)?.then(() => order.push(name)));
  for (let long = 0; long < begun; long++) room.started(0);
  await Promise.all(turns);
  assert.deepEqual([order, room.takeNow(0, 'x')], [['a', 'b'], true]);
});

test('what goes on for long leaves its place to others, up to a number over all', () => {
  const room = new RunRoom();
  let underWay = 0;
  for (; room.takeNow(0, 'x'); underWay++) room.started(0);
  assert.equal(underWay, 1000);
  room.ended('x');
  assert.equal(room.takeNow(0, 'x'), true);
});

test('a sender that uses up its share holds up no other, however many do so', async () => {
  const room = new RunRoom();
  const fill = (sender: string) => {
    let count = 0;
    for (; room.takeNow(0, sender); count++) room.started(0);
    return count;
  };
  assert.equal(fill('ship9'), 1000);
  const order: string[] = [];
  const waits = room.take(0, 'ship9')?.then(() => order.push('ship9'));
  assert.equal(room.fullOf('ship9'), 1000);
  assert.equal(room.takeNow(0, 'central'), true, 'what waits for its own share stands in nobody’s way');
  room.started(0);
  for (let other = 0; other < 50; other++) fill(`made-up ${other}`);
  assert.equal(room.takeNow(0, 'ship1'), true);
  for (let run = 0; run < 1000; run++) room.ended('ship9');
  await waits;
  assert.deepEqual([order, room.fullOf('ship9')], [['ship9'], undefined]);
});

test('a run that goes on for long holds up nothing, however large its message', () => {
  const room = new RunRoom();
  for (let count = 0; count < 3; count++) {
    assert.equal(room.takeNow(30 * MB, 'x'), true);
    room.started(30 * MB);
  }
  assert.deepEqual([room.takeNow(0, 'x'), room.takeNow(5 * MB, 'x')], [true, true]);
});

test('large messages begin one after the other, and what is small waits behind them', async () => {
  const room = new RunRoom();
  assert.equal(room.takeNow(60 * MB, 'x'), true);
  const next = room.take(60 * MB, 'x');
  assert.deepEqual([next === undefined, room.takeNow(1, 'x')], [false, false]);
  room.started(60 * MB);
  room.ended('x');
  await next;
});

test('there is room for as many requests as fit, and one queue does not take all of it', () => {
  const room = new RunRoom();
  room.wait(9 * MB);
  assert.deepEqual([room.hasRoomToWait(9 * MB), room.hasRoomToWait(0)], [false, true]);
  room.wait(3 * MB);
  assert.equal(room.hasRoomToWait(0), false);
});
