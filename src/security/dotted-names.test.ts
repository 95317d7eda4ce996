import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeUserKey } from '../lib/nkey.ts';
import { nodeNameFault } from '../message/names.ts';
import { EMPTY_ADMISSION, withToken } from './admission-state.ts';
import { decideAdmission } from './decide-admission.ts';
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

test('a node that joins under a name which shares its beginning up to a dot with another one is not let in', () => {
  const rules = { now: 0, central: 'central', centralKey: 'key', nameFault: nodeNameFault };
  let state = EMPTY_ADMISSION;
  const ask = (name: string) => {
    const token = `token for ${name}`;
    state = withToken(state, { key: token, expiresAt: 1, name: '', isReplacing: false });
    const { answer, state: after } = decideAdmission(state, { token, name, key: name, nonce: '' }, rules);
    state = after ?? state;
    return answer.verdict === 'admitted' ? '' : answer.reason;
  };
  assert.equal(ask('ship1.example.org'), '');
  for (const name of ['ship1', 'ship1.example', 'ship1.example.org.deck', 'central.example.org'])
    assert.match(ask(name), /share their beginning up to a dot: choose another name/);
  assert.equal(ask('ship2.example.org'), '');
});
