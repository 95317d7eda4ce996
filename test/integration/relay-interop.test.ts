import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeMessage } from '../../src/message/codec/decode-message.ts';
import { type Message, newMessage } from '../../src/message/message.ts';
import { errorLog, sentOn, startFleet, submitAll, waitForEnd } from '../support/fleet.ts';
import { type ReferencePeer, startReferencePeer } from '../support/reference-peer.ts';
import { RESULT, relayed, startRelayFleet } from '../support/relay-fleet.ts';
import { type Vector, vectors } from '../support/vectors.ts';
import { waitFor } from '../support/wait-for.ts';
import { startWireClient } from '../support/wire-client.ts';

const CBOR = { serialization: 'cbor' };
const FILES = ['REQToFile', 'REQToFileAppend'];

/** The captured message of a relay that travelled on this subject. */
function captured(subject: string): { vector: Vector; message: Message } {
  const vector = vectors('cbor').find((one) => {
    const previous = one.message.PreviousMessage as { relayFromNode?: string } | null;
    return one.subject === subject && (one.message.relayFromNode || previous?.relayFromNode);
  })!;
  const { payload, serial, cmp } = vector;
  return { vector, message: decodeMessage(payload, { serial, cmp, maxBytes: 100_000 }) };
}

/** The submission that the captured messages came of. */
const SUBMITTED = relayed('echo relayed', {
  relayReplyMethod: 'REQToFile',
  ACKTimeout: 3,
  retries: 2,
  methodTimeout: 4,
});

async function only(peer: ReferencePeer, method: string): Promise<Message> {
  const { message } = await peer.waitFor(`a ${method}`, (received) => received.message.method === method);
  return message;
}

test('a reference node as origin: its REQRelay is carried out, and the copy is that of the captured nodes', async (t) => {
  const { broker, central } = await startRelayFleet(t, {
    nodes: ['central', 'ship2'],
    flags: { central: CBOR, ship2: CBOR },
  });
  const ship1 = await startReferencePeer({ node: 'ship1', broker, methods: FILES }, t);
  const published = await ship1.publish(captured('ship2.central.REQRelay.EventACK').message);
  assert.deepEqual([published.attempts, published.answer], [1, 'confirmed from: central: 0']);
  assert.deepEqual(await only(ship1, 'REQToFile'), captured('ship1.REQToFile.EventACK').message);
  await central.waitForFile(RESULT, (text) => text === 'relayed\n');
  assert.deepEqual(ship1.faults, []);
});

test('a reference node that relays: it gets the captured message, and what it sends back is taken', async (t) => {
  const { broker, ship1 } = await startRelayFleet(t, {
    nodes: ['ship1', 'ship2'],
    flags: { ship1: CBOR, ship2: CBOR },
  });
  const relay = await startReferencePeer({ node: '*.central', broker, methods: ['REQRelay'] }, t);
  const central = await startReferencePeer({ node: 'central', broker, methods: FILES }, t);
  const [id] = await submitAll(ship1, SUBMITTED);
  const asked = await only(relay, 'REQRelay');
  assert.deepEqual(asked, captured('ship2.central.REQRelay.EventACK').message);
  await central.publish({
    ...asked,
    toNode: 'ship2',
    method: asked.relayOriginalMethod,
    fromNode: 'central',
  });
  const reply = await only(central, 'REQToFileAppend');
  assert.deepEqual(reply, captured('central.REQToFileAppend.EventACK').message);
  const previousMessage = { ...reply.previousMessage!, relayOriginalViaNode: '' };
  await central.publish({ ...reply, toNode: 'ship1', method: 'REQToFile', previousMessage });
  await ship1.waitForFile(RESULT, (text) => text === 'relayed\n');
  const row = await waitForEnd(ship1, id!);
  assert.equal(row.state, 'handed-over');
  assert.match(String(row.reason), /a node that sends no reports/);
});

test('a reference node as target: it gets the captured request, and its reply is on both nodes', async (t) => {
  const { broker, ship1, central } = await startRelayFleet(t, {
    nodes: ['ship1', 'central'],
    flags: { ship1: CBOR, central: CBOR },
  });
  for (const serialization of ['cbor', 'gob'] as const) {
    const peer = await startReferencePeer({ node: 'ship2', broker, serialization }, t);
    const [id] = await submitAll(ship1, { ...SUBMITTED, fileName: `${serialization}.log` });
    const wanted = captured('ship2.REQCliCommand.CommandACK').message;
    const got = await only(peer, 'REQCliCommand');
    assert.deepEqual(got, { ...wanted, fileName: `${serialization}.log` });
    for (const node of [ship1, central])
      await node.waitForFile(`relay/ship2/${serialization}.log`, (text) => text === 'relayed\n');
    const row = await waitForEnd(ship1, id!);
    assert.equal(row.state, 'handed-over');
    assert.match(String(row.reason), /a node that sends no reports/);
    assert.deepEqual(peer.faults, []);
    await peer[Symbol.asyncDispose]();
  }
});

test('a reply that asks for what was never relayed is handled here, and sent nowhere', async (t) => {
  const { broker, central, ship1 } = await startFleet(t);
  const client = await startWireClient(broker, t);
  const reply = captured('central.REQToFileAppend.EventACK').message;
  const previousMessage = {
    ...reply.previousMessage!,
    relayReplyMethod: 'REQCliCommand',
    replyMethodArgs: ['touch', 'hacked'],
  };
  const forged = newMessage({ ...reply, previousMessage });
  const answer = await client.ask({ message: forged, lane: 'a/1/1' });
  assert.equal(answer.headers['Steward-Status'], 'accepted');
  await central.waitForFile(RESULT, (text) => text === 'relayed\n');
  await waitFor('a report', async () =>
    (await errorLog(central)).includes('no request of that kind was relayed'),
  );
  assert.deepEqual(sentOn(central, 'ship1.REQCliCommand.CommandACK'), []);
  assert.deepEqual(ship1.query('SELECT * FROM journal'), []);
});
