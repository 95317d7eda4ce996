import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';

import { waitFor } from '../../test/support/wait-for.ts';
import { createLogger } from './logger.ts';
import { startProfilingServer } from './profiling-server.ts';

const logger = createLogger({ level: 'silent', nodeName: 'test' });

test('a CPU profile has the form that the developer tools read', async (t) => {
  const { get } = await start(t);
  const response = await get('/cpu?seconds=0.05');
  assert.match(response.headers.get('content-disposition')!, /\.cpuprofile/);
  const profile = (await response.json()) as Record<string, unknown>;
  assert.deepEqual(Object.keys(profile).sort(), ['endTime', 'nodes', 'samples', 'startTime', 'timeDeltas']);
});

test('a heap snapshot has the form that the developer tools read', async (t) => {
  const { get } = await start(t);
  const response = await get('/heap');
  assert.match(response.headers.get('content-disposition')!, /\.heapsnapshot/);
  const { snapshot, nodes } = (await response.json()) as {
    snapshot: { node_count: number };
    nodes: unknown[];
  };
  assert.ok(snapshot.node_count > 1000 && nodes.length > snapshot.node_count);
});

test('figures of the event loop cover the time since they were last asked for', async (t) => {
  const { get } = await start(t);
  const figures = await waitFor('a delay of 50 ms to be seen', async () => {
    const startedAt = performance.now();
    while (performance.now() - startedAt < 60);
    const seen = (await (await get('/loop')).json()) as { utilization: number; delayMs: { max: number } };
    return seen.delayMs.max >= 40 && seen;
  });
  assert.ok(figures.utilization > 0 && figures.utilization <= 1);
});

test('one profile is made at a time, and bad requests are refused', async (t) => {
  const { get } = await start(t);
  const first = get('/cpu?seconds=0.3');
  const second = await get('/cpu?seconds=0.3');
  assert.deepEqual([second.status, (await first).status].sort(), [200, 409]);
  for (const query of ['seconds=0', 'seconds=-1', 'seconds=1e9', 'seconds=x', 'seconds=301']) {
    assert.equal((await get(`/cpu?${query}`)).status, 400, query);
  }
  assert.equal((await get('/debug')).status, 404);
  assert.match(await (await get('/')).text(), /cpuprofile/);
  assert.equal((await get('/heap', { method: 'POST' })).status, 405);
  assert.equal((await get('/loop', { headers: { origin: 'http://evil.example' } })).status, 403);
});

test('in a closed fleet another user of the machine gets no heap, which holds the key of the node', async (t) => {
  const bare = await start(t, { tokenOnLoopback: true });
  const refused = await bare.get('/heap');
  assert.equal(refused.status, 403);
  assert.match(await refused.text(), /holds this node's key.*so set one/);
  assert.equal((await bare.get('/loop')).status, 200);
  const guarded = await start(t, { tokenOnLoopback: true, token: 'secret' });
  for (const path of ['/heap', '/cpu?seconds=0.05', '/loop'])
    assert.equal((await guarded.get(path)).status, 401, path);
  const headers = { Authorization: 'Bearer secret' };
  assert.equal((await guarded.get('/heap', { headers })).status, 200);
});

async function start(t: TestContext, more: { token?: string; tokenOnLoopback?: boolean } = {}) {
  const options = { address: { host: '127.0.0.1', port: 0 }, token: '', tokenOnLoopback: false, ...more };
  const server = await startProfilingServer(options, { logger });
  t.after(() => server[Symbol.asyncDispose]());
  return {
    get: (path: string, more?: RequestInit) => fetch(`http://127.0.0.1:${server.port}${path}`, more),
  };
}
