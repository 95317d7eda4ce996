import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createInbox, headers } from '@nats-io/transport-node';
import { newId } from '../../src/lib/new-id.ts';
import { CBOR_BYTES } from '../../src/message/codec/body-format.ts';
import { briefHeaders, unfoldMessage } from '../../src/message/codec/brief.ts';
import { BUNDLE, packBundle } from '../../src/message/codec/bundle.ts';
import { encodeMessage } from '../../src/message/codec/encode-message.ts';
import { HEADER } from '../../src/message/codec/wire-headers.ts';
import { newMessage } from '../../src/message/message.ts';
import { parsePartPlace } from '../../src/message/part-place.ts';
import { shortSerial, TOLD_OUTPUT } from '../../src/message/told-output.ts';
import { startBroker } from '../support/broker.ts';
import { AGELESS, type LandedVersion, type LandedWire, landedVersions } from '../support/landed.ts';
import { type StewardNode, startStewardNode } from '../support/node.ts';
import { waitFor } from '../support/wait-for.ts';
import { startWireClient, type WireClient } from '../support/wire-client.ts';

/** Messages whose effect needs what only the node had that they were sent to. */
const OF_THEIR_TIME = /\.REQCopyFileTo\./;

for (const version of landedVersions()) {
  test(`${version.name}: a ship takes every request that a node of that version sent, with its headers, and runs it`, async (t) => {
    const { node, taken } = await replay(t, version, 'ship1');
    assert.ok(taken > 15, `${taken} messages were taken`);
    assert.equal(await node.waitForFile('scene/ship1/file.txt'), 'written\n');
    assert.equal(await node.waitForFile('scene/ship1/lines.log'), '0\n1\n2\n3\n4\n');
    await node.waitForFile('../ticks');
    const states = () =>
      node
        .query("SELECT state FROM journal WHERE subject LIKE '%REQCliCommand%' ORDER BY row")
        .map(({ state }) => state);
    const ended = ['succeeded', 'failed', 'succeeded', 'succeeded', 'failed', 'timed-out'];
    await waitFor('the commands to end', () => states().slice(0, ended.length).join() === ended.join());
  });

  test(`${version.name}: central takes every reply, report and error that a node of that version sent`, async (t) => {
    const { node, taken } = await replay(t, version, 'central');
    assert.ok(taken > 15, `${taken} messages were taken`);
    assert.match(await node.waitForFile('scene/ship1/out.log'), /^ran\n/);
    assert.equal((await node.file('scene/ship1/large.log')).replaceAll('x', ''), '');
    assert.match(await node.file('errorLog/errorCentral/error.log'), /no\/such\/program/);
    assert.match(await node.file('hello-messages/ship1/hello.log'), /ship1/);
  });

  const isBrief = version.wire.some(({ headers: { S } }) => S !== undefined);
  const named = (word: string) =>
    version.wire.some(({ headers }) => headers['Steward-Knows']?.split(' ').includes(word));
  // What is for those that name a word such a version reads.
  const unread = [
    ...(named(TOLD_OUTPUT) ? [] : [{ serial: shortSerial('cbor'), word: TOLD_OUTPUT }]),
    ...(named(CBOR_BYTES) ? [] : [{ serial: CBOR_BYTES, word: CBOR_BYTES }]),
  ];
  if (unread.length === 0 && named(BUNDLE)) continue;

  test(`${version.name}: a ship of it, rolled back to in a moment, does nothing of what it cannot read, and says so: ${unread.map(({ serial }) => serial).join(', ')}, and bundles${isBrief ? '' : ' and brief headers'}, without a range`, async (t) => {
    const broker = await startBroker(t);
    const client = await startWireClient(broker, t);
    const ship1 = await startStewardNode({ name: 'ship1', broker, command: version.command }, t);
    const message = newMessage({
      ...{ toNode: 'ship1', fromNode: 'central', method: 'REQToFile', directory: 'd', fileName: 'f' },
      data: [Buffer.from('x'.repeat(200))],
    });
    for (const compression of isBrief ? [] : (['', 'z'] as const)) {
      const { payload } = encodeMessage(message, { serialization: 'cbor', compression });
      const usual = { 'Nats-Msg-Id': newId(), 'Steward-Lane': `${compression}epoch/1/1`, serial: 'cbor' };
      const brief = briefHeaders({ ...usual, ...(compression && { cmp: compression }) });
      assert.deepEqual(Object.keys(brief), ['S']);
      const subject = 'ship1.REQToFile.EventACK';
      const { headers: answer } = await client.ask({ subject, payload, headers: brief });
      assert.deepEqual([answer['Steward-Status'], answer['Steward-Range']], ['rejected', undefined]);
    }
    if (!named(BUNDLE)) {
      const { payload } = encodeMessage(message, { serialization: 'cbor', compression: '' });
      const two = [1, 2].map(() => ({ id: newId(), headers: { serial: 'cbor' }, payload }));
      const { headers: answer } = await client.ask({
        ...{ subject: 'ship1.REQToFile.EventACK', payload: packBundle(two) },
        headers: { [HEADER.bundle]: 'bundled/1/1' },
      });
      assert.deepEqual([answer['Steward-Status'], answer['Steward-Range']], ['rejected', undefined]);
    }
    // In its place, so that it comes in another form in a new epoch.
    for (const { serial, word } of unread) {
      const lane = { 'Nats-Msg-Id': newId(), 'Steward-Lane': `${word}/1/1` };
      const { payload } = encodeMessage(message, { serialization: 'cbor', compression: '' });
      const subject = 'ship1.REQToFile.EventACK';
      const usual = { ...lane, serial };
      for (const headers of isBrief && serial === CBOR_BYTES ? [usual, briefHeaders(usual)] : [usual]) {
        const { headers: answer } = await client.ask({ subject, payload, headers });
        assert.deepEqual([answer['Steward-Status'], answer['Steward-Range']], ['rejected', '1-1']);
        assert.ok(!answer['Steward-Knows']?.split(' ').includes(word));
      }
    }
    await assert.rejects(ship1.file('d/central/f'));
    await assert.rejects(ship1.file('d/ship1/f'));
  });
}

/** Sends a fresh node all that a node of a landed version of that name was sent; each is answered as it was then. */
async function replay(
  t: TestContext,
  version: LandedVersion,
  name: string,
): Promise<{ node: StewardNode; taken: number }> {
  const broker = await startBroker(t);
  const client = await startWireClient(broker, t);
  const flags = { startSubREQRelay: name === 'central' };
  const node = await startStewardNode({ name, broker, flags, env: { ...process.env, ...AGELESS } }, t);
  let taken = 0;
  const seen = new Set<string>();
  for (const wire of version.wire.filter((one) => isFor(one, name))) {
    const [id, part] = placeOf(wire);
    const key = `${wire.subject} ${id} ${part}`;
    if (id !== undefined && seen.has(key)) continue;
    seen.add(key);
    if (wire.reply === '') {
      send(client, wire);
      continue;
    }
    const answer = await ask(client, wire);
    assert.equal(answer, isWhole(wire, part) ? 'accepted' : 'part', key);
    taken += 1;
  }
  return { node, taken };
}

/** Which message of its sender it is, and which part of that. */
function placeOf({ subject, reply, headers: given, payload }: LandedWire): (string | undefined)[] {
  const header = (name: string) => given[name];
  const sent = {
    ...{ subject, reply, header },
    payload: Buffer.from(payload, 'base64'),
    noResponders: false,
  };
  return [unfoldMessage(sent).header(HEADER.id), header(HEADER.part)];
}

/** Whether nothing of a message is missing with this part of it. */
function isWhole({ payload }: LandedWire, part = '1/1'): boolean {
  const place = parsePartPlace(part);
  if (place) return place.offset + Buffer.from(payload, 'base64').length === place.total;
  const [index, count] = part.split('/');
  return index === count;
}

function isFor({ subject }: LandedWire, name: string): boolean {
  if (subject.includes('.reply') || subject.includes('Steward.') || OF_THEIR_TIME.test(subject)) return false;
  return subject.startsWith(`${name}.`) || (name === 'central' && subject.startsWith('errorCentral.'));
}

/** Sends a message as it was recorded and returns the status of the answer. */
async function ask(client: WireClient, wire: LandedWire): Promise<string> {
  const reply = createInbox();
  const answers = await client.gather(reply);
  send(client, wire, reply);
  const answer = await waitFor(`an answer to ${wire.subject}`, () => answers[0]);
  return `${answer.headers['Steward-Status']}${answer.headers['Steward-Reason'] ?? ''}`;
}

function send(client: WireClient, wire: LandedWire, reply?: string): void {
  const all = headers();
  for (const [key, value] of Object.entries(wire.headers)) all.set(key, value);
  client.connection.publish(wire.subject, Buffer.from(wire.payload, 'base64'), {
    headers: all,
    ...(reply !== undefined && { reply }),
  });
}
