import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NatsConnection } from '@nats-io/transport-node';
import { Traffic } from './traffic.ts';

/** A connection whose socket has carried this much. */
function connection(socket: { bytesRead: number; bytesWritten: number } | undefined) {
  const transport: { socket: typeof socket } = { socket };
  const stats = () => ({ inBytes: 5, outBytes: 6, inMsgs: 1, outMsgs: 1 });
  return { transport, at: { protocol: { transport }, stats } as unknown as NatsConnection };
}

function counted({ inBytes, outBytes }: Traffic): [number, number] {
  return [inBytes, outBytes];
}

test('bytes add up over connections, also what a connection carried after the last look before it closed', () => {
  const traffic = new Traffic();
  assert.deepEqual(counted(traffic.look()), [0, 0]);
  const socket = { bytesRead: 100, bytesWritten: 50 };
  const first = connection(socket);
  assert.deepEqual(counted(traffic.look(first.at)), [100, 50]);
  assert.deepEqual(counted(traffic.look(first.at)), [100, 50]);
  Object.assign(socket, { bytesRead: 130, bytesWritten: 70 });
  first.transport.socket = undefined;
  const second = connection({ bytesRead: 10, bytesWritten: 20 });
  assert.deepEqual(counted(traffic.look(second.at)), [140, 90]);
  assert.deepEqual(counted(traffic.look()), [140, 90]);
});

test('what a closed socket takes back was counted once, and without a socket the library counts', () => {
  const traffic = new Traffic();
  const socket = { bytesRead: 1, bytesWritten: 1000 };
  const { at } = connection(socket);
  traffic.look(at);
  socket.bytesWritten = 400;
  assert.deepEqual(counted(traffic.look()), [1, 1000]);
  socket.bytesWritten = 1100;
  assert.deepEqual(counted(traffic.look()), [1, 1100]);
  assert.deepEqual(counted(traffic.look(connection(undefined).at)), [6, 1106]);
});
