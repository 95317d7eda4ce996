import { randomBytes, randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { zstdCompressSync } from 'node:zlib';
import { packBundle } from '../src/message/codec/bundle.ts';
import { newMessage } from '../src/message/message.ts';
import type { WireClient } from '../test/support/wire-client.ts';
import { type Flood, many, NOWHERE, ofMadeUp, type Ways } from './flood-list.ts';

const APPEND = 'ship1.REQToFileAppend.EventACK';
const COMMAND = 'ship1.REQCliCommand.CommandACK';
const REPLY = { replyMethod: 'REQToFileAppend', directory: 'd', fileName: 'f', methodTimeout: 600 };

/** Sends one payload again and again, each time as the first of a lane of its own. */
function payloads(subject: string, count: number, more: (at: number) => object, atOnce?: number): Flood {
  return (client) =>
    many(
      client,
      count,
      (at) => client.send({ subject, payload: '', lane: `l${at}/1/1`, reply: NOWHERE, ...more(at) }),
      atOnce,
    );
}

function bundles(count: number, payload: (at: number) => Uint8Array): Flood {
  return (client) =>
    many(client, count, (at) =>
      client.send({
        subject: APPEND,
        payload: payload(at),
        reply: NOWHERE,
        headers: { B: `bundle${at}/1/1`, serial: 'cbor' },
      }),
    );
}

const SMALL = Array.from({ length: 256 }, () => ({
  id: '01890a5d-ac96-774b-bcce-b302099a8057',
  headers: { serial: 'cbor' },
  payload: Buffer.from('broken'),
}));
const BOMB = zstdCompressSync(Buffer.alloc(64 * 1024 * 1024));
const FULL = packBundle(SMALL);
const NESTED = packBundle([
  { ...SMALL[0]!, headers: { B: 'inner/1/1', serial: 'cbor' }, payload: Buffer.from(FULL) },
]);

/** HTTP requests side by side, each answered or not. */
function requests(count: number, port: (ways: Ways) => number | string, path: (at: number) => string): Flood {
  return async (_, ways) => {
    const place = port(ways);
    const where = typeof place === 'string' ? { socketPath: place } : { host: '127.0.0.1', port: place };
    const send = (at: number) =>
      new Promise<void>((resolve) => {
        const sent = request({ ...where, path: path(at), agent: false }, (response) => {
          response.resume().on('end', resolve).on('error', resolve);
        });
        sent.on('error', () => resolve()).end();
      });
    let at = 0;
    const worker = async () => {
      while (at < count) await send(at++);
    };
    await Promise.race([Promise.all(Array.from({ length: 1000 }, worker)), pause(60_000)]);
  };
}

/** Streams of events that are asked for and never read, while messages go on. */
const unreadEvents: Flood = async (client, ways) => {
  const { port, pathname } = { port: ways.api, pathname: '/v1/events' };
  for (let at = 0; at < 60; at++) {
    const socket = connect({ host: '127.0.0.1', port: port as number });
    socket.on('error', () => {}).pause();
    socket.write(`GET ${pathname}?requests=true&outputs=true HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
  }
  await ofMadeUp(3000, { method: 'REQCliCommand', methodArgs: ['true', 'x'.repeat(5000)], ...REPLY })(
    client,
    ways,
  );
};

/** A byte each second on as many connections as there may be. */
function dripped(place: (ways: Ways) => number | string, greeting: string): Flood {
  return async (_, ways) => {
    const to = place(ways);
    const sockets = Array.from({ length: 500 }, () => {
      const socket = connect(typeof to === 'string' ? { path: to } : { host: '127.0.0.1', port: to });
      socket.on('error', () => {});
      return socket;
    });
    for (const byte of greeting) {
      for (const socket of sockets) if (socket.writable) socket.write(byte);
      await pause(200);
    }
  };
}

const withHeader = (name: string, value: string) => ({ headers: { serial: 'cbor', [name]: value } });

/** What a neighbour with a valid key, or on an open broker, may send as well. */
export const NEIGHBOURS: Readonly<Record<string, Flood>> = {
  subjects: (client: WireClient) =>
    many(client, 50_000, (at) =>
      client.send({
        subject: `ship1.REQToFileAppend.EventACK.from.made-up-${at}`,
        payload: 'x',
        reply: NOWHERE,
      }),
    ),
  methodsUnknown: (client: WireClient) =>
    many(client, 50_000, (at) =>
      client.send({
        subject: `ship1.REQMadeUp${at}.CommandACK`,
        payload: 'x',
        lane: `u${at}/1/1`,
        reply: NOWHERE,
      }),
    ),
  methodsInMessages: (client: WireClient) =>
    many(client, 20_000, (at) => {
      const message = newMessage({ toNode: 'ship1', fromNode: `made-up-${at}`, method: `REQMadeUp${at}` });
      client.send({ subject: COMMAND, message, lane: `m${at}/1/1`, reply: NOWHERE });
    }),
  headersLarge: payloads(COMMAND, 300, () => withHeader('Steward-Schedule', 'x'.repeat(500_000)), 5),
  headersKnownLarge: payloads(APPEND, 300, () => withHeader('Steward-Supersedes', 'k'.repeat(500_000)), 5),
  hellosChanging: (client: WireClient) =>
    many(client, 100_000, (at) => {
      const about = JSON.stringify({ version: `${at}`, labels: { [`l${at}`]: 'x'.repeat(500) } });
      const message = newMessage({ toNode: 'ship1', fromNode: `made-up-${at}`, method: 'REQHello' });
      client.send({ message, headers: { 'Steward-Hello': about } });
    }),
  hellosOfOne: (client: WireClient) =>
    many(client, 50_000, (at) => {
      const about = JSON.stringify({ version: `${at}`, labels: { [`l${at}`]: 'x'.repeat(500) } });
      const message = newMessage({ toNode: 'ship1', fromNode: `made-up-${at % 5}`, method: 'REQHello' });
      client.send({ message, headers: { 'Steward-Hello': about } });
    }),
  relayPaths: (client: WireClient) =>
    many(client, 10_000, (at) => {
      const message = newMessage({
        toNode: 'ship1',
        fromNode: `made-up-${at}`,
        method: 'REQRelayInitial',
        relayViaNode: `via-${at}`,
        relayToNode: `to-${at}`,
        relayOriginalMethod: 'REQCliCommand',
        methodArgs: ['true'],
      });
      client.send({ message, lane: `r${at}/1/1`, reply: NOWHERE });
    }),
  liveAbandoned: ofMadeUp(
    3000,
    { method: 'REQCliCommand', methodArgs: ['bash', '-c', 'yes | head -c 300000; exec sleep 600'], ...REPLY },
    { headers: { 'Steward-Output': 'live' } },
  ),
  printThenSleep: ofMadeUp(1000, {
    method: 'REQCliCommand',
    methodArgs: ['bash', '-c', 'head -c 500000 /dev/zero; exec sleep 600'],
    ...REPLY,
  }),
  contPrints: ofMadeUp(500, {
    method: 'REQCliCommandCont',
    methodArgs: ['bash', '-c', 'head -c 2000000 /dev/zero; exec sleep 600'],
    ...REPLY,
  }),
  cancelsUnknown: (client: WireClient) =>
    many(client, 3000, (at) => {
      const methodArgs = Array.from({ length: 2000 }, () => randomUUID());
      const message = newMessage({
        toNode: 'ship1',
        fromNode: `made-up-${at}`,
        method: 'REQCancel',
        methodArgs,
      });
      client.send({ message, lane: `c${at}/1/1`, reply: NOWHERE });
    }),
  partsNeverEnded: (client: WireClient) =>
    many(client, 50_000, (at) => {
      const headers = { serial: 'cbor', 'Steward-Part': `@0/60000000/${randomBytes(4).toString('hex')}` };
      client.send({
        subject: APPEND,
        payload: Buffer.alloc(1000),
        lane: `p${at}/1/1`,
        headers,
        reply: NOWHERE,
      });
    }),
  bundlesFull: bundles(3000, () => FULL),
  bundlesNested: bundles(10_000, () => NESTED),
  bundlesBroken: bundles(30_000, () => randomBytes(500)),
  bundleBombs: bundles(3000, () => BOMB),
  copiesAbandoned: (client: WireClient) =>
    many(client, 20_000, (at) => {
      const methodArgs = ['x', 'ship1', `/tmp/flood-copy-${process.pid}`, '1'];
      const message = newMessage({
        toNode: 'ship1',
        fromNode: `made-up-${at}`,
        method: 'REQCopyFileTo',
        methodArgs,
      });
      const headers = { 'Steward-Copy': `${randomUUID()}/0/60000000` };
      client.send({ message, lane: `k${at}/1/1`, reply: NOWHERE, headers });
    }),
  httpAtOnce: requests(
    10_000,
    ({ http }) => http,
    () => '/',
  ),
  apiQueries: requests(
    10_000,
    ({ api }) => api,
    (at) => `/v1/requests?limit=${at}&${'q=x&'.repeat(500)}`,
  ),
  apiList: requests(
    3000,
    ({ api }) => api,
    () => '/v1/requests?limit=1000',
  ),
  unreadEvents,
  httpDripped: dripped(({ http }) => http, 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n'),
  socketDripped: dripped(({ socket }) => socket, '[{"toNode": "a", "method": "REQPing"}'),
};
