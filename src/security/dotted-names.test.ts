import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeUserKey } from '../lib/nkey.ts';
import { fleetUsers } from './fleet-users.ts';

function users(...names: string[]) {
  return fleetUsers(new Map(names.map((name) => [name, makeUserKey().publicKey])), { central: 'central' });
}

test('central may send to names of as many parts as there are in the fleet', () => {
  const [central] = users('central', 'ship1', 'ship2.example.org');
  const { publish, subscribe } = central!.permissions;
  for (const target of ['*', '*.*.*']) {
    assert.ok(publish.allow.includes(`${target}.*.CommandACK`), target);
    assert.ok(subscribe.allow.includes(`${target}.*.*.reply.central.*`), target);
  }
  assert.ok(!publish.allow.includes('*.*.*.CommandACK'));
});

test('a name that is the beginning of another up to a dot is refused', () => {
  assert.throws(() => users('central', 'ship1', 'ship1.example.org'), /begins with the name ship1 and a dot/);
});

test('who relays may hear of targets of as many parts as there are in the fleet', () => {
  const keys = new Map(
    ['central', 'ship1', 'hub', 'ship2.example.org'].map((name) => [name, makeUserKey().publicKey]),
  );
  const relays = [
    { from: 'ship1', via: 'central', to: 'ship2.example.org' },
    { from: 'ship1', via: 'hub', to: 'ship2.example.org' },
  ];
  const rights = new Map(
    fleetUsers(keys, { central: 'central', relays }).map(({ name, permissions }) => [name, permissions]),
  );
  for (const via of ['central', 'hub'])
    assert.ok(rights.get(via)!.subscribe.allow.includes(`*.*.*.${via}.REQRelay.EventACK`), via);
  assert.ok(rights.get('ship1')!.publish.allow.includes('ship2.example.org.central.REQRelay.EventACK'));
  assert.ok(rights.get('hub')!.publish.allow.includes('ship2.example.org.*.CommandACK'));
});
