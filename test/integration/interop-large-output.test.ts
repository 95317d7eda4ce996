import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { newMessage } from '../../src/message/message.ts';
import { accept } from '../support/accept.ts';
import { startBroker } from '../support/broker.ts';
import { startStewardNode } from '../support/node.ts';
import { type ReferencePeer, startReferencePeer } from '../support/reference-peer.ts';
import { waitFor } from '../support/wait-for.ts';

const BINARY = ['bash', '-c', "printf '\\x00\\xff\\xfe\\x80bytes\\x0a\\xc3'"];
const BINARY_BYTES = Buffer.from('00fffe8062797465730ac3', 'hex');

function command(args: string[], more: object = {}) {
  const fields = { toNode: 'ship1', fromNode: 'central', method: 'REQCliCommand', methodArgs: args };
  return newMessage({ ...fields, ackTimeout: 2, methodTimeout: 10, directory: 'd', fileName: 'f', ...more });
}

function output(peer: ReferencePeer): Buffer {
  return Buffer.concat(peer.messages('REQToFileAppend').flatMap(({ data }) => data ?? []));
}

for (const serialization of ['gob', 'cbor'] as const) {
  test(`fault 2: 2 MB of output reach a reference node whole, in pieces that its broker takes, ${serialization}`, async (t) => {
    const broker = await startBroker(t);
    const flags = { serialization: serialization === 'gob' ? '' : 'cbor' };
    await startStewardNode({ name: 'ship1', broker, flags }, t);
    const central = await startReferencePeer({ node: 'central', broker, serialization }, t);
    await central.publish(command(['bash', '-c', 'seq 1 300000']));
    const wanted = Buffer.from(Array.from({ length: 300_000 }, (_, i) => `${i + 1}\n`).join(''));
    await waitFor('the whole output', () => output(central).length >= wanted.length);
    assert.ok(output(central).equals(wanted), 'byte for byte, in order');
    const replies = central.received.filter(({ message }) => message.method === 'REQToFileAppend');
    assert.ok(replies.length >= 2);
    for (const { payload, headers } of replies) {
      assert.ok(payload.length < 1024 * 1024 - 2048);
      assert.equal(headers['Steward-Part'], undefined, 'no reference node can put parts together');
    }
    assert.deepEqual(central.faults, []);
  });
}

test('pieces are smaller where the broker takes less', async (t) => {
  const broker = await startBroker(t, { config: 'max_payload: 65536' });
  await startStewardNode({ name: 'ship1', broker }, t);
  const central = await startReferencePeer({ node: 'central', broker }, t);
  await central.publish(command(['bash', '-c', 'head -c 300000 /dev/zero | tr "\\0" x']));
  await waitFor('the whole output', () => output(central).length === 300_000);
  assert.deepEqual(central.faults, []);
});

test('2 MB and a binary output of a reference ship are written whole by our central node', async (t) => {
  const broker = await startBroker(t, { config: 'max_payload: 8MB' });
  const central = await startStewardNode({ name: 'central', broker }, t);
  await startReferencePeer({ node: 'ship1', broker }, t);
  const place = { directory: 'd', ACKTimeout: 5, methodTimeout: 10 };
  await accept(central, [
    { toNode: 'ship1', method: 'REQCliCommand', methodArgs: ['seq', '300000'], fileName: 'seq', ...place },
    { toNode: 'ship1', method: 'REQCliCommand', methodArgs: BINARY, fileName: 'binary', ...place },
  ]);
  await central.waitForFile('d/ship1/seq', (text) => text.endsWith('\n300000\n'));
  await waitFor('the bytes', async () =>
    BINARY_BYTES.equals(await readFile(join(central.dataFolder, 'd/ship1/binary'))),
  );
});

test('output that is no text reaches a reference node as gob, although cbor is configured', async (t) => {
  const broker = await startBroker(t);
  await startStewardNode({ name: 'ship1', broker, flags: { serialization: 'cbor' } }, t);
  const central = await startReferencePeer({ node: 'central', broker, serialization: 'cbor' }, t);
  await central.publish(command(BINARY));
  await central.publish(command(['echo', 'text']));
  await waitFor('both replies', () => central.messages('REQToFileAppend').length === 2);
  const [binary, text] = central.received;
  assert.equal(binary!.headers.serial, undefined);
  assert.deepEqual(Buffer.from(binary!.message.data![0]!), BINARY_BYTES);
  assert.equal(text!.headers.serial, 'cbor');
});

test('binary output between our own nodes arrives byte for byte', async (t) => {
  const broker = await startBroker(t);
  const flags = { serialization: 'cbor', compression: 'z' };
  const central = await startStewardNode({ name: 'central', broker, flags }, t);
  await startStewardNode({ name: 'ship1', broker, flags }, t);
  const random = 'head -c 2000000 /dev/urandom | tee copy | sha256sum > sum; cat copy';
  const command = { toNode: 'ship1', method: 'REQCliCommand', directory: 'd', methodTimeout: 20 };
  await accept(central, [{ ...command, methodArgs: ['bash', '-c', random], fileName: 'f' }]);
  const bytes = await waitFor('2 MB', async () => {
    const got = await readFile(join(central.dataFolder, 'd/ship1/f'));
    return got.length === 2_000_000 && got;
  });
  await accept(central, [{ ...command, methodArgs: ['cat', 'sum'], fileName: 'sum' }]);
  const sum = await central.waitForFile('d/ship1/sum', (text) => text.endsWith('\n'));
  assert.equal(createHash('sha256').update(bytes).digest('hex'), sum.slice(0, 64));
});

/** What zstd makes no smaller than the broker takes. */
const DENSE = randomBytes(75_000).toString('base64');

test('a message too large for the broker is rejected where a reference node should get it, and its lane goes on', async (t) => {
  const broker = await startBroker(t, { config: 'max_payload: 32768' });
  const central = await startStewardNode({ name: 'central', broker }, t);
  const peer = await startReferencePeer({ node: 'ship1', broker }, t);
  const append = (data: string, fileName: string) => {
    return {
      toNode: 'ship1',
      method: 'REQToFileAppend',
      data: [data],
      directory: 'd',
      fileName,
      ACKTimeout: 1,
    };
  };
  const ids = await accept(central, [
    append('before', 'small'),
    append(DENSE, 'large'),
    append('after', 'small'),
  ]);
  await waitFor('the message after', () => output(peer).toString() === 'beforeafter');
  const large = await waitFor('its end', () =>
    central.ledger().find(({ id, ended_at }) => id === ids[1] && ended_at !== null),
  );
  assert.equal(large.state, 'rejected');
  assert.match(
    String(large.reason),
    /100\d+ bytes are more than the broker takes at once \(32768\), and ship1/,
  );
  assert.deepEqual(peer.faults, [], 'no piece of it was sent, as the node is known for a reference node');
});

test('a large message that comes first is rejected as well, and is never taken for delivered', async (t) => {
  const broker = await startBroker(t, { config: 'max_payload: 32768' });
  const central = await startStewardNode({ name: 'central', broker }, t);
  const peer = await startReferencePeer({ node: 'ship1', broker, ack: () => 'send' }, t);
  const large = { toNode: 'ship1', method: 'REQToFileAppend', data: [DENSE], ACKTimeout: 1 };
  const [first, second] = await accept(central, [
    { ...large, directory: 'd', fileName: 'large' },
    { ...large, data: ['after'], directory: 'd', fileName: 'small' },
  ]);
  await waitFor('the message after', () => output(peer).toString() === 'after', { timeoutMs: 15_000 });
  const state = (id: string) => central.ledger().find((row) => row.id === id)?.state;
  await waitFor('the first to end', () => state(first!) === 'rejected');
  await waitFor('the second to end', () => state(second!) === 'succeeded');
});

test('what is too large for an original node of which nothing is known is refused without a part that it would log', async (t) => {
  const broker = await startBroker(t);
  const peer = await startReferencePeer(
    { node: 'ship1', broker, methods: ['REQToFileAppend', 'REQPing'] },
    t,
  );
  const central = await startStewardNode({ name: 'central', broker }, t);
  const append = { toNode: 'ship1', method: 'REQToFileAppend', directory: 'd', fileName: 'f' };
  const [id] = await accept(central, [{ ...append, data: [randomBytes(1_500_000).toString('base64')] }]);
  const row = await waitFor('its end', () =>
    central.ledger().find((one) => one.id === id && one.ended_at !== null),
  );
  assert.match(String(row.reason), /bytes are more than the broker takes at once/);
  assert.deepEqual(peer.messages('REQToFileAppend'), []);
  assert.deepEqual(peer.faults, []);
});
