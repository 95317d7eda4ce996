import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { faultIn, httpRequest } from '../../test/support/api-request.ts';
import { startFakeConsole } from '../../test/support/console.ts';
import { asBase64, FakeAuthenticator, type Said } from '../../test/support/fake-authenticator.ts';

/** A console with a passkey, made in a session of a link. */
async function start(t: TestContext) {
  const clock = { now: Date.now() };
  const console = await startFakeConsole(t, { now: () => clock.now });
  const place = { port: console.server.port };
  const { host } = new URL(console.url);
  const here = { origin: console.url, rpId: 'localhost' };
  const fake = new FakeAuthenticator();
  const post = (path: string, { cookie = '', body = {} }: { cookie?: string; body?: object } = {}) =>
    httpRequest(place, path, {
      method: 'POST',
      headers: { Host: host, Origin: console.url, Cookie: cookie },
      body: JSON.stringify(body),
    });
  const signInByLink = async (role: 'act' | 'look') => {
    const { code } = console.sessions.link(role);
    const reply = await httpRequest(place, '/session', { method: 'POST', body: code });
    return reply.headers['set-cookie']![0]!.split(';')[0]!;
  };
  const make = async (cookie: string, more: object = {}, by = fake) => {
    const options = await post('/session/passkeys/challenge', { cookie });
    if (options.status !== 200) return options;
    const answer = asBase64(by.make(JSON.parse(options.text).challenge, here));
    return await post('/session/passkeys', {
      cookie,
      body: { name: 'laptop', role: 'look', ...answer, ...more },
    });
  };
  const challenge = async () => JSON.parse((await post('/session/passkey/challenge')).text).challenge;
  const use = async (challenge: string, said: Said = {}, by = fake) =>
    await post('/session/passkey', {
      body: { id: by.credential.toString('base64url'), ...asBase64(by.use(challenge, { ...here, ...said })) },
    });
  return { ...console, clock, post, signInByLink, make, challenge, use, fake, place, here };
}

test('a passkey is made in a session, signs in, and its sessions have its name and role', async (t) => {
  const { post, signInByLink, make, challenge, use, sessions, passkeys } = await start(t);
  const none = await post('/session/passkey/challenge');
  assert.equal(none.status, 401);
  assert.match(faultIn(none).message, /no passkey is kept for localhost: run steward web for a link/);
  const cookie = await signInByLink('act');
  const options = JSON.parse((await post('/session/passkeys/challenge', { cookie })).text);
  assert.deepEqual(
    [options.rp.id, options.attestation, options.authenticatorSelection],
    ['localhost', 'none', { residentKey: 'required', userVerification: 'required' }],
  );
  const made = await make(cookie);
  assert.deepEqual([made.status, JSON.parse(made.text).role], [200, 'look']);
  const again = await make(cookie, { name: 'other' });
  assert.match(faultIn(again).message, /is kept already/);
  const reply = await use(await challenge());
  assert.deepEqual([reply.status, reply.text], [200, '{"role":"look"}']);
  assert.match(
    reply.headers['set-cookie']![0]!,
    /^steward-central=[\w-]{32}; Path=\/; HttpOnly; SameSite=Strict$/,
  );
  assert.deepEqual([sessions.list()[0]!.passkey, sessions.list()[0]!.role], ['laptop', 'look']);
  await passkeys.rename(passkeys.list()[0]!.id, 'desk');
  assert.equal(sessions.list()[0]!.passkey, 'desk');
});

test('only a session that may act makes passkeys, with what it was asked for', async (t) => {
  const { make, signInByLink, post, here } = await start(t);
  assert.equal((await make('')).status, 401);
  const look = await make(await signInByLink('look'));
  assert.deepEqual([look.status, faultIn(look).code], [403, 'forbidden']);
  const [cookie, other] = [await signInByLink('act'), await signInByLink('act')];
  const { challenge } = JSON.parse((await post('/session/passkeys/challenge', { cookie: other })).text);
  const body = { name: 'x', role: 'act', ...asBase64(new FakeAuthenticator().make(challenge, here)) };
  assert.match(
    faultIn(await post('/session/passkeys', { cookie, body })).message,
    /a challenge that was used/,
  );
  for (const [more, field] of [
    [{ role: 'root' }, 'role'],
    [{ name: '' }, 'name'],
    [{ name: 7 }, 'name'],
    [{ attestation: 7 }, 'attestation'],
  ] as const) {
    const refused = await make(cookie, more);
    assert.deepEqual([refused.status, faultIn(refused).field], [400, field]);
  }
});

test('a challenge is answered once and within a minute, and for this origin', async (t) => {
  const { make, signInByLink, challenge, use, clock, sessions } = await start(t);
  await make(await signInByLink('act'));
  const before = sessions.list().length;
  const refusals: [string, Said, RegExp][] = [
    ['made up', { counter: 9 }, /a challenge that was used or is older than a minute/],
    [await challenge(), { origin: 'http://evil.example' }, /is for "http:\/\/evil\.example", not/],
    [await challenge(), { rpId: 'evil.example' }, /is for another site than localhost/],
    [await challenge(), { flags: 1 }, /does not say who is there/],
  ];
  const late = await challenge();
  clock.now += 60_001;
  refusals.push([late, { counter: 9 }, /is older than a minute/]);
  const once = await challenge();
  assert.equal((await use(once, { counter: 5 })).status, 200);
  refusals.push([once, { counter: 6 }, /was used/], [await challenge(), { counter: 5 }, /may be a copy/]);
  for (const [given, said, reason] of refusals) {
    const reply = await use(given, said);
    assert.deepEqual([reply.status, faultIn(reply).code], [401, 'unauthorized'], String(reason));
    assert.match(faultIn(reply).message, reason);
    assert.equal(reply.headers['set-cookie'], undefined);
  }
  assert.equal(sessions.list().length, before + 1);
});

test('a passkey that is removed signs nobody in, and its sessions are over at once', async (t) => {
  const { make, signInByLink, challenge, use, passkeys, sessions, desk, fake } = await start(t);
  const cookie = await signInByLink('act');
  await make(cookie);
  await make(cookie, { name: 'second' }, new FakeAuthenticator());
  await use(await challenge());
  const given = await challenge();
  const { id } = passkeys.list().find(({ name }) => name === 'laptop')!;
  await (desk as unknown as { removePasskey(id: string): Promise<unknown> }).removePasskey(id);
  assert.deepEqual(
    sessions.list().map(({ passkey }) => passkey),
    [null],
  );
  const reply = await use(given, {}, fake);
  assert.equal(reply.status, 401);
  assert.match(faultIn(reply).message, /this passkey is not known here \(any more\)/);
});

test('an address is no name for passkeys, and nonsense gets an answer', async (t) => {
  const { place, post } = await start(t);
  const reply = await httpRequest(place, '/session/passkey/challenge', { method: 'POST' });
  assert.match(
    faultIn(reply).message,
    new RegExp(`not for 127\\.0\\.0\\.1: open http://localhost:${place.port}/`),
  );
  assert.equal((await post('/session/nothing')).status, 404);
  for (const body of ['', '7', '[]', '{"id":7}']) {
    const broken = await httpRequest(place, '/session/passkey', {
      method: 'POST',
      headers: { Host: `localhost:${place.port}` },
      body,
    });
    assert.equal(broken.status, 400, body);
  }
});
