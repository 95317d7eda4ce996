import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KINDS } from '../message/kind.ts';
import { kindOf } from '../message/subject.ts';
import { TRUST_TABLE } from '../trust/trust-table.ts';
import { joinPermissions, permissionsOf, SUBJECT_KINDS } from './permissions.ts';

const SHAPE = { central: 'central' };

test('permissions know every kind of message that there is', () => {
  assert.deepEqual(SUBJECT_KINDS, KINDS);
  for (const method of ['REQCancel', 'REQReport', 'REQToFileAppend', 'REQToConsole'])
    assert.equal(kindOf(method), 'EventACK');
});

test('a node names itself and the central node in all that it may do, and no other', () => {
  const { publish, subscribe } = permissionsOf('ship1', SHAPE);
  const all = [...publish.allow, ...subscribe.allow];
  assert.ok(all.length > 0);
  for (const subject of all) assert.match(subject, /^(ship1|central|errorCentral)\./);
});

test('what a node hears of the central node is the answers to itself alone', () => {
  const heard = permissionsOf('ship1', SHAPE).subscribe.allow.filter(
    (subject) => !subject.startsWith('ship1.'),
  );
  assert.deepEqual(heard, ['central.*.*.reply.ship1.*', 'errorCentral.REQErrorLog.EventACK.reply.ship1.*']);
});

test('a closed node may send central all that central takes of it, and nothing else', () => {
  const { publish } = permissionsOf('ship1', { ...SHAPE, isClosed: () => true });
  const maySend = Object.keys(TRUST_TABLE).filter((method) =>
    publish.allow.includes(`central.${method}.${kindOf(method)}.from.ship1`),
  );
  const isTaken = (method: string) => TRUST_TABLE[method]!.memberAtCentral !== 'none';
  // An error goes to whoever writes down errors, and a relay has permissions of its own.
  const others = ['REQErrorLog', 'REQRelay'];
  const taken = Object.keys(TRUST_TABLE).filter((method) => isTaken(method) && !others.includes(method));
  assert.deepEqual(maySend, taken);
  assert.deepEqual(
    publish.allow.filter((subject) => subject.startsWith('central.') && subject.includes('*')),
    [],
  );
});

test('a relay changes nothing for nodes that it does not name', () => {
  const relays = [{ from: 'ship1', via: 'central', to: 'ship2' }];
  assert.deepEqual(permissionsOf('ship3', { ...SHAPE, relays }), permissionsOf('ship3', SHAPE));
  assert.deepEqual(permissionsOf('ship2', { ...SHAPE, relays }), permissionsOf('ship2', SHAPE));
});

test('with original nodes the shared subjects of answers are heard too', () => {
  const relays = [{ from: 'ship1', via: 'central', to: 'ship2' }];
  const { subscribe } = permissionsOf('ship1', { ...SHAPE, relays, hasOriginalNodes: true });
  for (const subject of [
    'central.*.*.reply',
    'errorCentral.REQErrorLog.EventACK.reply',
    'ship2.central.REQRelay.EventACK.reply',
  ])
    assert.ok(subscribe.allow.includes(subject), subject);
});

test('only a central node that admits others has to do with tokens', () => {
  const isOfJoining = (subject: string) => subject.startsWith('Steward.Join');
  const subjects = (shape: Parameters<typeof permissionsOf>[1], node: string) => {
    const { publish, subscribe } = permissionsOf(node, shape);
    return [...publish.allow, ...subscribe.allow].filter(isOfJoining);
  };
  assert.deepEqual(subjects(SHAPE, 'central'), []);
  assert.deepEqual(subjects({ ...SHAPE, admitsByToken: true }, 'ship1'), []);
  assert.equal(subjects({ ...SHAPE, admitsByToken: true }, 'central').length, 2);
  assert.deepEqual(joinPermissions('UABC'), {
    publish: { allow: ['Steward.Join.UABC'] },
    subscribe: { allow: ['Steward.Join.UABC.answer'] },
  });
});

test('along a relay that is no central node files are fetched in a closed fleet alone', () => {
  const relays = [{ from: 'ship1', via: 'hub', to: 'ship2' }];
  const publishes = (node: string, isClosed: boolean) =>
    permissionsOf(node, { ...SHAPE, relays, isClosed: () => isClosed }).publish.allow.filter((subject) =>
      subject.includes('REQCopyFile'),
    );
  assert.deepEqual([publishes('ship1', false), publishes('hub', false)], [[], []]);
  assert.ok(publishes('ship1', true).includes('hub.REQCopyFileTo.EventACK.from.ship1'));
  assert.ok(publishes('hub', true).includes('ship1.REQCopyFileFrom.EventACK.from.hub'));
});
