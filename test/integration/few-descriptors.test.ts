import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { v7 as uuidV7 } from 'uuid';
import { encodeMessage } from '../../src/message/codec/encode-message.ts';
import { newMessage } from '../../src/message/message.ts';
import { httpRequest } from '../support/api-request.ts';
import { startBroker } from '../support/broker.ts';
import { submitAll, waitForEnd, waitForState } from '../support/fleet.ts';
import { freePort } from '../support/free-port.ts';
import { startStewardNode, stewardCommand } from '../support/node.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { waitFor } from '../support/wait-for.ts';
import { startWireClient } from '../support/wire-client.ts';

const IDLE_CLIENTS = 260;

test('hundreds of silent clients at any listener, and at the embedded broker, leave a node of 200 files alive, and others are served', async (t) => {
  const broker = await startBroker(t);
  const [tcp, http, api, embedded] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const node = await startStewardNode(
    {
      name: 'central',
      broker,
      command: ['sh', '-c', 'ulimit -n 200; exec "$0" "$@"', ...stewardCommand()],
      flags: {
        tcpListener: `127.0.0.1:${tcp}`,
        httpListener: `127.0.0.1:${http}`,
        apiListener: `127.0.0.1:${api}`,
        embeddedBroker: `127.0.0.1:${embedded}`,
      },
    },
    t,
  );
  const clients: Socket[] = [];
  t.after(() => {
    for (const client of clients) client.destroy();
  });
  const sockets = ['steward.sock', 'stew.sock'].map((name) => ({ path: join(node.folder, 'tmp', name) }));
  const ports = [embedded, tcp, http, api].map((port) => ({ port, host: '127.0.0.1' }));
  for (const place of [...ports, ...sockets] as NetConnectOpts[]) {
    for (let count = 0; count < IDLE_CLIENTS; count++) {
      const client = connect(place).on('error', () => {});
      clients.push(client);
      await Promise.race([once(client, 'connect'), once(client, 'close')]);
    }
    assert.equal(node.program.exit, undefined, 'the node lives');
    const answer = await node.submit([{ toNode: 'central', method: 'REQPing' }]);
    assert.equal((answer.accepted as unknown[]).length, 1);
  }
  // Requests that never become whole, and connections kept for a next one, let the operator's own through.
  for (const text of [
    'GET /v1/status HTTP/1.1\r\nX: ',
    'GET /v1/status HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n',
  ]) {
    for (let count = 0; count < IDLE_CLIENTS; count++) {
      const client = connect({ port: api, host: '127.0.0.1' }).on('error', () => {});
      clients.push(client);
      await Promise.race([once(client, 'connect'), once(client, 'close')]);
      client.resume().write(text);
    }
    await waitFor('the API', async () => (await httpRequest({ port: api }, '/v1/status')).status === 200);
  }
  const command = {
    toNode: 'central',
    method: 'REQCliCommand',
    methodArgs: ['echo', 'here'],
    directory: 'd',
    fileName: 'f',
  };
  await node.submit([command]);
  await node.waitForFile('d/central/f', (text) => text.includes('here'));
  const warned = node
    .logLines()
    .filter(({ msg }) => String(msg).includes('more clients are connected than fit'));
  assert.ok(warned.length >= 1);
});

test('a node whose user may begin no more threads and processes lives, says so of commands, and goes on', {
  skip: process.geteuid?.() !== 0 && 'it takes the right to be another user',
}, async (t) => {
  const { path: folder } = await tempFolder(t);
  const user = '61234';
  for (const part of ['etc', 'tmp', 'var/lib', 'data']) await mkdir(join(folder, part), { recursive: true });
  execFileSync('chown', ['-R', user, folder]);
  const as = [`--reuid=${user}`, '--clear-groups'];
  const command = ['setpriv', ...as, ...stewardCommand()];
  const broker = await startBroker(t);
  const node = await startStewardNode({ name: 'central', broker, folder, command }, t);
  const limit = (count: string) =>
    execFileSync('setpriv', [...as, 'prlimit', '--pid', String(node.pid), `--nproc=${count}:`]);
  const before = execFileSync('prlimit', ['--nproc', '--noheadings', '-o', 'HARD'], {
    encoding: 'utf8',
  }).trim();
  const asked = {
    toNode: 'central',
    method: 'REQCliCommand',
    methodArgs: ['true'],
    replyMethod: 'REQNone',
  };
  const begin = async (more: object = {}) => (await submitAll(node, { ...asked, ...more }))[0]!;
  limit('1');
  // So much to write that the database would get a thread of its own.
  const place = { toNode: 'away', method: 'REQToFileAppend', directory: 'd', fileName: 'f' };
  const data = ['x'.repeat(300_000)];
  for (let round = 0; round < 2; round++)
    await submitAll(
      node,
      Array.from({ length: 40 }, () => ({ ...place, data })),
    );
  const [short, long] = [await begin({ methodTimeout: 1 }), await begin()];
  const { state, reason } = await waitForEnd(node, short);
  assert.equal(state, 'failed');
  assert.match(String(reason), /EAGAIN/);
  assert.match(
    String((await waitForState(node, long, 'running')).reason),
    /may begin no more processes \(EAGAIN/,
  );
  limit(before);
  assert.equal((await waitForEnd(node, long)).state, 'succeeded', 'what can pass is waited for');

  // So it is with open files; who asks comes by the broker, as no listener has one left.
  const client = await startWireClient(broker, t);
  const files = (count: string) =>
    execFileSync('setpriv', [...as, 'prlimit', '--pid', String(node.pid), `--nofile=${count}:`]);
  const message = newMessage({ ...asked, fromNode: 'tester', methodTimeout: -1 });
  const { payload } = encodeMessage(message, { serialization: 'cbor', compression: '' });
  const ids = [uuidV7(), uuidV7()];
  const stateOf = (id: string) => node.query('SELECT state FROM journal WHERE id = ?', id)[0]?.state;
  files('20');
  for (const [index, id] of ids.entries()) {
    const place = { lane: `few/${index + 1}/1`, headers: { serial: 'cbor' } };
    await client.ask({ subject: 'central.REQCliCommand.CommandACK', payload, id, ...place });
    await waitFor('it to begin', () => stateOf(id) !== 'accepted');
  }
  assert.equal(stateOf(ids[0]!), 'running');
  files('1000');
  for (const id of ids) await waitFor('it to end', () => stateOf(id) === 'succeeded');
});
