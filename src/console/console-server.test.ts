import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { faultIn, httpRequest } from '../../test/support/api-request.ts';
import { startFakeConsole } from '../../test/support/console.ts';
import { waitFor } from '../../test/support/wait-for.ts';

/** A console, and a request to it with the cookie of a session. */
async function start(t: TestContext, role: 'act' | 'look' = 'act') {
  const console = await startFakeConsole(t);
  const place = { port: console.server.port };
  const { code } = console.sessions.link(role);
  const reply = await httpRequest(place, '/session', { method: 'POST', body: code });
  const [setCookie = ''] = reply.headers['set-cookie'] ?? [];
  const [cookie = ''] = setCookie.split(';');
  const ask = (method: string, target: string, more: { headers?: object; body?: string } = {}) =>
    httpRequest(place, target, { method, body: more.body, headers: { Cookie: cookie, ...more.headers } });
  return { ...console, place, code, reply, setCookie, cookie, ask };
}

test('a code is exchanged for a cookie that no script reads and no other site sends', async (t) => {
  const { reply, setCookie, place, code, ask } = await start(t, 'look');
  assert.deepEqual([reply.status, reply.text], [200, '{"role":"look"}']);
  assert.match(setCookie, /^steward-central=[\w-]{32}; Path=\/; HttpOnly; SameSite=Strict$/);
  const again = await httpRequest(place, '/session', { method: 'POST', body: code });
  assert.deepEqual([again.status, faultIn(again).code], [401, 'unauthorized']);
  assert.match(faultIn(again).message, /was used or is older than a minute: run steward web/);
  assert.equal((await ask('GET', '/session')).text, '{"role":"look"}');
});

test('without a session nothing is told but the page', async (t) => {
  const { place, cookie } = await start(t);
  for (const headers of [{}, { Cookie: `${cookie}x` }, { Cookie: 'steward-central=' }]) {
    for (const target of ['/v1/status', '/v1/events', '/v1/nothing', '/session']) {
      const reply = await httpRequest(place, target, { headers });
      assert.deepEqual([reply.status, faultIn(reply).code], [401, 'unauthorized'], target);
    }
  }
});

test('one who looks reads and asks, and changes nothing', async (t) => {
  const { ask } = await start(t, 'look');
  assert.equal((await ask('GET', '/v1/status')).status, 200);
  assert.equal((await ask('POST', '/v1/targets', { body: '{"targets":["ship1"]}' })).status, 200);
  for (const [method, target] of [
    ['POST', '/v1/messages'],
    ['POST', '/v1/requests/x/cancel'],
    ['PUT', '/v1/batches/x/plan'],
    ['POST', '/v1/console/sessions/x/end'],
    ['POST', '/v1/console/links'],
  ] as const) {
    const reply = await ask(method, target, { body: '[]' });
    assert.deepEqual([reply.status, faultIn(reply).code], [403, 'forbidden'], target);
  }
});

test('one who acts may do all but make links for others', async (t) => {
  const { ask } = await start(t, 'act');
  const body = JSON.stringify({ toNode: 'ship1', method: 'REQCliCommand', methodArgs: ['true'] });
  assert.equal((await ask('POST', '/v1/messages', { body })).status, 200);
  assert.equal((await ask('GET', '/v1/console/sessions')).status, 200);
  assert.equal((await ask('POST', '/v1/console/links')).status, 403);
});

test('pages of other origins, and other names for this machine, are kept out', async (t) => {
  const { ask, place, url } = await start(t);
  for (const headers of [
    { Origin: 'http://evil.example' },
    { Origin: `http://localhost:${place.port + 1}` },
    { Host: 'evil.example' },
    { 'Sec-Fetch-Site': 'same-site' },
  ]) {
    const reply = await ask('POST', '/v1/requests/x/cancel', { headers });
    assert.deepEqual([reply.status, faultIn(reply).code], [403, 'forbidden'], JSON.stringify(headers));
  }
  const headers = { Origin: url, Host: new URL(url).host };
  assert.equal((await ask('POST', '/v1/requests/x/cancel', { headers })).status, 404);
});

test('a session that is ended loses its event stream at once', async (t) => {
  const { cookie, url, sessions, desk } = await start(t);
  const stream = await fetch(`${url}/v1/events`, { headers: { Cookie: cookie } });
  const reader = stream.body!.getReader();
  assert.match(new TextDecoder().decode((await reader.read()).value), /^event: hello/);
  sessions.end(sessions.list()[0]!.id);
  await assert.rejects(reader.read(), /terminated/);
  await waitFor('the listener to go', () => desk.listenerCount === 0);
  assert.equal((await fetch(`${url}/v1/status`, { headers: { Cookie: cookie } })).status, 401);
});

test('what is too large to be a code is refused', async (t) => {
  const { place } = await start(t);
  const reply = await httpRequest(place, '/session', { method: 'POST', body: 'x'.repeat(10_001) });
  assert.equal(reply.status, 413);
});
