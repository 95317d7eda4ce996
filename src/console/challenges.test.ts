import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Challenges } from './challenges.ts';

test('a challenge is good once, for a minute, for its purpose, and where it was made', () => {
  const clock = { now: 1_000_000 };
  const challenges = new Challenges(() => clock.now);
  const first = challenges.make('sign in');
  assert.notEqual(challenges.make('sign in'), first);
  assert.equal(challenges.use(first, 'session 1'), false);
  assert.equal(new Challenges(() => clock.now).use(first, 'sign in'), false);
  clock.now += 60_000;
  assert.equal(challenges.use(first, 'sign in'), true);
  assert.equal(challenges.use(first, 'sign in'), false, 'it was used');
  assert.equal(challenges.use(`${first}=`, 'sign in'), false, 'the same bytes as another text');
  const late = challenges.make('sign in');
  clock.now += 60_001;
  assert.equal(challenges.use(late, 'sign in'), false, 'it is too old');
  clock.now -= 200_000;
  assert.equal(challenges.use(challenges.make('sign in'), 'sign in'), true);
  assert.equal(challenges.use(late, 'sign in'), false, 'the clock was set back');
});

test('what is no challenge is not good', () => {
  const challenges = new Challenges(() => 1);
  const good = Buffer.from(challenges.make('x'), 'base64url');
  for (let at = 0; at < good.length; at += 5) {
    const wrong = Buffer.from(good);
    wrong[at]! ^= 1;
    assert.equal(challenges.use(wrong.toString('base64url'), 'x'), false);
  }
  for (const text of ['', 'x', '====', good.subarray(1).toString('base64url')])
    assert.equal(challenges.use(text, 'x'), false);
});
