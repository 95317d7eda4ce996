import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Sessions, sessionOperations } from './sessions.ts';

function start() {
  const clock = { now: 1000 };
  return { clock, sessions: new Sessions(() => clock.now, { nameOf: (id) => `passkey ${id}` }) };
}

test('a link begins one session, once', () => {
  const { sessions } = start();
  const { code } = sessions.link('look');
  const begun = sessions.begin(code, 'Chromium')!;
  assert.equal(begun.role, 'look');
  assert.equal(sessions.begin(code, 'Chromium'), undefined);
  assert.equal(sessions.begin('guessed', 'Chromium'), undefined);
  assert.equal(sessions.find(begun.secret)?.browser, 'Chromium');
  assert.equal(sessions.find(code), undefined);
});

test('a link is good for a minute', () => {
  const { clock, sessions } = start();
  const [late, good] = [sessions.link('act'), sessions.link('act')];
  assert.equal(good.expiresAt, 61_000);
  clock.now = 61_000;
  assert.ok(sessions.begin(good.code, ''));
  clock.now = 61_001;
  assert.equal(sessions.begin(late.code, ''), undefined);
});

test('a session lasts while it is used, and ends after 12 hours without', () => {
  const { clock, sessions } = start();
  const { secret } = sessions.begin(sessions.link('act').code, '')!;
  for (let day = 0; day < 3; day++) {
    clock.now += 12 * 3_600_000;
    assert.ok(sessions.find(secret));
  }
  const { over } = sessions.find(secret)!;
  clock.now += 12 * 3_600_000 + 1;
  assert.deepEqual(sessions.list(), []);
  assert.equal(sessions.find(secret), undefined);
  assert.ok(over.signal.aborted);
});

test('a session that is ended is over for whatever is under way, and no other', () => {
  const { sessions } = start();
  const secrets = [1, 2].map(() => sessions.begin(sessions.link('act').code, '')!.secret);
  const [first, second] = secrets.map((secret) => sessions.find(secret)!);
  assert.equal(sessions.end(first!.id).id, first!.id);
  assert.ok(first!.over.signal.aborted);
  assert.ok(!second!.over.signal.aborted);
  assert.deepEqual(
    sessions.list().map(({ id }) => id),
    [second!.id],
  );
  assert.throws(() => sessions.end(first!.id), { code: 'not-found', message: /no session with the id/ });
});

test('more than twenty sessions of one operator push out the oldest of these, and nobody elses', () => {
  const { sessions } = start();
  const root = sessions.begin(sessions.link('act', 'local root').code, '')!;
  const anna = sessions.beginFor({ role: 'look', user: 'anna' }, '');
  const secrets = Array.from(
    { length: 200 },
    () => sessions.begin(sessions.link('act', 'local eve').code, '')!.secret,
  );
  for (let count = 0; count < 200; count++) sessions.beginFor({ role: 'act', user: 'bert' }, '');
  assert.ok(sessions.find(root.secret));
  assert.ok(sessions.find(anna.secret));
  assert.deepEqual(
    secrets.map((secret) => sessions.find(secret) !== undefined),
    [...Array(180).fill(false), ...Array(20).fill(true)],
  );
  assert.equal(sessions.list().length, 42);
});

test('links that nobody uses push out those of their maker alone', () => {
  const { sessions } = start();
  const { code } = sessions.link('act', 'local root');
  const own = Array.from({ length: 21 }, () => sessions.link('act', 'local eve').code);
  assert.equal(sessions.begin(own[0]!, ''), undefined);
  assert.ok(sessions.begin(own[1]!, ''));
  assert.ok(sessions.begin(code, ''));
});

test('where no console is served, a link is refused with the way out', async () => {
  const { sessions } = start();
  await assert.rejects(sessionOperations(sessions, undefined).signInLink({}), {
    code: 'bad-request',
    message: /start it with -webListener=127\.0\.0\.1:8095/,
  });
  const { url, role } = await sessionOperations(sessions, (code) => `x${code}`).signInLink({});
  assert.match(url, /^x[\w-]{32}$/);
  assert.equal(role, 'act');
});
