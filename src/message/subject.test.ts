import assert from 'node:assert/strict';
import { test } from 'node:test';
import { vectors } from '../../test/support/vectors.ts';
import {
  kindOf,
  laneSubjectOf,
  parseSubject,
  receiverOf,
  relaySubjects,
  relayTargetOf,
  subjectOf,
  wireSubject,
} from './subject.ts';

test('the captured messages travel on the subjects that their fields give', () => {
  for (const { subject, message } of vectors('cbor')) {
    const fields = { toNode: String(message.toNode), method: String(message.method) };
    assert.equal(subjectOf(fields, kindOf(fields.method)), subject);
    assert.deepEqual(parseSubject(subject), { ...fields, kind: kindOf(fields.method) });
  }
});

test('a relayed message has two nodes in its subject', () => {
  assert.deepEqual(parseSubject('ship2.central.REQRelay.EventACK'), {
    toNode: 'ship2.central',
    method: 'REQRelay',
    kind: 'EventACK',
  });
});

test('the names of nodes may have dots: a subject is read from its end', () => {
  assert.deepEqual(parseSubject('ship1.example.org.REQCliCommand.CommandACK'), {
    toNode: 'ship1.example.org',
    method: 'REQCliCommand',
    kind: 'CommandACK',
  });
  assert.equal(receiverOf('ship1.example.org.REQPing.EventACK'), 'ship1.example.org');
  assert.equal(receiverOf('ship2.central.REQRelay.EventACK'), 'central');
});

test('the lane of a relayed message tells target and relay apart where dots in names would hide that', () => {
  const relayed = (relayToNode: string, relayOriginalViaNode: string) => {
    const toNode = `${relayToNode}.${relayOriginalViaNode}`;
    return laneSubjectOf({ toNode, method: 'REQRelay', relayToNode, relayOriginalViaNode }, 'EventACK');
  };
  assert.equal(relayed('ship2', 'central'), 'ship2.central.REQRelay.EventACK');
  const lane = relayed('ship2.example.org', 'relay.example.org');
  assert.equal(receiverOf(lane), 'relay.example.org');
  assert.equal(relayTargetOf(lane), 'ship2.example.org');
  assert.equal(relayTargetOf('ship2.central.REQRelay.EventACK'), 'ship2');
  assert.equal(wireSubject(lane), 'ship2.example.org.relay.example.org.REQRelay.EventACK');
  assert.equal(parseSubject(lane)?.toNode, 'ship2.example.org.relay.example.org');
  assert.deepEqual(parseSubject(lane), parseSubject(wireSubject(lane)));
});

test('a relay hears of targets of one to six parts, its own name taken off the end', () => {
  const subjects = relaySubjects('relay.example.org', 'EventACK');
  assert.equal(subjects.length, 6);
  assert.equal(subjects[0], '*.relay.example.org.REQRelay.EventACK');
  assert.equal(subjects[5], '*.*.*.*.*.*.relay.example.org.REQRelay.EventACK');
});

test('subjects that no message travels on are not read', () => {
  const others = [
    '',
    'ship1',
    'ship1.REQPing',
    'ship1.REQPing.Event',
    'ship1.REQPing.EventACK.reply',
    '.REQPing.EventACK',
    'ship1..EventACK',
    'ship1.from.REQPing.EventACK',
    'ship1/central.REQPing.EventACK',
    'ship2/ship1/central.REQRelay.EventACK',
    'ship1.REQRelay.EventACK',
    '*.REQPing.EventACK',
    'a b.REQPing.EventACK',
    '_INBOX.abc.def',
  ];
  for (const subject of others) assert.equal(parseSubject(subject), undefined, subject);
});
