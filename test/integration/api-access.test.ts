import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { ApiClient } from '../../src/client/api-client.ts';
import { connectToNode } from '../../src/client/find-node.ts';
import { faultIn, httpRequest } from '../support/api-request.ts';
import { startBroker } from '../support/broker.ts';
import { freePort } from '../support/free-port.ts';
import { startStewardNode } from '../support/node.ts';
import { apiOf, apiSocketOf, followEvents } from '../support/node-api.ts';
import { tempFolder } from '../support/temp-folder.ts';

test('over TCP on loopback the API asks for no token, and keeps out pages of other origins', async (t) => {
  const broker = await startBroker(t);
  const port = await freePort();
  const flags = { apiListener: `127.0.0.1:${port}` };
  await startStewardNode({ name: 'central', broker, flags }, t);
  const status = async (headers: Record<string, string>) =>
    (await httpRequest({ port }, '/v1/status', { headers })).status;
  assert.equal(await status({}), 200);
  assert.equal(await status({ Origin: `http://127.0.0.1:${port}` }), 200);
  assert.equal(await status({ Origin: 'http://evil.example' }), 403);
  assert.equal(await status({ Host: 'evil.example' }), 403);
  await using client = await connectToNode({ api: `127.0.0.1:${port}` }, {});
  assert.equal((await client.status()).node, 'central');
});

test('where others can reach it, the API asks for the token, and a node without one does not start', async (t) => {
  const broker = await startBroker(t);
  const port = await freePort();
  const { path } = await tempFolder(t);
  await writeFile(join(path, 'token'), 's3cret\n');
  const flags = { apiListener: `0.0.0.0:${port}` };
  await assert.rejects(
    startStewardNode({ name: 'central', broker, flags }, t),
    /-apiListener: "0\.0\.0\.0:\d+" can be reached .* needs a token/,
  );
  const central = await startStewardNode(
    { name: 'central', broker, flags: { ...flags, listenerTokenFile: join(path, 'token') } },
    t,
  );
  const refused = await httpRequest({ port }, '/v1/nodes');
  assert.deepEqual([refused.status, faultIn(refused).code], [401, 'unauthorized']);
  assert.equal(refused.headers['www-authenticate'], 'Bearer');
  await using client = new ApiClient({ url: `http://127.0.0.1:${port}`, token: 's3cret' });
  assert.ok((await client.nodes()).length > 0);
  assert.ok((await apiOf(central, t).nodes()).length > 0, 'the socket asks for no token');
});

test('who shows the look token reads and asks, and changes nothing', async (t) => {
  const broker = await startBroker(t);
  const port = await freePort();
  const { path } = await tempFolder(t);
  const fileOf = (name: string) => join(path, name);
  await writeFile(fileOf('token'), 'act\n');
  await writeFile(fileOf('look'), 'look\n');
  const flags = { apiListener: `0.0.0.0:${port}`, listenerTokenFile: fileOf('token') };
  await assert.rejects(
    startStewardNode({ name: 'central', broker, flags: { ...flags, lookTokenFile: fileOf('token') } }, t),
    /the look token in .* is the listener token: it must be another one/,
  );
  await startStewardNode({ name: 'central', broker, flags: { ...flags, lookTokenFile: fileOf('look') } }, t);
  const clientWith = (token: string) => new ApiClient({ url: `http://127.0.0.1:${port}`, token });
  const ping = [{ toNode: 'central', method: 'REQPing' }];
  await using look = clientWith('look');
  await using act = clientWith('act');
  assert.equal((await look.status()).node, 'central');
  assert.equal((await look.targets({ targets: ['central'] })).nodes.length, 1);
  for (const change of [
    () => look.submit(ping),
    () => look.cancelBatch('x'),
    () => look.signInLink({ role: 'act' }),
  ])
    await assert.rejects(change, {
      code: 'unauthorized',
      message: /this token may look, and not act: use the listener token/,
    });
  assert.equal((await act.submit(ping)).accepted.length, 1);
});

test('a port that is taken is named, with its flag', async (t) => {
  const broker = await startBroker(t);
  const flags = { apiListener: `127.0.0.1:${broker.port}` };
  await assert.rejects(
    startStewardNode({ name: 'central', broker, flags }, t),
    /another program listens on 127\.0\.0\.1:\d+: choose another -apiListener/,
  );
});

test('the socket of a node that was killed is replaced, and its client goes on', async (t) => {
  const broker = await startBroker(t);
  const central = await startStewardNode({ name: 'central', broker }, t);
  const api = apiOf(central, t);
  const { batch } = await api.submit([{ toNode: 'ship9', method: 'REQPing' }]);
  const { ended } = await followEvents(api, t);
  await central.kill();
  assert.match(String(await ended), /ended the stream of events|closed before/);
  assert.ok(existsSync(apiSocketOf(central)), 'the dead socket is still there');
  await assert.rejects(api.status(), { code: 'unreachable' });
  await assert.rejects(connectToNode({ socket: apiSocketOf(central) }, {}), {
    message: /is there, but no node listens on it/,
  });
  await central.start();
  assert.equal(statSync(apiSocketOf(central)).mode & 0o777, 0o600);
  assert.equal((await api.batch(batch!)).total, 1);
  await followEvents(api, t);
});

test('a node stops in time while clients follow events, and they are told why', async (t) => {
  const broker = await startBroker(t);
  const central = await startStewardNode({ name: 'central', broker }, t);
  const api = apiOf(central, t);
  const streams = await Promise.all(Array.from({ length: 5 }, () => followEvents(api, t)));
  assert.deepEqual(await central.stop(), { code: 0, signal: null });
  for (const { ended } of streams) {
    const error = await ended;
    assert.match(error!.message, /ended the stream of events: the node is stopping/);
  }
  assert.equal(existsSync(apiSocketOf(central)), false);
});
