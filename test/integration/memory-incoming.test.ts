import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import { encodeMessage } from '../../src/message/codec/encode-message.ts';
import { newMessage } from '../../src/message/message.ts';
import { startBroker } from '../support/broker.ts';
import type { TestScope } from '../support/dispose-after.ts';
import { Inspector, inspectedCommand } from '../support/inspector.ts';
import { type StewardNode, startStewardNode } from '../support/node.ts';
import { waitFor } from '../support/wait-for.ts';
import { startWireClient, type Wire, type WireClient } from '../support/wire-client.ts';

const MB = 1024 * 1024;
/** What others may make a node use above what it used before: when it has worked that off, and at any moment. */
const ALLOWED_BYTES = 50 * MB;
/** Buffers of 0.8 MB leave holes that the allocator keeps, which do not grow with the number of hellos. */
const ALLOWED_HELLO_BYTES = 100 * MB;
const ALLOWED_PEAK_BYTES = 100 * MB;
const APPEND = 'ship1.REQToFileAppend.EventACK';
const PLACE = { toNode: 'ship1', fromNode: 'tester', directory: 'd', fileName: 'f' };

/** What a sender may do to a node's memory; each is answered by the node, which lives on. */
const FLOODS: Readonly<Record<string, (client: WireClient, ship: StewardNode) => Promise<unknown>>> = {
  '6 messages of 2 kB that become 64 MB': async (client) => {
    const payload = zstdCompressSync(appendOf([Buffer.alloc(64 * MB - 1000)]));
    for (let at = 0; at < 6; at++)
      client.send({ subject: APPEND, payload, lane: `bomb${at}/1/1`, headers: { serial: 'cbor', cmp: 'z' } });
    await client.connection.flush();
  },
  '12 such messages that are none': async (client) => {
    const payload = zstdCompressSync(Buffer.alloc(64 * MB - 1000));
    for (let at = 0; at < 12; at++)
      client.send({ subject: APPEND, payload, lane: `bomb${at}/1/1`, headers: { serial: 'cbor', cmp: 'z' } });
    await client.connection.flush();
  },
  '8 messages of 6 kB with a name or an argument of 60 MB': async (client) => {
    const text = 'x'.repeat(60 * MB);
    const bombs = [{ toNode: text }, { fileName: text }, { methodArgs: [text] }, { directory: text }];
    for (const serialization of ['cbor', 'gob'] as const)
      for (const [at, bomb] of bombs.entries()) {
        const message = newMessage({ ...PLACE, method: 'REQToFileAppend', ...bomb });
        const { payload, serial } = encodeMessage(message, { serialization, compression: 'z' });
        const headers: Record<string, string> = { cmp: 'z', ...(serial && { serial }) };
        client.send({ subject: APPEND, payload, lane: `name${serialization}${at}/1/1`, headers });
      }
    await client.connection.flush();
  },
  '8 commands of 3 kB with 30 MB of data, which go on, and end': async (client, ship) => {
    // As it runs on, all that is large of its message is let go of, and read again as it ends.
    const methodArgs = ['bash', '-c', 'exec sleep 2', 'x'.repeat(10_000)];
    const fields = { methodArgs, data: [Buffer.alloc(30 * MB)], replyMethod: 'REQNone' };
    const message = newMessage({ toNode: 'ship1', fromNode: 'tester', method: 'REQCliCommand', ...fields });
    const { payload } = encodeMessage(message, { serialization: 'cbor', compression: 'z' });
    const subject = 'ship1.REQCliCommand.CommandACK';
    for (let at = 0; at < 8; at++)
      client.send({ subject, payload, lane: `runs${at}/1/1`, headers: { serial: 'cbor', cmp: 'z' } });
    const ended = 'SELECT count(*) AS n FROM journal WHERE subject = ? AND ended_at IS NOT NULL';
    await waitFor('the commands to end', () => ship.query(ended, subject)[0]!.n === 8, {
      timeoutMs: 60_000,
    });
  },
  '10 messages of 84 bytes with 262,000 empty list items': async (client) => {
    const payload = zstdCompressSync(appendOf(Array.from({ length: 262_000 }, () => Buffer.alloc(0))));
    for (let at = 0; at < 10; at++)
      client.send({
        subject: APPEND,
        payload,
        lane: `items${at}/1/1`,
        headers: { serial: 'cbor', cmp: 'z' },
      });
    await client.connection.flush();
  },
  '30,000 epochs that nobody has seen': async (client) => {
    const payload = appendOf([Buffer.from('x')]);
    for (let at = 0; at < 30_000; at++) {
      client.send({ subject: APPEND, payload, lane: `epoch${at}/1/1`, headers: { serial: 'cbor' } });
      if (at % 1000 === 0) await client.connection.flush();
    }
    await client.connection.flush();
  },
  '150,000 empty pieces of one message': async (client) => {
    for (let at = 1; at < 150_000; at++) {
      const headers = { serial: 'cbor', 'Steward-Part': `${at}/150000` };
      client.send({ subject: APPEND, payload: '', id: 'pieces', lane: 'pieces/1/1', headers });
      if (at % 5000 === 0) await client.connection.flush();
    }
  },
  '250 hellos with headers of 800 kB': async (client) => {
    const about = JSON.stringify({ version: '1', labels: { large: 'x'.repeat(800_000) } });
    for (let at = 0; at < 250; at++) {
      const message = newMessage({ toNode: 'ship1', fromNode: `made-up-${at}`, method: 'REQHello' });
      client.send({ message, headers: { 'Steward-Hello': about } });
      if (at % 5 === 0) await client.connection.flush();
    }
    await client.connection.flush();
  },
  '3,000 pings of made-up nodes': async (client) => {
    for (let at = 0; at < 3000; at++) {
      const message = newMessage({ toNode: 'ship1', fromNode: `pinging-${at}`, method: 'REQPing' });
      client.send({ message, lane: `ping${at}/1/1`, reply: 'nobody.listens' });
      if (at % 500 === 0) await client.connection.flush();
    }
    await client.connection.flush();
  },
};

test('floods do not fill the memory of a node', async (t) => {
  let { ship, client, idle } = await start(t);
  for (const [name, flood] of Object.entries(FLOODS)) {
    // Its large buffers take the holes that earlier floods left, or do not: one node differs from the next.
    if (name.includes('hellos')) ({ ship, client, idle } = await start(t));
    // The peak is measured from now on.
    await writeFile(`/proc/${ship.pid}/clear_refs`, '5');
    await flood(client, ship);
    // What is sent last is taken last.
    const last = newMessage({
      ...PLACE,
      method: 'REQToFile',
      fileName: 'last',
      data: [Buffer.from('there')],
    });
    const lane = `${name}/1/1`.replaceAll(' ', '');
    const isTaken = async () => /accepted|duplicate/.test(status(await client.ask({ message: last, lane })));
    await waitFor('an answer', isTaken, { timeoutMs: 60_000 });
    const after = await memoryAtRest(ship);
    const peak = await ship.peakRssBytes();
    const text = `${name}: idle ${mb(idle)} MB, then ${mb(after)} MB, peak ${mb(peak)} MB`;
    t.diagnostic(text);
    const allowed = name.includes('hellos') ? ALLOWED_HELLO_BYTES : ALLOWED_BYTES;
    assert.ok(after < idle + allowed && peak < idle + ALLOWED_PEAK_BYTES, text);
    idle = after;
  }
});

async function start(t: TestScope) {
  const broker = await startBroker(t, { config: 'max_payload: 1MB' });
  const ship = await startStewardNode({ name: 'ship1', broker, command: inspectedCommand() }, t);
  const client = await startWireClient(broker, t);
  // What the first messages make the node load is no part of what a flood costs.
  const payload = appendOf([Buffer.from('x')]);
  for (let at = 1; at <= 2000; at++)
    client.send({ subject: APPEND, payload, lane: `warm/${at}/1`, headers: { serial: 'cbor' } });
  await waitFor('the first messages', async () => (await ship.file('d/ship1/f')).length === 2000);
  return { ship, client, idle: await memoryAtRest(ship) };
}

/** What a node uses when it has worked off what it was sent, bytes: the least of what is seen once it is at rest. */
async function memoryAtRest(ship: StewardNode): Promise<number> {
  await using inspector = await Inspector.attach(ship);
  let least = Number.POSITIVE_INFINITY;
  let looksWithoutLess = 0;
  const look = async () => {
    await inspector.collectGarbage();
    const now = await ship.rssBytes();
    looksWithoutLess = now > least - MB ? looksWithoutLess + 1 : 0;
    least = Math.min(least, now);
    return looksWithoutLess >= 4;
  };
  await waitFor('the node to be at rest', look, { timeoutMs: 90_000, intervalMs: 200 });
  return least;
}

function status({ headers }: Wire): string {
  return headers['Steward-Status'] ?? '';
}

function appendOf(data: Uint8Array[]): Uint8Array {
  const message = newMessage({ ...PLACE, method: 'REQToFileAppend', data });
  return encodeMessage(message, { serialization: 'cbor', compression: '' }).payload;
}

function mb(bytes: number): string {
  return (bytes / MB).toFixed(0);
}
