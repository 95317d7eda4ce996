import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkOf } from './network-of.ts';

test('addresses of IPv6 count by their network, those of IPv4 by themselves, and loopback is one', () => {
  assert.equal(networkOf('::ffff:10.0.0.1'), '10.0.0.1');
  assert.equal(networkOf('10.0.0.1'), '10.0.0.1');
  assert.equal(networkOf('2001:db8:1:2:3:4:5:6'), '2001:db8:1:2');
  assert.equal(networkOf('2001:db8::5'), '2001:db8:0:0');
  assert.equal(networkOf('2001:db8:1:2::5'), '2001:db8:1:2');
  assert.equal(networkOf('fe80::1%eth0'), 'fe80:0:0:0');
  assert.equal(networkOf(''), '0:0:0:0');
  for (const own of ['127.1.2.3', '::1', '::ffff:127.0.0.1'])
    assert.equal(networkOf(own), networkOf('127.0.0.1'));
});
