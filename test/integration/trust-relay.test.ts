import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { decodeMessage } from '../../src/message/codec/decode-message.ts';
import { type Message, newMessage } from '../../src/message/message.ts';
import { submitAll, waitForState } from '../support/fleet.ts';
import { StolenShip, WORDS } from '../support/stolen-ship.ts';
import { touch } from '../support/stolen-ship-attacks.ts';
import { waitFor } from '../support/wait-for.ts';

const BASE = { method: 'REQCliCommand', methodArgs: ['echo', 'asked'], replyMethod: 'REQToFile' };

test('a relay that is stolen commands the target of its way and answers for it, and gets no further than that', async (t) => {
  const stolen = await StolenShip.start(t, 'central:ship1:ship2');
  const { central, thief } = stolen;
  const heard = await thief.gather('*.ship1.REQRelay.EventACK.from.central');
  const [relayed, direct] = await submitAll(central, [
    {
      ...{ ...BASE, toNode: 'ship2', relayViaNode: 'ship1', relayReplyMethod: 'REQToFile' },
      ...{ directory: 'relayed', fileName: 'f' },
    },
    { ...BASE, toNode: 'ship2', methodArgs: ['sleep', '300'], directory: 'direct', fileName: 'f' },
  ]);
  await waitForState(central, direct!, 'running');
  const wire = await waitFor('the request at the relay', () => heard[0]);
  const request = decodeMessage(wire.payload, {
    ...{ serial: wire.headers.serial ?? '', cmp: wire.headers.cmp ?? '', maxBytes: 1_000_000 },
  });

  // At the target: what the way allows, whoever made it up, and nothing else.
  const asRelay = { toNode: 'ship2', relayToNode: 'ship2', relayOriginalViaNode: 'ship1' };
  const own = (relayFromNode: string, path: string): Partial<Message> => ({
    ...{ ...asRelay, ...touch(path), relayFromNode, relayOriginalMethod: 'REQCliCommand' },
    ...{ replyMethod: 'REQNone', relayReplyMethod: 'REQNone' },
  });
  assert.match(await stolen.attack({ toNode: 'ship2', ...touch(stolen.mark('plain')) }), /^rejected/);
  for (const from of ['ship3', 'ship2', 'ship1'])
    assert.match(
      await stolen.attack(own(from, stolen.mark(from))),
      /^rejected no relay .* is allowed on \w+: name it in its TrustRelay/,
      from,
    );
  assert.match(await stolen.attack(own('central', stolen.mark('target'))), /^accepted/);
  await waitFor('the target to obey', () => stolen.isMarked('target'));
  for (const toNode of ['ship3', 'central'])
    assert.match(
      await stolen.attack({ ...own('central', stolen.mark(toNode)), toNode, relayToNode: toNode }),
      /^(forbidden|rejected)/,
    );

  // At the origin: answers to what went this way, where that request says.
  const sentOn = { fromNode: 'ship1', toNode: 'ship2', method: 'REQCliCommand', relayOriginalViaNode: '' };
  const reply = (more: Partial<Message> = {}, asked: Partial<Message> = {}): Partial<Message> => ({
    ...{ method: 'REQToFile', isReply: true, data: [Buffer.from('made up')], fromNode: 'ship2' },
    ...{ directory: 'relayed', fileName: 'f' },
    previousMessage: newMessage({ ...request, ...sentOn, ...asked }),
    ...more,
  });
  const asked = { headers: { 'Steward-Re': wire.headers['Nats-Msg-Id']! } };
  const place = { directory: 'relayed', fileName: 'other' };
  for (const wrong of [
    reply({ replyMethod: 'REQCliCommand', replyMethodArgs: ['touch', stolen.mark('reply')] }),
    reply(place, place),
    reply({ directory: 'errorLog' }, { directory: 'errorLog' }),
    reply({ method: 'REQToSocket', methodArgs: [join(central.folder, 'tmp/steward.sock')] }),
  ])
    assert.match(
      await stolen.attack(wrong, asked),
      /^rejected (a reply of ship1 may not ask for|the request .* has another place for its reply)/,
    );
  await stolen.attack(reply(place, place));
  assert.equal(await stolen.read('relayed/ship2/other'), '', 'without an id it is kept as unasked at most');
  const forDirect = reply({ directory: 'direct' }, { directory: 'direct', methodArgs: ['sleep', '300'] });
  assert.match(
    await stolen.attack(forDirect, { headers: { 'Steward-Re': direct! } }),
    /^rejected the request .* was sent to ship2, not to ship1/,
  );
  const ends = Buffer.from(JSON.stringify({ ends: [{ id: direct, state: 'succeeded' }] }));
  await stolen.attack({ method: 'REQReport', data: [ends] });
  await waitForState(central, direct!, 'running');
  assert.equal(await stolen.read('direct/ship2/f'), '');

  // What it keeps to itself stays open at the origin; what it says in the target's name is taken.
  assert.equal((await waitForState(central, relayed!, 'accepted')).ended_at, null);
  thief.answer(wire, 'accepted', { 'Steward-Knows': WORDS });
  assert.match(await stolen.attack(reply(), asked), /^accepted/);
  assert.equal(await central.waitForFile('relayed/ship2/f'), 'made up');
  for (const name of ['plain', 'ship3', 'ship2', 'ship1', 'central', 'reply'])
    assert.equal(stolen.isMarked(name), false, name);
});
