import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseHostAndPort } from '../lib/host-and-port.ts';
import { brokerAddressFault, hidePasswords } from './broker-address.ts';
import { parseLabels } from './labels.ts';
import { likelyMeant } from './likely-meant.ts';

test('a broker address is host:port, with scheme and sign-in or without, once or several times', () => {
  for (const address of [
    '127.0.0.1:4222',
    'localhost',
    'nats://10.0.0.124:4222',
    'tls://broker.example.org:4443',
    'tls://broker.example.org:4443/',
    '[::1]:4222',
    'nats://[::1]',
    'nats://me:p%40ss@host:4222',
    'me:pass@host:4222',
    'nats://a:1, nats://b:2,c',
    'nats://u:p@a:1,nats://u:p@b:1,c:1',
  ]) {
    assert.equal(brokerAddressFault(address), undefined, address);
  }
});

test('a broker address that cannot work is refused', () => {
  for (const address of [
    '',
    'host:',
    'host:0',
    'host:65536',
    'host:http',
    ':4222',
    'nats://',
    'a b:4222',
    'http://host:4222',
    'ws://host:4222',
    'host:4222,',
    'user@host:4222',
    'u:%zz@host:4222',
    'u:p@a:1,u:q@b:1',
    '::1:4222',
  ]) {
    assert.notEqual(brokerAddressFault(address), undefined, address);
  }
});

test('a password is never shown', () => {
  assert.equal(hidePasswords('nats://me:secret@a:1, me:se@cret@b:2,c:3'), 'nats://***@a:1, ***@b:2,c:3');
  assert.doesNotMatch(brokerAddressFault('nats://me:secret@host:http') ?? '', /secret/);
  assert.doesNotMatch(brokerAddressFault('nats://me:sec@ret@host') ?? '', /sec|ret/);
});

test('a listening place is host:port, or :port for every interface', () => {
  assert.deepEqual(parseHostAndPort(':12112'), { host: '', port: 12112 });
  assert.deepEqual(parseHostAndPort('localhost:0'), { host: 'localhost', port: 0 });
  assert.deepEqual(parseHostAndPort('[::1]:80'), { host: '::1', port: 80 });
  for (const text of [
    '',
    '12112',
    'localhost',
    'localhost:',
    'a:b',
    'a:65536',
    '::1:80',
    'http://a:80',
    'a :80',
  ]) {
    assert.equal(parseHostAndPort(text), undefined, text);
  }
});

test('labels are key=value pairs', () => {
  assert.deepEqual(parseLabels(''), { ok: true, labels: {} });
  const parsed = parseLabels('site=Bergen, fleet = north sea,empty=,eq=a=b');
  assert.deepEqual(parsed, {
    ok: true,
    labels: { site: 'Bergen', fleet: 'north sea', empty: '', eq: 'a=b' },
  });
  for (const text of ['site', '=x', 'a=1,', 'a=1,a=2', 'a b=1', 'a=x\ny']) {
    assert.equal(parseLabels(text).ok, false, text);
  }
});

test('a shortened or mistyped word finds what was meant', () => {
  assert.equal(likelyMeant('node', ['labels', 'nodeName']), 'nodeName');
  assert.equal(likelyMeant('lables', ['labels', 'nodeName']), 'labels');
  assert.equal(likelyMeant('no', ['labels', 'nodeName']), undefined);
});
