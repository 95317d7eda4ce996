import assert from 'node:assert/strict';
import { test } from 'node:test';
import { vectors } from '../../test/support/vectors.ts';
import { kindOf } from './kind-of.ts';
import { parseSubject, subjectOf } from './subject.ts';

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

test('subjects that no message travels on are not read', () => {
  const others = [
    '',
    'ship1',
    'ship1.REQPing',
    'ship1.REQPing.Event',
    'ship1.REQPing.EventACK.reply',
    '.REQPing.EventACK',
    'ship1..EventACK',
    'ship1.central.REQPing.EventACK',
    'ship1.REQRelay.EventACK',
    '*.REQPing.EventACK',
    'a b.REQPing.EventACK',
    '_INBOX.abc.def',
  ];
  for (const subject of others) assert.equal(parseSubject(subject), undefined, subject);
});
