import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeMessage } from '../../src/message/codec/decode-message.ts';
import { messageToJson } from '../../src/message/input/message-json.ts';
import { accept } from '../support/accept.ts';
import { startBroker } from '../support/broker.ts';
import { type StewardNode, startStewardNode } from '../support/node.ts';
import { type AckChoice, startReferencePeer } from '../support/reference-peer.ts';
import { vectors } from '../support/vectors.ts';
import { waitFor } from '../support/wait-for.ts';

const NO_REPORTS = 'taken by a node that sends no reports: what became of it there is not known';
/** The JSON keys of the captured messages; these lack `toNodes`, which is null in all of them. */
const WIRE_KEYS = Object.keys(vectors('cbor')[0]!.message);

function command(args: string[], more: object = {}) {
  return { toNode: 'ship', method: 'REQCliCommand', methodArgs: args, ACKTimeout: 1, ...more };
}

function append(line: string, more: object = {}) {
  const target = { directory: 'lines', fileName: 'lines.log' };
  return { toNode: 'ship', method: 'REQToFileAppend', data: [line], ACKTimeout: 1, ...target, ...more };
}

async function ended(node: StewardNode, count: number): Promise<Record<string, unknown>[]> {
  return waitFor(`${count} messages to end`, () => {
    const rows = node.ledger().filter(({ ended_at }) => ended_at !== null);
    return rows.length >= count && rows;
  });
}

for (const serialization of ['gob', 'cbor'] as const) {
  for (const compression of ['', 'z', 'g'] as const) {
    test(`a reference node runs our commands and keeps our order, ${serialization}, compression "${compression}"`, async (t) => {
      const broker = await startBroker(t);
      const name = `central-${serialization}-${compression || 'none'}`;
      const ship = `ship-${serialization}-${compression || 'none'}`;
      const flags = { serialization: serialization === 'gob' ? '' : 'cbor', compression };
      const node = await startStewardNode({ name, central: name, broker, flags }, t);
      const peer = await startReferencePeer({ node: ship, broker, serialization, compression }, t);
      const request = command(['bash', '-c', 'echo "æøå from ship"'], {
        toNode: ship,
        directory: 'out',
        fileName: 'cmd.log',
        methodTimeout: 5,
      });
      const lines = Array.from({ length: 200 }, (_, i) => append(`line ${i}\n`, { toNode: ship }));
      await accept(node, [request, ...lines]);
      assert.equal(
        await node.waitForFile(`out/${ship}/cmd.log`, (text) => text.endsWith('\n')),
        'æøå from ship\n',
      );
      await waitFor('200 appends', () => peer.messages('REQToFileAppend').length === 200);
      assert.deepEqual(
        peer.messages('REQToFileAppend').map(({ data }) => Buffer.from(data![0]!).toString()),
        lines.map(({ data }) => data[0]),
      );
      const [got] = peer.received;
      const wireNames = ['serial', 'cmp'].filter((header) => got!.headers[header] !== undefined);
      assert.deepEqual(wireNames, [
        ...(serialization === 'cbor' ? ['serial'] : []),
        ...(compression ? ['cmp'] : []),
      ]);
      assert.equal(got!.headers.serial ?? 'gob', serialization);
      assert.equal(got!.headers.cmp ?? '', compression);
      const json = JSON.parse(JSON.stringify(messageToJson(got!.message)));
      assert.deepEqual(
        Object.keys(json).filter((key) => key !== 'toNodes'),
        WIRE_KEYS,
      );
      assert.equal(json.id, 0);
      assert.deepEqual(
        { data: json.data, replyMethodArgs: json.replyMethodArgs, PreviousMessage: json.PreviousMessage },
        { data: null, replyMethodArgs: null, PreviousMessage: null },
      );
      const rows = await ended(node, 201);
      const byState = (state: string) => rows.filter((row) => row.state === state);
      assert.equal(byState('succeeded').length, 200);
      assert.deepEqual(
        byState('handed-over').map(({ reason }) => reason),
        [NO_REPORTS],
      );
      assert.deepEqual(peer.faults, []);
      assert.equal(peer.received.length, 201, 'nothing is sent twice');
    });
  }
}

test('cbor from our node is an array of 25, without a length of its own kind, as the reference demands', async (t) => {
  const broker = await startBroker(t);
  const node = await startStewardNode(
    { name: 'c1', central: 'c1', broker, flags: { serialization: 'cbor' } },
    t,
  );
  const peer = await startReferencePeer({ node: 'ship', broker, runsCommands: false }, t);
  await accept(node, [command(['date']), command(['date'], { data: ['x'] })]);
  await waitFor('both', () => peer.received.length === 2);
  for (const { payload } of peer.received) assert.deepEqual([...payload.subarray(0, 2)], [0x98, 25]);
});

test('one message at a time is on its way to a reference node: a lost answer is asked for again, in order', async (t) => {
  const broker = await startBroker(t);
  const node = await startStewardNode({ name: 'c2', central: 'c2', broker }, t);
  const attempts = new Map<string, number>();
  let open = 0;
  let most = 0;
  const ack = ({ message }: { message: { data: Uint8Array[] | null } }): AckChoice => {
    const line = Buffer.from(message.data![0]!).toString();
    const attempt = (attempts.get(line) ?? 0) + 1;
    attempts.set(line, attempt);
    if (attempt === 1) open++;
    most = Math.max(most, open);
    if (line === 'line 2\n' && attempt === 1) return 'lose';
    open--;
    return 'send';
  };
  const peer = await startReferencePeer({ node: 'ship', broker, ack }, t);
  await accept(
    node,
    Array.from({ length: 6 }, (_, i) => append(`line ${i}\n`)),
  );
  await ended(node, 6);
  const seen = peer.received.map(({ message }) =>
    Number(/\d+/.exec(Buffer.from(message.data![0]!).toString())),
  );
  assert.deepEqual(seen, [0, 1, 2, 2, 3, 4, 5]);
  assert.equal(most, 1);
  const [first, second] = peer.received.filter(({ message }) => message.data![0]!.at(5) === 0x32);
  assert.equal(first!.headers['Nats-Msg-Id'], second!.headers['Nats-Msg-Id'], 'the id stays');
  assert.deepEqual(first!.payload, second!.payload);
});

test('an answer that comes after its time counts for its message, and for no other', async (t) => {
  const broker = await startBroker(t);
  const node = await startStewardNode({ name: 'c3', central: 'c3', broker }, t);
  const seen = new Set<string>();
  const ack = ({ message }: { message: { data: Uint8Array[] | null } }): AckChoice => {
    const line = Buffer.from(message.data![0]!).toString();
    const isFirst = !seen.has(line);
    seen.add(line);
    if (line === 'line 0\n') return { delayMs: isFirst ? 1300 : 900 };
    return line === 'line 1\n' && isFirst ? 'lose' : 'send';
  };
  const peer = await startReferencePeer({ node: 'ship', broker, ack }, t);
  await accept(node, [append('line 0\n'), append('line 1\n'), append('line 2\n')]);
  await ended(node, 3);
  // The second answer to line 0 comes while line 1 waits, whose own first answer is lost: it must not pass for it.
  const seqs = peer.received.map(({ message }) => Buffer.from(message.data![0]!).toString().trim());
  assert.deepEqual(seqs, ['line 0', 'line 0', 'line 1', 'line 1', 'line 2']);
});

test('what a reference node is sent is byte for byte what a vector of the same content holds', async (t) => {
  const broker = await startBroker(t);
  for (const file of ['cbor', 'gob'] as const) {
    const captured = vectors(file).find(({ subject }) => subject === 'ship1.REQCliCommand.CommandACK')!;
    const { message } = captured;
    const name = String(message.FromNode);
    const node = await startStewardNode(
      { name, central: name, broker, flags: { serialization: file === 'gob' ? '' : 'cbor' } },
      t,
    );
    const peer = await startReferencePeer({ node: 'ship1', broker, runsCommands: false }, t);
    const { id: _, isReply: __, FromNode: ___, PreviousMessage: ____, ...fields } = message;
    await accept(node, [Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null))]);
    const got = await peer.waitFor('the command', () => true);
    assert.equal(Buffer.from(got.payload).toString('hex'), Buffer.from(captured.payload).toString('hex'));
    assert.deepEqual(
      decodeMessage(got.payload, { serial: got.headers.serial ?? '', cmp: '', maxBytes: 1e6 }),
      got.message,
    );
    await node.stop();
    await peer[Symbol.asyncDispose]();
  }
});
