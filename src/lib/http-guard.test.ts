import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http';
import { test } from 'node:test';
import { httpRefusal } from './http-guard.ts';
import { isLoopback } from './is-loopback.ts';
import { isSameSecret } from './is-same-secret.ts';

const local = (headers: IncomingHttpHeaders, token = '') =>
  httpRefusal({ host: '127.0.0.1:80', ...headers }, { isLoopback: true, token })?.status;
const remote = (headers: IncomingHttpHeaders) =>
  httpRefusal({ host: 'central.example', ...headers }, { isLoopback: false, token: 's3cret' })?.status;

test('loopback is what is so by its text, not what resolves to it', () => {
  for (const host of ['127.0.0.1', '127.9.9.9', '::1', '0:0:0:0:0:0:0:1', 'localhost', 'LOCALHOST']) {
    assert.equal(isLoopback(host), true, host);
  }
  for (const host of ['', '0.0.0.0', '::', '128.0.0.1', '10.0.0.1', 'localhost.evil.example', '127.1', 'x']) {
    assert.equal(isLoopback(host), false, host);
  }
});

test('secrets are the same or not, whatever their lengths', () => {
  assert.equal(isSameSecret('abc', 'abc'), true);
  for (const [a, b] of [
    ['abc', 'abd'],
    ['abc', 'ab'],
    ['', 'a'],
  ] as const)
    assert.equal(isSameSecret(a, b), false);
});

test('a program on this machine is served, under any loopback name', () => {
  for (const host of ['127.0.0.1:8080', 'localhost', '[::1]:8080', '127.8.0.1:1']) {
    assert.equal(local({ host }), undefined, host);
  }
});

test('a name that was made to point here is refused on loopback', () => {
  for (const host of [
    'evil.example',
    'evil.example:8080',
    '10.0.0.1',
    'localhost.evil.example',
    '::1::',
    ':',
  ]) {
    assert.equal(local({ host }), 403, host);
  }
});

test('pages of other origins are refused, and own ones are not', () => {
  for (const origin of ['http://evil.example', 'null', 'https://127.0.0.1:80', 'http://127.0.0.1:81', '']) {
    assert.equal(local({ origin }), 403, origin);
  }
  assert.equal(local({ origin: 'http://127.0.0.1:80' }), undefined);
  for (const site of ['cross-site', 'same-site']) assert.equal(local({ 'sec-fetch-site': site }), 403);
  for (const site of ['same-origin', 'none']) assert.equal(local({ 'sec-fetch-site': site }), undefined);
});

test('other addresses need the token, as a bearer token', () => {
  assert.equal(remote({ authorization: 'Bearer s3cret' }), undefined);
  assert.equal(remote({ authorization: 'bearer   s3cret ' }), undefined);
  for (const authorization of ['Bearer s3cre', 'Bearer s3cret x', 'Basic s3cret', 's3cret', '', undefined]) {
    assert.equal(remote({ authorization }), 401, authorization);
  }
  assert.equal(remote({ authorization: 'Bearer s3cret', origin: 'http://evil.example' }), 403);
});

test('without a token to compare with nobody passes on other addresses', () => {
  const headers = { host: 'a', authorization: 'Bearer x' };
  assert.equal(httpRefusal(headers, { isLoopback: false, token: '' })?.status, 401);
});

test('on loopback a token must be shown where that is wanted and there is one', () => {
  const guarded = (headers: IncomingHttpHeaders, token: string) =>
    httpRefusal({ host: 'localhost', ...headers }, { isLoopback: true, token, tokenOnLoopback: true })
      ?.status;
  assert.equal(guarded({}, 's3cret'), 401);
  assert.equal(guarded({ authorization: 'Bearer wrong' }, 's3cret'), 401);
  assert.equal(guarded({ authorization: 'Bearer s3cret' }, 's3cret'), undefined);
  assert.equal(guarded({}, ''), undefined);
});

test('on loopback a token may be shown, and a wrong one is refused', () => {
  assert.equal(local({ authorization: 'Bearer s3cret' }, 's3cret'), undefined);
  assert.equal(local({ authorization: 'Bearer other' }, 's3cret'), 401);
  assert.equal(local({ authorization: 'Bearer other' }), undefined);
});

test('a token for those who look is let in as well, and is asked of nobody where there is no other', () => {
  const at = (isLoopback: boolean, token: string, given?: string) =>
    httpRefusal(
      { host: 'localhost', ...(given === undefined ? {} : { authorization: `Bearer ${given}` }) },
      { isLoopback, token, lookToken: 'look', tokenOnLoopback: true },
    )?.status;
  assert.deepEqual(
    [at(false, 'act', 'look'), at(false, 'act', 'act'), at(false, 'act', 'x'), at(false, 'act')],
    [undefined, undefined, 401, 401],
  );
  assert.deepEqual(
    [at(true, 'act', 'look'), at(true, 'act'), at(true, ''), at(true, '', 'look'), at(true, '', 'x')],
    [undefined, 401, undefined, undefined, 401],
  );
});
