import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PeerCertificate } from 'node:tls';
import { serverIdentityCheck } from './server-identity.ts';

function certificateFor(subjectaltname: string): PeerCertificate {
  return { subject: { CN: 'broker' }, subjectaltname } as PeerCertificate;
}

test('a broker with a name is held against its name', () => {
  const check = serverIdentityCheck(['tls://broker.example:4222', '10.0.0.1:4222']);
  assert.equal(check('broker.example', certificateFor('DNS:broker.example')), undefined);
  assert.ok(check('broker.example', certificateFor('DNS:other.example, IP Address:10.0.0.1')));
});

test('a broker with an IP is held against the configured IPs', () => {
  for (const server of ['10.0.0.1:4222', 'nats://10.0.0.1', 'tls://user:pass@10.0.0.1:4222']) {
    const check = serverIdentityCheck(['10.0.0.2:4222', server]);
    assert.equal(check('localhost', certificateFor('IP Address:10.0.0.1')), undefined, server);
    assert.ok(check('localhost', certificateFor('IP Address:10.0.0.3')));
    assert.ok(check('localhost', certificateFor('DNS:localhost')), 'which is not what was asked for');
  }
  assert.equal(
    serverIdentityCheck(['tls://[::1]:4222'])('localhost', certificateFor('IP Address:0:0:0:0:0:0:0:1')),
    undefined,
  );
});

test('localhost is a name like others where it is configured', () => {
  const check = serverIdentityCheck(['localhost:4222', '10.0.0.1:4222']);
  assert.equal(check('localhost', certificateFor('DNS:localhost')), undefined);
});
