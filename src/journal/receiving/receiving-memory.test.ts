import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReceivingMemory } from './receiving-memory.ts';

const MB = 1024 * 1024;

test('what one sender has waiting leaves room for the others, however many lanes it comes in', () => {
  const memory = new ReceivingMemory();
  for (let lane = 0; lane < 18; lane++) memory.wait(MB, 'ship1');
  assert.deepEqual([memory.hasRoomToWait('ship1'), memory.hasRoomToWait('ship2')], [false, true]);
  memory.wait(6 * MB, 'ship2');
  assert.deepEqual([memory.hasRoomToWait('ship3'), memory.hasRoomToWait('')], [false, false]);
  memory.wait(-MB, 'ship1');
  assert.deepEqual([memory.hasRoomToWait('ship1'), memory.hasRoomToWait('ship3')], [true, true]);
});

test('senders take turns to be decoded, however many lanes of one wait', async () => {
  const memory = new ReceivingMemory();
  const done: string[] = [];
  const decode = async (sender: string) => {
    await memory.turn(sender);
    done.push(sender);
    // What waits gets its turn only when this one has ended.
    await null;
    memory.endTurn();
  };
  const lanes = [...Array(5).fill('ship1'), 'ship2', 'ship2', 'ship3'] as string[];
  await Promise.all(lanes.map(decode));
  assert.deepEqual(done, ['ship1', 'ship1', 'ship2', 'ship3', 'ship1', 'ship2', 'ship1', 'ship1']);
});

test('while what was decoded is not accepted nobody else decodes, and then who waits longest', async () => {
  const memory = new ReceivingMemory();
  await memory.turn('ship1');
  memory.hold(30 * MB);
  memory.endTurn();
  let isTurn = false;
  const waiting = memory.turn('ship2').then(() => {
    isTurn = true;
  });
  await new Promise((done) => setImmediate(done));
  assert.equal(isTurn, false);
  memory.release(30 * MB);
  await waiting;
});
