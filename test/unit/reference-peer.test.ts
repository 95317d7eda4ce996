import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect, headers } from '@nats-io/transport-node';
import { decodeMessage } from '../../src/message/codec/decode-message.ts';
import { encodeMessage } from '../../src/message/codec/encode-message.ts';
import { type Message, newMessage } from '../../src/message/message.ts';
import { startBroker } from '../support/broker.ts';
import { referenceKind, startReferencePeer } from '../support/reference-peer.ts';
import { referenceReply } from '../support/reference-reply.ts';
import { waitFor } from '../support/wait-for.ts';

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));

async function client(t: TestContext, url: string) {
  const connection = await connect({ servers: url });
  t.after(() => connection.close());
  return connection;
}

function echo(text: string, more: Partial<Message> = {}): Message {
  return newMessage({
    toNode: 'ship1',
    fromNode: 'central',
    method: 'REQCliCommand',
    methodArgs: ['/bin/sh', '-c', text],
    replyMethod: 'REQToFile',
    replyRetries: 1,
    replyAckTimeout: 1,
    methodTimeout: 5,
    directory: 'cli',
    fileName: 'out.log',
    ...more,
  });
}

test('the peer answers any reply subject with its text and no headers, and records what it got', async (t) => {
  const broker = await startBroker(t);
  const peer = await startReferencePeer({ node: 'ship1', broker, methods: ['REQToFileAppend'] }, t);
  const connection = await client(t, broker.url);
  const message = newMessage({ toNode: 'ship1', method: 'REQToFileAppend', data: [bytes('one\n')] });
  const { payload } = encodeMessage(message, { serialization: 'cbor', compression: 'z' });
  const wireHeaders = headers();
  for (const [key, value] of [
    ['serial', 'cbor'],
    ['cmp', 'z'],
    ['Nats-Msg-Id', 'id-1'],
  ] as const)
    wireHeaders.set(key, value);
  const answer = await connection.request('ship1.REQToFileAppend.EventACK', payload, {
    timeout: 2000,
    headers: wireHeaders,
  });
  assert.equal(answer.string(), 'confirmed from: ship1: 0');
  assert.equal(answer.headers, undefined);
  assert.equal(peer.received.length, 1);
  assert.deepEqual(peer.messages('REQToFileAppend'), [message]);
  assert.deepEqual(peer.received[0]!.headers, { serial: 'cbor', cmp: 'z', 'Nats-Msg-Id': 'id-1' });
  assert.deepEqual(peer.faults, []);
});

test('an answer can be lost or late, and what cannot be read is a fault of the peer', async (t) => {
  const broker = await startBroker(t);
  const choices = ['lose', { delayMs: 80 }] as const;
  const peer = await startReferencePeer(
    {
      node: 'ship1',
      broker,
      methods: ['REQToFileAppend'],
      ack: () => choices[peer.received.length - 1] ?? 'send',
    },
    t,
  );
  const connection = await client(t, broker.url);
  const { payload } = encodeMessage(newMessage({ toNode: 'ship1', method: 'REQToFileAppend' }), {
    serialization: '',
    compression: '',
  });
  const send = (timeout: number) =>
    connection.request('ship1.REQToFileAppend.EventACK', payload, { timeout });
  await assert.rejects(send(50), /timeout/i);
  const before = performance.now();
  assert.equal((await send(2000)).string(), 'confirmed from: ship1: 0');
  assert.ok(performance.now() - before >= 75);
  connection.publish('ship1.REQToFileAppend.EventACK', 'not a message');
  await waitFor('the fault', () => peer.faults.length === 1);
});

for (const [serialization, compression] of [
  ['gob', ''],
  ['cbor', ''],
  ['cbor', 'z'],
  ['gob', 'g'],
] as const) {
  test(`two peers: a command's output comes back over ${serialization} ${compression || 'plain'}`, async (t) => {
    const broker = await startBroker(t);
    const ship1 = await startReferencePeer({ node: 'ship1', broker, serialization, compression }, t);
    const central = await startReferencePeer({ node: 'central', broker, serialization, compression }, t);
    const published = await central.publish(echo('printf "$0" hello; exit 3'));
    assert.deepEqual(published, { attempts: 1, answer: 'confirmed from: ship1: 0', answerHeaders: {} });
    const reply = await central.waitFor('the reply', ({ message }) => message.isReply);
    assert.equal(Buffer.concat(reply.message.data!).toString(), '/bin/sh');
    assert.equal(reply.subject, 'central.REQToFile.EventACK');
    assert.equal(reply.replySubject, 'central.REQToFile.EventACK.reply');
    const expected = {
      ...(serialization === 'cbor' && { serial: 'cbor' }),
      ...(compression !== '' && { cmp: compression }),
    };
    assert.deepEqual(reply.headers, expected);
    assert.equal(ship1.commands.length, 1);
    assert.equal(ship1.commands[0]!.end?.error, 'exit status 3');
  });
}

test('a command that outlives its time is killed and sends no reply', async (t) => {
  const broker = await startBroker(t);
  const ship1 = await startReferencePeer({ node: 'ship1', broker }, t);
  const central = await startReferencePeer({ node: 'central', broker }, t);
  await central.publish(echo('exec sleep 20', { methodTimeout: 1 }));
  await central.publish(echo('echo next'));
  await central.waitFor('the second reply', ({ message }) => message.data?.[0]?.length === 5);
  const first = await waitFor('the first command to be killed', () => ship1.commands[0]?.end);
  assert.deepEqual([first.timedOut, first.error], [true, 'signal: killed']);
  assert.equal(central.received.length, 1);
});

test('a publisher sends again until its retries are used up, and one message of a subject at a time', async (t) => {
  const broker = await startBroker(t);
  const ship1 = await startReferencePeer(
    {
      node: 'ship1',
      broker,
      methods: ['REQToFileAppend'],
      ack: ({ message }) => (message.fileName === 'a' ? 'lose' : 'send'),
    },
    t,
  );
  const central = await startReferencePeer({ node: 'central', broker, methods: [] }, t);
  const append = (fileName: string) =>
    newMessage({ toNode: 'ship1', method: 'REQToFileAppend', fileName, retries: 3 });
  const [first, second] = await Promise.all([
    central.publish(append('a'), { ackTimeoutMs: 40 }),
    central.publish(append('b'), { ackTimeoutMs: 2000 }),
  ]);
  assert.deepEqual(first, { attempts: 3, answer: undefined, answerHeaders: {} });
  assert.equal(second.attempts, 1);
  assert.deepEqual(
    ship1.messages('REQToFileAppend').map(({ fileName }) => fileName),
    ['a', 'a', 'a', 'b'],
  );
});

test('hello is published without waiting for an answer', async (t) => {
  const broker = await startBroker(t);
  const central = await startReferencePeer({ node: 'central', broker, methods: ['REQHello'] }, t);
  const published = await central.publish(
    newMessage({ toNode: 'central', fromNode: 'ship1', method: 'REQHello' }),
  );
  assert.equal(published.answer, undefined);
  await central.waitFor('the hello', ({ subject }) => subject === 'central.REQHello.EventNACK');
});

interface Vector {
  readonly subject: string;
  readonly headers: { readonly serial?: string[] };
  readonly payloadHex: string;
  readonly message?: { readonly method: string };
}

test('kinds and replies are those of the captured messages', () => {
  const file = join(import.meta.dirname, '../vectors/cbor.json');
  const vectors = (JSON.parse(readFileSync(file, 'utf8')) as Vector[]).filter(
    ({ message }) => message !== undefined,
  );
  const messages = vectors.map(({ payloadHex, subject }) => ({
    subject,
    message: decodeMessage(Buffer.from(payloadHex, 'hex'), { serial: 'cbor', cmp: '', maxBytes: 1_000_000 }),
  }));
  for (const { subject, message } of messages)
    assert.ok(subject.endsWith(`.${referenceKind(message.method)}`), subject);
  const isPlain = ({ message: m }: { message: Message }) =>
    m.isReply &&
    m.previousMessage?.method === 'REQCliCommand' &&
    !m.previousMessage.isReply &&
    m.previousMessage.relayFromNode === '';
  const replies = messages.filter(isPlain);
  assert.ok(replies.length > 3);
  for (const { message } of replies)
    assert.deepEqual(referenceReply(message.previousMessage!, message.data!), message);
});
