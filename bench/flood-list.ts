import { randomBytes, randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { zstdCompressSync } from 'node:zlib';
import type { MsgHdrs } from '@nats-io/transport-node';
import { encodeMessage } from '../src/message/codec/encode-message.ts';
import { type Message, newMessage } from '../src/message/message.ts';
import { kindOf } from '../src/message/subject.ts';
import type { WireClient } from '../test/support/wire-client.ts';

const MB = 1024 * 1024;
const APPEND = 'ship1.REQToFileAppend.EventACK';
/** Nobody listens there: to answer costs a node the same. */
export const NOWHERE = 'nobody.listens';

/** What hostile or made-up senders send to the node ship1. */
export type Flood = (client: WireClient, ways: Ways) => Promise<unknown>;

/** Where its listeners are: ports, and the path of its socket. */
export type Ways = Readonly<Record<'tcp' | 'http' | 'api' | 'web' | 'socket', number | string>>;

/** Sends `count` messages, as fast as the broker takes them. */
export async function many(client: WireClient, count: number, send: (at: number) => void, atOnce = 500) {
  for (let at = 0; at < count; at++) {
    send(at);
    if (at % atOnce === 0) await client.connection.flush();
  }
  await client.connection.flush();
}

/** Messages of as many made-up senders, each in a lane of its own. */
export function ofMadeUp(
  count: number,
  fields: Partial<Message>,
  more: {
    readonly atOnce?: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly isPacked?: boolean;
    /** How many senders there are; as many as messages unless told. */
    readonly senders?: number;
  } = {},
): Flood {
  const { atOnce, senders = count } = more;
  return (client) =>
    many(
      client,
      count,
      (at) => {
        const message = newMessage({ toNode: 'ship1', fromNode: `made-up-${at % senders}`, ...fields });
        const lane = `${fields.method}${at}/1/1`;
        if (!more.isPacked)
          return client.send({ message, lane, reply: NOWHERE, headers: more.headers ?? {} });
        const { payload, serial } = encodeMessage(message, { serialization: 'cbor', compression: 'z' });
        const headers = { cmp: 'z', serial, ...more.headers };
        client.send({
          subject: `${message.toNode}.${message.method}.${kindOf(message.method)}`,
          payload,
          lane,
          reply: NOWHERE,
          headers,
        });
      },
      atOnce,
    );
}

function bombs(count: number, whole: Uint8Array): Flood {
  const payload = zstdCompressSync(whole);
  const headers = { serial: 'cbor', cmp: 'z' };
  return (client) =>
    many(client, count, (at) => client.send({ subject: APPEND, payload, lane: `bomb${at}/1/1`, headers }));
}

/** The same message in 60,000 lanes. */
function inLanes(laneOf: (at: number) => string): Flood {
  const payload = appendOf([Buffer.from('x')]);
  const headers = { serial: 'cbor' };
  return (client) =>
    many(client, 60_000, (at) =>
      client.send({ subject: APPEND, payload, lane: laneOf(at), headers, reply: NOWHERE }),
    );
}

function appendOf(data: Uint8Array[]): Uint8Array {
  const place = { toNode: 'ship1', fromNode: 'tester', directory: 'd', fileName: 'f' };
  const message = newMessage({ ...place, method: 'REQToFileAppend', data });
  return encodeMessage(message, { serialization: 'cbor', compression: '' }).payload;
}

const KB20 = Buffer.alloc(20_000, 'x').toString();
const REPLY = { replyMethod: 'REQToFileAppend', directory: 'd', fileName: 'f', methodTimeout: 600 };
const TRUE = { method: 'REQCliCommand', methodArgs: ['true', KB20], ...REPLY };
const SLEEP = { method: 'REQCliCommand', methodArgs: ['bash', '-c', 'exec sleep 600', KB20], ...REPLY };
const HOURLY = { 'Steward-Schedule': '[3600,86400]' };

/** Opens connections, says something on each, and leaves them open. */
function held(count: number, placeOf: (ways: Ways) => number | string, greeting: string): Flood {
  return async (_, ways) => {
    const place = placeOf(ways);
    for (let at = 0; at < count; at++) {
      const socket = connect(
        typeof place === 'string' ? { path: place } : { host: '127.0.0.1', port: place },
      );
      socket.on('error', () => {});
      socket.write(greeting);
      if (at % 50 === 0) await pause(20);
    }
  };
}

/** By name. Where it matters that messages are large they have 10 or 20 kB: what is larger travels in pieces. */
export const FLOODS: Readonly<Record<string, Flood>> = {
  pings: ofMadeUp(21_000, { method: 'REQPing' }),
  hellos10k: (client) => {
    const about = JSON.stringify({ version: '1', labels: { large: 'x'.repeat(10_000) } });
    return many(client, 30_000, (at) => {
      const message = newMessage({ toNode: 'ship1', fromNode: `made-up-${at}`, method: 'REQHello' });
      client.send({ message, headers: { 'Steward-Hello': about } });
    });
  },
  hellos800k: (client) => {
    const about = JSON.stringify({ version: '1', labels: { large: 'x'.repeat(800_000) } });
    const send = (at: number) => {
      const message = newMessage({ toNode: 'ship1', fromNode: `made-up-${at}`, method: 'REQHello' });
      client.send({ message, headers: { 'Steward-Hello': about } });
    };
    return many(client, 250, send, 5);
  },
  commandsShort: ofMadeUp(3000, TRUE, { atOnce: 100 }),
  commandsLong: ofMadeUp(3000, SLEEP, { atOnce: 100 }),
  commandsOneSender: ofMadeUp(3000, TRUE, { atOnce: 100, senders: 1 }),
  commandsHuge: ofMadeUp(
    30,
    { ...SLEEP, methodArgs: ['bash', '-c', 'exec sleep 600'], data: [Buffer.alloc(30 * MB, 'y')] },
    { isPacked: true, atOnce: 1 },
  ),
  commandsCont: ofMadeUp(3000, { ...SLEEP, method: 'REQCliCommandCont' }, { atOnce: 100 }),
  schedules: ofMadeUp(20_000, { ...TRUE, methodArgs: ['true'] }, { headers: HOURLY }),
  schedules20k: ofMadeUp(5000, TRUE, { headers: HOURLY, atOnce: 100 }),
  schedulesOneSender: ofMadeUp(20_000, { ...TRUE, methodArgs: ['true'] }, { headers: HOURLY, senders: 1 }),
  tails: ofMadeUp(5000, { method: 'REQTailFile', methodArgs: ['/etc/hostname'], ...REPLY }),
  tailsMissing: ofMadeUp(5000, { method: 'REQTailFile', methodArgs: ['/nowhere/x'], ...REPLY }),
  cancels: (client) =>
    many(client, 10_000, (at) => {
      const ids = Array.from({ length: 20 }, () => randomUUID());
      const message = newMessage({
        toNode: 'ship1',
        fromNode: `made-up-${at}`,
        method: 'REQCancel',
        methodArgs: ids,
      });
      client.send({ message, lane: `cancel${at}/1/1`, reply: NOWHERE });
    }),
  reports: (client) =>
    many(client, 20_000, (at) => {
      const ends = Array.from({ length: 20 }, () => ({ id: randomUUID(), state: 'running', acceptedAt: 1 }));
      const data = [Buffer.from(JSON.stringify({ ends }))];
      const message = newMessage({ toNode: 'ship1', fromNode: `made-up-${at}`, method: 'REQReport', data });
      client.send({ message, lane: `report${at}/1/1`, reply: NOWHERE });
    }),
  replies: (client) =>
    many(
      client,
      10_000,
      (at) => {
        const fields = {
          toNode: 'ship1',
          fromNode: `made-up-${at}`,
          method: 'REQToFileAppend',
          isReply: true,
        };
        const message = newMessage({
          ...fields,
          directory: 'd',
          fileName: `f${at}`,
          data: [Buffer.alloc(10_000, 'z')],
        });
        client.send({
          message,
          lane: `reply${at}/1/1`,
          reply: NOWHERE,
          headers: { 'Steward-Re': randomUUID() },
        });
      },
      100,
    ),
  appendsToManyFiles: (client) =>
    many(
      client,
      10_000,
      (at) => {
        const fields = { toNode: 'ship1', fromNode: `made-up-${at}`, method: 'REQToFileAppend' };
        const message = newMessage({
          ...fields,
          directory: 'd',
          fileName: `f${at}`,
          data: [Buffer.alloc(10_000, 'z')],
        });
        client.send({ message, lane: `append${at}/1/1`, reply: NOWHERE });
      },
      100,
    ),
  copiesFrom: ofMadeUp(3000, {
    method: 'REQCopyFileFrom',
    methodArgs: ['/usr/bin/bash', 'made-up', '/nowhere/x'],
    ...REPLY,
  }),
  copiesTo: (client) =>
    many(
      client,
      3000,
      (at) => {
        const fields = { toNode: 'ship1', fromNode: `made-up-${at}`, method: 'REQCopyFileTo' };
        const methodArgs = ['x', 'ship1', `/tmp/flood-copy-${process.pid}`];
        const message = newMessage({ ...fields, methodArgs, data: [Buffer.alloc(20_000, 'z')], ...REPLY });
        client.send({ message, lane: `copy${at}/1/1`, reply: NOWHERE });
      },
      100,
    ),
  httpGets: ofMadeUp(3000, { method: 'REQHttpGet', methodArgs: ['http://127.0.0.1:1/'], ...REPLY }),
  relays: ofMadeUp(
    5000,
    {
      method: 'REQRelay',
      relayViaNode: 'ship1',
      relayToNode: 'other',
      relayOriginalMethod: 'REQCliCommand',
      methodArgs: ['true', KB20],
    },
    { atOnce: 100 },
  ),
  errors: ofMadeUp(20_000, {
    method: 'REQErrorLog',
    data: [Buffer.alloc(5000, 'e')],
    directory: 'errorLog',
    fileName: 'error.log',
  }),
  refused: ofMadeUp(
    10_000,
    { method: 'REQCliCommand', methodArgs: ['true', KB20], toNode: 'ship1', fromNode: 'a b' },
    { atOnce: 100 },
  ),
  garbage: (client) =>
    many(client, 30_000, (at) =>
      client.send({
        subject: APPEND,
        payload: randomBytes(2000),
        lane: `garbage${at}/1/1`,
        reply: NOWHERE,
        headers: { serial: at % 2 ? 'cbor' : '' },
      }),
    ),
  bombs: bombs(6, appendOf([Buffer.alloc(64 * MB - 1000)])),
  bombsManySmall: bombs(300, appendOf([Buffer.alloc(4 * MB)])),
  bombsOfNothing: bombs(12, Buffer.alloc(64 * MB - 1000)),
  lists: bombs(10, appendOf(Array.from({ length: 262_000 }, () => Buffer.alloc(0)))),
  listsCommands: ofMadeUp(
    20,
    {
      ...SLEEP,
      methodArgs: ['bash', '-c', 'exec sleep 600'],
      data: Array.from({ length: 262_000 }, () => Buffer.alloc(0)),
    },
    { isPacked: true, atOnce: 1 },
  ),
  epochs: inLanes((at) => `epoch${at}/1/1`),
  gaps: inLanes((at) => `gap${at}/7/1`),
  pieces: (client) =>
    many(client, 149_999, (at) => {
      const headers = { serial: 'cbor', 'Steward-Part': `${at + 1}/150000` };
      client.send({ subject: APPEND, payload: '', id: 'pieces', lane: 'pieces/1/1', headers });
    }),
  unfinished: (client) =>
    many(
      client,
      2000,
      (at) => {
        const headers = { serial: 'cbor', 'Steward-Part': `1/3` };
        client.send({
          subject: APPEND,
          payload: Buffer.alloc(100_000),
          lane: `unfinished${at}/1/1`,
          headers,
          reply: NOWHERE,
        });
      },
      50,
    ),
  unfinishedNew: (client) =>
    many(
      client,
      2000,
      (at) => {
        const headers = { serial: 'cbor', 'Steward-Part': `@0/1000000/abcdef12` };
        client.send({
          subject: APPEND,
          payload: Buffer.alloc(100_000),
          lane: `unfinished${at}/1/1`,
          headers,
          reply: NOWHERE,
        });
      },
      50,
    ),
  queues: (client) =>
    many(client, 20_000, (at) => {
      const fields = { toNode: 'ship1', fromNode: `made-up-${at % 4000}`, method: 'REQCliCommand' };
      const message = newMessage({ ...fields, methodArgs: ['true'], ...REPLY });
      client.send({ message, lane: `queue${at}/1/1`, reply: NOWHERE });
    }),
  states: (client) =>
    many(client, 20_000, (at) => {
      const payload = JSON.stringify({ ids: Array.from({ length: 200 }, () => randomUUID()) });
      client.send({ subject: 'ship1.Steward.State', payload, reply: `made-up-${at}.x` });
    }),
  pieceChannel: (client) =>
    many(
      client,
      20_000,
      (at) =>
        client.send({
          subject: 'ship1.REQCopyFileTo.EventACK',
          payload: Buffer.alloc(20_000),
          reply: NOWHERE,
          headers: { 'Steward-Copy': `${randomUUID()}/${at * 20_000}/1` },
        }),
      100,
    ),
  tcpHeld: held(3000, ({ tcp }) => tcp, '[{"toNode"'),
  httpHeld: held(3000, ({ http }) => http, 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n'),
  apiHeld: held(3000, ({ api }) => api, 'GET / HT'),
  webTlsHeld: held(3000, ({ web }) => web, String.fromCharCode(0x16, 3, 1)),
  webTls: async (_, { web }) => {
    for (let at = 0; at < 2000; at++) {
      const socket = connectTls({ host: '127.0.0.1', port: web as number, rejectUnauthorized: false });
      socket.on('error', () => {});
      if (at % 50 === 0) await pause(100);
    }
  },
  commandsManySenders: ofMadeUp(20_000, { method: 'REQCliCommand', methodArgs: ['true'], ...REPLY }),
  repliesToAbsent: ofMadeUp(2000, {
    method: 'REQCliCommand',
    methodArgs: ['bash', '-c', 'head -c 60000 /dev/zero'],
    ...REPLY,
  }),
  repliesLarge: ofMadeUp(1000, {
    method: 'REQCliCommand',
    methodArgs: ['bash', '-c', 'head -c 500000 /dev/zero'],
    ...REPLY,
  }),
  reportsLarge: (client) => {
    const stdout = Buffer.alloc(3000, 'o').toString('base64');
    return many(
      client,
      300,
      (at) => {
        const ends = Array.from({ length: 200 }, () => ({ id: randomUUID(), state: 'succeeded', stdout }));
        const data = [Buffer.from(JSON.stringify({ ends }))];
        const message = newMessage({ toNode: 'ship1', fromNode: `made-up-${at}`, method: 'REQReport', data });
        client.send({ message, lane: `large${at}/1/1`, reply: NOWHERE });
      },
      5,
    );
  },
  hellos40k: (client) => {
    const about = JSON.stringify({ version: '1', labels: { large: 'x'.repeat(40_000) } });
    const send = (at: number) => {
      const message = newMessage({ toNode: 'ship1', fromNode: `made-up-${at}`, method: 'REQHello' });
      client.send({ message, headers: { 'Steward-Hello': about } });
    };
    return many(client, 50_000, send, 100);
  },
  manyHeaders: (client) => {
    const payload = appendOf([Buffer.from('x')]);
    // The library would look for each name among those before: made of them one by one, they end the sender.
    const lines = Array.from({ length: 6000 }, (_, at) => `H${at}:x\r\n`).join('');
    const send = (at: number) => {
      const all = `NATS/1.0\r\nserial: cbor\r\nSteward-Lane: headers${at}/1/1\r\n${lines}\r\n`;
      const headers = { encode: () => Buffer.from(all) } as unknown as MsgHdrs;
      client.connection.publish(APPEND, payload, { headers, reply: NOWHERE });
    };
    return many(client, 3000, send, 20);
  },
  copiesFromLarge: ofMadeUp(5000, {
    method: 'REQCopyFileFrom',
    methodArgs: [process.execPath, 'made-up', '/nowhere/x'],
    ...REPLY,
  }),
  schedulesEachSecond: ofMadeUp(2000, TRUE, { headers: { 'Steward-Schedule': '[1,86400]' }, atOnce: 100 }),
  socketHeld: held(3000, ({ socket }) => socket, '[{"toNode"'),
  socketBytes: held(300, ({ socket }) => socket, `[{"toNode": "${'x'.repeat(900_000)}`),
};
