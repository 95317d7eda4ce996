import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startBroker } from '../support/broker.ts';
import { freePort } from '../support/free-port.ts';
import { startStewardNode } from '../support/node.ts';
import { exchange, httpClient, socketClient } from '../support/raw-client.ts';
import { tempFolder } from '../support/temp-folder.ts';

const LIST = JSON.stringify([{ toNode: 'ship9', method: 'REQPing' }]);

test('fault 23: a listener on other addresses than loopback wants the token', async (t) => {
  const { tcp, http } = await startOpen(t, { env: { LISTENER_TOKEN: 's3cret' } });
  const socket = socketClient('tcp', { host: '127.0.0.1', port: tcp });
  assert.match((await exchange(socket, LIST)).body, /"accepted":\[\],.*a token is needed/);
  assert.match((await exchange(socket, `token wrong\n${LIST}`)).body, /the token is wrong/);
  assert.match((await exchange(socket, `token s3cret\n${LIST}`)).body, /"accepted":\[\{/);
  assert.match(`${(await exchange(httpClient(http), LIST)).status}`, /401/);
  const wrong = await exchange(httpClient(http, { Authorization: 'Bearer wrong' }), LIST);
  assert.match(`${wrong.status} ${wrong.body}`, /^401 .*"refused":\[\{"index":null,.*the token is wrong/);
  const right = await exchange(httpClient(http, { Authorization: 'Bearer s3cret' }), LIST);
  assert.equal(right.status, 200);
});

test('in a closed fleet programs of the machine itself must show the token too', async (t) => {
  const broker = await startBroker(t);
  const [tcp, http, data] = [await freePort(), await freePort(), await freePort()];
  const flags = {
    ...{ tcpListener: `127.0.0.1:${tcp}`, httpListener: `127.0.0.1:${http}`, trust: 'closed' },
    exposeDataFolder: `localhost:${data}`,
  };
  await startStewardNode({ name: 'central', broker, flags, env: { LISTENER_TOKEN: 's3cret' } }, t);
  const socket = socketClient('tcp', { host: '127.0.0.1', port: tcp });
  assert.match((await exchange(socket, LIST)).body, /"accepted":\[\],.*a token is needed/);
  assert.match((await exchange(socket, `token s3cret\n${LIST}`)).body, /"accepted":\[\{/);
  const headers = { Authorization: 'Bearer s3cret' };
  assert.equal((await exchange(httpClient(http), LIST)).status, 401);
  assert.equal((await exchange(httpClient(http, headers), LIST)).status, 200);
  const shown = `http://localhost:${data}/`;
  assert.equal((await fetch(shown)).status, 401);
  assert.equal((await fetch(shown, { headers })).status, 200);
});

test('the token may come from a file, and a file that cannot be used stops the start', async (t) => {
  const { path } = await tempFolder(t);
  const file = join(path, 'token');
  await writeFile(file, 'from-file\n');
  const { http } = await startOpen(t, { flags: { listenerTokenFile: file } });
  const right = await exchange(httpClient(http, { Authorization: 'Bearer from-file' }), LIST);
  assert.equal(right.status, 200);
  await writeFile(file, '\n');
  await assert.rejects(
    startOpen(t, { flags: { listenerTokenFile: file } }),
    /the listener token in .*token must not be empty/,
  );
  await assert.rejects(
    startOpen(t, { flags: { listenerTokenFile: join(path, 'none') } }),
    /the listener token .*none cannot be read: ENOENT/,
  );
});

test('without a token a node starts, keeps its listeners for other addresses closed, and reports that', async (t) => {
  const { tcp, http, node } = await startOpen(t, {});
  for (const port of [tcp, http]) {
    const client = connect(port, '127.0.0.1');
    const [error] = await once(client, 'error');
    assert.equal(error.code, 'ECONNREFUSED');
  }
  const log = await node.waitForFile('errorLog/errorCentral/error.log', (text) =>
    text.includes('httpListener'),
  );
  assert.match(
    log,
    /a listener stays closed: .*-tcpListener: "0\.0\.0\.0:\d+" can be reached .* set LISTENER_TOKEN/,
  );
  const answer = await node.submit([{ toNode: 'central', method: 'REQPing' }]);
  assert.deepEqual(answer.refused, []);
});

test('a port that is taken is named with the setting', async (t) => {
  const broker = await startBroker(t);
  const flags = { httpListener: `127.0.0.1:${broker.port}` };
  await assert.rejects(
    startStewardNode({ name: 'central', broker, flags }, t),
    /another program listens on 127\.0\.0\.1:\d+: choose another -httpListener/,
  );
});

test('fault 23: pages in a browser cannot submit, by HTTP or to the TCP port', async (t) => {
  const broker = await startBroker(t);
  const [tcp, http] = [await freePort(), await freePort()];
  const flags = { tcpListener: `localhost:${tcp}`, httpListener: `127.0.0.1:${http}` };
  const node = await startStewardNode({ name: 'central', broker, flags }, t);
  const url = `http://127.0.0.1:${http}/`;
  const foreign: Record<string, string>[] = [
    { Origin: 'http://evil.example' },
    { Origin: 'null' },
    { 'Sec-Fetch-Site': 'cross-site' },
    { Host: 'evil.example' },
  ];
  for (const headers of foreign) {
    const { status } = await exchange(httpClient(http, headers), LIST);
    assert.equal(status, 403, JSON.stringify(headers));
  }
  const preflight = await fetch(url, { method: 'OPTIONS' });
  assert.equal(preflight.headers.get('access-control-allow-origin'), null);
  const yaml = 'POST /: HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\ntoNode: central\nmethod: REQPing\n';
  const host = { host: 'localhost', port: tcp };
  assert.match((await exchange(socketClient('tcp', host), yaml)).body, /this is no HTTP server/);
  // What could not be read is told to who collects errors, and nothing else is queued.
  const subjects = node.query('SELECT n.subject FROM ledger l JOIN lanes n ON n.id = l.key / 4294967296');
  assert.deepEqual(
    subjects.filter(({ subject }) => subject !== 'errorCentral.REQErrorLog.EventACK'),
    [],
  );
});

test('HTTP tells by its status what was wrong with a request', async (t) => {
  const broker = await startBroker(t);
  const http = await freePort();
  const flags = { httpListener: `[::1]:${http}` };
  await startStewardNode({ name: 'central', broker, flags }, t);
  const url = `http://[::1]:${http}`;
  const cases: [path: string, init: RequestInit, status: number][] = [
    ['/', { method: 'POST', body: LIST }, 200],
    [
      '/',
      { method: 'POST', body: LIST, headers: { 'Content-Type': 'application/x-www-form-urlencoded' } },
      200,
    ],
    ['/', { method: 'POST', body: LIST, headers: { 'Content-Type': 'image/png' } }, 415],
    ['/', { method: 'POST', body: LIST, headers: { 'Content-Encoding': 'gzip' } }, 415],
    ['/', { method: 'GET' }, 405],
    ['/other', { method: 'POST', body: LIST }, 404],
    ['/', { method: 'POST', body: 'x: [' }, 400],
  ];
  for (const [path, init, status] of cases) {
    const response = await fetch(`${url}${path}`, init);
    assert.equal(response.status, status, JSON.stringify([path, init]));
    assert.equal(response.headers.get('content-type'), 'application/json');
    const answer = (await response.json()) as { refused: unknown[] };
    assert.equal(answer.refused.length > 0, status !== 200);
  }
  // Several requests over one connection, whose client ends its side at once.
  const socket = connect({ host: '::1', port: http });
  const one = `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${LIST.length}\r\n\r\n${LIST}`;
  socket.end(`${one}${one}`);
  let text = '';
  for await (const piece of socket) text += piece;
  assert.equal(text.match(/HTTP\/1\.1 200/g)?.length, 2);
});

test('clients that hang do not keep a node from stopping', async (t) => {
  const broker = await startBroker(t);
  const [tcp, http, data] = [await freePort(), await freePort(), await freePort()];
  const flags = {
    tcpListener: `127.0.0.1:${tcp}`,
    httpListener: `127.0.0.1:${http}`,
    exposeDataFolder: `127.0.0.1:${data}`,
  };
  const node = await startStewardNode({ name: 'central', broker, flags }, t);
  const clients = [socketClient('tcp', { host: '127.0.0.1', port: tcp }), httpClient(http), httpClient(data)];
  const sockets = await Promise.all(
    clients.map(async (client) => {
      const socket = await client.open();
      socket.on('error', () => {});
      socket.write(client.frame(LIST).subarray(0, -5));
      return socket;
    }),
  );
  const startedAt = performance.now();
  assert.deepEqual(await node.stop(), { code: 0, signal: null });
  assert.ok(performance.now() - startedAt < 6000);
  for (const socket of sockets) socket.destroy();
});

/** A node whose TCP and HTTP listeners are open to every address. */
async function startOpen(
  t: TestContext,
  { env, flags }: { env?: NodeJS.ProcessEnv; flags?: Record<string, string> },
) {
  const broker = await startBroker(t);
  const [tcp, http] = [await freePort(), await freePort()];
  const listeners = { tcpListener: `0.0.0.0:${tcp}`, httpListener: `0.0.0.0:${http}` };
  const node = await startStewardNode(
    { name: 'central', broker, flags: { ...listeners, ...flags }, ...(env ? { env } : {}) },
    t,
  );
  return { tcp, http, node };
}
