import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { sentOn, startFleet, submitAll, waitForEnd } from '../support/fleet.ts';
import { waitFor } from '../support/wait-for.ts';

test('a reply is written to the unix socket that replyMethodArgs name; where nobody listens the replier learns it', async (t) => {
  const { central, ship1 } = await startFleet(t);
  const path = join(central.folder, 'replies.sock');
  const got: string[] = [];
  const server = createServer((socket) => {
    let text = '';
    socket.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
    socket.on('end', () => got.push(text));
  }).listen(path);
  await once(server, 'listening');
  const request = {
    toNode: 'ship1',
    method: 'REQCliCommand',
    methodArgs: ['printf', 'a\\nb\\n'],
    replyMethod: 'REQToSocket',
    replyMethodArgs: [path],
    methodTimeout: 5,
  };
  const [id] = await submitAll(central, request);
  assert.equal((await waitForEnd(central, id!)).state, 'succeeded');
  await waitFor('the reply', () => got[0] === 'a\nb\n');
  server.close();
  await once(server, 'close');

  await submitAll(central, request);
  const refused = await waitFor('the refusal', () =>
    sentOn(ship1, 'central.REQToSocket.EventACK').find(({ state }) => state === 'rejected'),
  );
  assert.match(String(refused.reason), /replies.sock can't be written: there is no such socket/);
});
