import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Message, newMessage } from '../message/message.ts';
import { writeRelayedFile } from '../message/relayed-file.ts';
import { relayFault, relayWarnings } from './relay-fault.ts';
import { createReqRelay } from './req-relay.ts';
import { createReqRelayInitial } from './req-relay-initial.ts';

const submitted = newMessage({
  toNode: 'ship2',
  fromNode: 'ship1',
  method: 'REQCliCommand',
  relayViaNode: 'central',
  relayReplyMethod: 'REQToFile',
});

const relay = newMessage({
  toNode: 'ship2.central',
  fromNode: 'ship1',
  method: 'REQRelay',
  relayOriginalViaNode: 'central',
  relayFromNode: 'ship1',
  relayToNode: 'ship2',
  relayOriginalMethod: 'REQCliCommand',
});

test('a message that can be relayed is taken as it is, and one without relayViaNode too', () => {
  assert.equal(relayFault(submitted, 'ship1'), undefined);
  assert.equal(relayFault({ ...submitted, relayViaNode: '' }, 'ship1'), undefined);
  assert.deepEqual(relayWarnings(submitted), []);
  assert.deepEqual(relayWarnings({ ...submitted, relayViaNode: '', relayReplyMethod: '' }), []);
});

test('a submission that loops, or names what nodes send each other, is refused with its field', () => {
  const faults: [Partial<Message>, string, RegExp][] = [
    [{ relayViaNode: 'ship1' }, 'relayViaNode', /this node itself/],
    [{ relayViaNode: 'ship2' }, 'relayViaNode', /ship2 itself/],
    [{ method: 'REQRelay' }, 'method', /relayViaNode/],
    [{ method: 'REQRelayInitial', relayViaNode: '' }, 'method', /relayViaNode/],
    [{ method: 'REQHello' }, 'method', /not answered/],
    [{ method: 'REQReport' }, 'method', /can't be relayed/],
    [{ relayReplyMethod: 'REQRelay' }, 'relayReplyMethod', /one node only/],
  ];
  for (const [fields, field, reason] of faults) {
    const fault = relayFault({ ...submitted, ...fields }, 'ship1');
    assert.equal(fault?.field, field);
    assert.match(fault!.reason, reason);
  }
});

test('a submission without relayReplyMethod is taken with a warning, and so is one whose copy can never come', () => {
  const missing = relayWarnings({ ...submitted, relayReplyMethod: '' });
  assert.match(missing[0]!.reason, /REQToFileAppend too/);
  const never = relayWarnings({ ...submitted, replyMethod: 'REQNone' });
  assert.match(never[0]!.reason, /no reply is sent/);
  assert.deepEqual(relayWarnings({ ...submitted, replyMethod: 'REQNone', relayReplyMethod: '' }), []);
});

test('the relaying node refuses loops, relays of relays, wrong names, and fields that do not fit the subject', () => {
  const check = (fields: Partial<Message>) =>
    createReqRelay({
      nodeName: 'central',
      defaultAckTimeout: 10,
      defaultRetries: 1,
      openSource: () => Promise.reject(new Error('no file')),
      fetchesFiles: async () => true,
      keepBytes: 1e9,
    }).check!({
      ...relay,
      ...fields,
    });
  assert.equal(check({}), undefined);
  assert.match(check({ relayToNode: 'central', toNode: 'central.central' })!, /a loop: central/);
  assert.match(check({ relayFromNode: 'central', fromNode: 'central' })!, /a loop: central/);
  assert.match(check({ relayFromNode: 'ship3' })!, /relayFromNode is ship3, but the message is from ship1/);
  assert.match(
    check({ relayToNode: 'ship3' })!,
    /relayToNode is ship3, but the message is for ship2.central/,
  );
  assert.match(check({ relayOriginalViaNode: 'other' })!, /but this is central/);
  assert.match(check({ relayViaNode: 'other' })!, /one node only/);
  assert.match(check({ relayToNode: '../x' })!, /relayToNode contains/);
  assert.match(check({ relayOriginalMethod: '' })!, /relayOriginalMethod is empty/);
  assert.match(check({ relayOriginalMethod: 'REQRelay' })!, /can't be relayed/);
  assert.match(check({ relayOriginalMethod: 'a b' })!, /relayOriginalMethod contains/);
  assert.match(check({ relayReplyMethod: 'REQReport' })!, /can't be relayed/);
  assert.match(check({ relayReplyMethod: '*' })!, /relayReplyMethod contains/);
  const file = { source: 's', node: 'ship2', target: 't', mode: 0o644, identity: 'i', request: '' };
  const ofFile = (size: number, node = 'ship2') =>
    check({ relayOriginalMethod: 'REQCopyFileTo', methodArgs: writeRelayedFile({ ...file, size, node }) });
  assert.match(ofFile(1, 'central')!, /relayToNode is ship2, but the file is for central/);
  assert.equal(ofFile(1e9), undefined);
  assert.match(ofFile(1e9 + 1)!, /^the file has 1.0 GB, and central keeps 1.0 GB at most .*\(relayKeepMB\)$/);
});

test('REQRelayInitial is taken from the node itself only', () => {
  const method = createReqRelayInitial({
    nodeName: 'ship1',
    defaultAckTimeout: 10,
    defaultRetries: 1,
    openSource: () => Promise.reject(new Error('no file')),
    fetchesFiles: async () => true,
    keepBytes: 1e9,
  });
  const initial = { ...relay, toNode: 'ship1', method: 'REQRelayInitial' };
  assert.equal(method.check!(initial), undefined);
  assert.match(method.check!({ ...initial, fromNode: 'ship3' })!, /to itself only/);
  assert.match(method.check!({ ...initial, relayToNode: 'central' })!, /a loop/);
});
