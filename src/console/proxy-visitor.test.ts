import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { faultIn, httpRequest } from '../../test/support/api-request.ts';
import { startFakeConsole } from '../../test/support/console.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { ProxyVisitors } from './proxy-visitor.ts';

const SECRET = 'a-secret-of-the-proxy-alone';
const ORIGIN = 'https://steward.example.org';
type Headers = Readonly<Record<string, string | string[]>>;

const PROXY = {
  ...{ addresses: ['127.0.0.1'], origin: ORIGIN, userHeader: 'x-user', groupsHeader: 'x-groups' },
  ...{ actUsers: ['anna'], actGroups: ['operators'] },
};

/** A console behind a proxy, and a request as the proxy hands it on. */
async function start(
  t: TestContext,
  more: Partial<typeof PROXY> = {},
  options: { readonly now?: () => number; readonly vouchedMs?: number } = {},
) {
  const { path } = await tempFolder(t);
  const secretFile = join(path, 'secret');
  await writeFile(secretFile, `${SECRET}\n`);
  const console = await startFakeConsole(t, { ...options, proxy: { ...PROXY, ...more, secretFile } });
  const place = { port: console.server.port };
  const through = (method: string, target: string, headers: Headers = {}, body?: string) =>
    httpRequest(place, target, {
      ...{ method, body },
      headers: { Host: 'steward.example.org', Origin: ORIGIN, 'X-Steward-Proxy': SECRET, ...headers },
    });
  const signIn = async (headers: Headers) => {
    const reply = await through('POST', '/session', headers, '');
    return { reply, cookie: reply.headers['set-cookie']?.[0]?.split(';')[0] ?? '' };
  };
  return { ...console, place, through, signIn };
}

test('whom a trusted proxy names is signed in, with the role that its list or groups give', async (t) => {
  const { through, signIn, sessions } = await start(t);
  const { reply, cookie } = await signIn({ 'X-User': 'anna' });
  assert.deepEqual([reply.status, reply.text], [200, '{"role":"act"}']);
  assert.match(
    reply.headers['set-cookie']![0]!,
    /^__Host-steward-central=[\w-]{32}; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
  );
  assert.equal((await through('GET', '/v1/status', { 'X-User': 'anna', Cookie: cookie })).status, 200);
  assert.equal(
    (await signIn({ 'X-User': 'bert', 'X-Groups': 'crew, operators' })).reply.text,
    '{"role":"act"}',
  );
  const look = await signIn({ 'X-User': 'carl', 'X-Groups': 'crew,anna' });
  assert.equal(look.reply.text, '{"role":"look"}');
  const asCarl = { 'X-User': 'carl', Cookie: look.cookie };
  assert.equal((await through('POST', '/v1/messages', asCarl, '[]')).status, 403);
  assert.deepEqual(
    sessions.list().map(({ user, role }) => [user, role]),
    [
      ['carl', 'look'],
      ['bert', 'act'],
      ['anna', 'act'],
    ],
  );
});

test('what the proxy says now counts, and a session is of no use to anybody else', async (t) => {
  const { through, signIn, place } = await start(t);
  const { cookie } = await signIn({ 'X-User': 'bert', 'X-Groups': 'operators' });
  const body = JSON.stringify({ toNode: 'ship1', method: 'REQCliCommand' });
  const act = (headers: Headers) => through('POST', '/v1/messages', { Cookie: cookie, ...headers }, body);
  assert.equal((await act({ 'X-User': 'bert', 'X-Groups': 'operators' })).status, 200);
  assert.equal((await act({ 'X-User': 'bert' })).status, 403);
  assert.equal((await act({ 'X-User': 'anna' })).status, 401);
  assert.equal((await act({})).status, 401);
  const plain = cookie.replace('__Host-', '');
  for (const Cookie of [cookie, plain])
    assert.equal(
      (await httpRequest(place, '/v1/status', { headers: { Cookie, 'X-User': 'bert' } })).status,
      401,
    );
});

test('headers of anybody else are ignored: without the secret, from another address, or twice', async (t) => {
  const { through, signIn, sessions, place } = await start(t);
  const user = { 'X-User': 'anna' };
  for (const secret of [[], ['wrong'], [SECRET, SECRET]]) {
    const reply = await through('POST', '/session', { ...user, 'X-Steward-Proxy': secret }, '');
    assert.deepEqual([reply.status, faultIn(reply).code], [403, 'forbidden'], 'its host is none of ours');
    const own = { ...user, 'X-Steward-Proxy': secret };
    const direct = await httpRequest(place, '/session', { method: 'POST', headers: own, body: '' });
    assert.equal(direct.status, 401);
  }
  for (const headers of [
    {},
    { 'X-User': ['anna', 'bert'] },
    { 'X-User': 'x'.repeat(201) },
    { 'X-User': 'anna', 'X-Groups': ['a', 'operators'] },
  ] as Headers[]) {
    const { reply } = await signIn(headers);
    assert.deepEqual(
      [reply.status, faultIn(reply).message],
      [401, 'the proxy names no user, or more than one'],
    );
  }
  const other = await start(t, { addresses: ['192.0.2.1'] });
  const direct = { ...user, 'X-Steward-Proxy': SECRET };
  assert.equal(
    (await httpRequest(other.place, '/session', { method: 'POST', headers: direct, body: '' })).status,
    401,
  );
  assert.deepEqual([sessions.list(), other.sessions.list()], [[], []]);
});

test('pages of other origins are kept out behind the proxy too, and a link to a page is followed', async (t) => {
  const { through, signIn } = await start(t);
  const { cookie } = await signIn({ 'X-User': 'anna' });
  const own = { 'X-User': 'anna', Cookie: cookie };
  const strange: Headers[] = [
    { Origin: 'https://evil.example' },
    { Origin: 'http://steward.example.org' },
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' },
  ];
  for (const headers of strange)
    assert.equal((await through('GET', '/v1/status', { ...own, ...headers })).status, 403);
  const link = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' };
  assert.notEqual((await through('GET', '/', { ...own, ...link })).status, 403);
  assert.equal((await through('GET', '/', { ...own, ...link, 'Sec-Fetch-Dest': 'iframe' })).status, 403);
});

test('a session that is ended loses its stream, and of many of one user the oldest ends', async (t) => {
  const { place, signIn, sessions, desk } = await start(t);
  const { cookie } = await signIn({ 'X-User': 'anna' });
  const headers = { 'X-User': 'anna', Cookie: cookie, 'X-Steward-Proxy': SECRET };
  const stream = await fetch(`http://127.0.0.1:${place.port}/v1/events`, { headers });
  const reader = stream.body!.getReader();
  await reader.read();
  for (let count = 0; count < 20; count++) await signIn({ 'X-User': 'anna' });
  await assert.rejects(reader.read(), /terminated/);
  await waitFor('the listener to go', () => desk.listenerCount === 0);
  assert.equal(sessions.list().length, 20);
});

test('a secret that is missing or short keeps the console from starting', async (t) => {
  const { path } = await tempFolder(t);
  const secretFile = join(path, 'secret');
  const open = () => ProxyVisitors.open({ ...PROXY, secretFile });
  await assert.rejects(open(), { code: 'bad-token', message: /cannot be read/ });
  await writeFile(secretFile, 'short');
  await assert.rejects(open(), {
    code: 'bad-token',
    message: /20 visible ASCII characters at least: openssl rand/,
  });
});

test('the stream of a user of whom the proxy lets nothing through any more ends, and no other', async (t) => {
  const clock = { now: 1000 };
  const { signIn, url, through, desk } = await start(t, {}, { now: () => clock.now, vouchedMs: 40 });
  const streams = new Map<string, ReadableStreamDefaultReader<Uint8Array>>();
  const headersOf = new Map<string, Record<string, string>>();
  for (const user of ['anna', 'bert']) {
    const { cookie } = await signIn({ 'X-User': user });
    const headers = { 'X-Steward-Proxy': SECRET, 'X-User': user, Cookie: cookie };
    headersOf.set(user, headers);
    const stream = await fetch(`${url}/v1/events`, { headers });
    streams.set(user, stream.body!.getReader());
    assert.match(new TextDecoder().decode((await streams.get(user)!.read()).value), /^event: hello/);
  }
  clock.now += 30;
  assert.equal((await through('GET', '/session', headersOf.get('anna'))).status, 200);
  clock.now += 30;
  await assert.rejects(streams.get('bert')!.read(), /terminated/);
  await waitFor('one listener to go', () => desk.listenerCount === 1);
  clock.now += 30;
  await assert.rejects(streams.get('anna')!.read(), /terminated/);
});
