import { once } from 'node:events';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { text as readAll } from 'node:stream/consumers';

/** What came back: the lines (or the body), and the status where HTTP gave one. */
export interface RawReply {
  readonly status?: number;
  readonly body: string;
}

/** A way into a node, driven byte by byte so that the same misbehaviour can be tried on each. */
export interface RawClient {
  readonly name: string;
  /** The bytes that stand for this submission. */
  frame(text: string | Uint8Array): Uint8Array;
  open(): Promise<Socket>;
  /** Reads all that comes until the connection ends. */
  read(socket: Socket): Promise<RawReply>;
}

/** A socket that takes submissions as they are. */
export function socketClient(name: string, place: NetConnectOpts): RawClient {
  return {
    name,
    frame: (text) => Buffer.from(text),
    open: () => open(place),
    read: async (socket) => ({ body: (await readAll(socket)).trimEnd() }),
  };
}

/** An HTTP port; `headers` are added to each request. */
export function httpClient(port: number, headers: Readonly<Record<string, string>> = {}): RawClient {
  return {
    name: 'http',
    frame: (text) => {
      const body = Buffer.from(text);
      const all = {
        Host: `127.0.0.1:${port}`,
        Connection: 'close',
        'Content-Length': body.length,
        ...headers,
      };
      const lines = Object.entries(all).map(([key, value]) => `${key}: ${value}\r\n`);
      return Buffer.concat([Buffer.from(`POST / HTTP/1.1\r\n${lines.join('')}\r\n`), body]);
    },
    open: () => open({ host: '127.0.0.1', port }),
    read: async (socket) => {
      const text = await readAll(socket);
      const end = text.indexOf('\r\n\r\n');
      return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]), body: text.slice(end + 4).trimEnd() };
    },
  };
}

/** Sends a whole submission and returns the reply. */
export async function exchange(client: RawClient, text: string | Uint8Array): Promise<RawReply> {
  const socket = await client.open();
  socket.on('error', () => {});
  if (client.name === 'http') socket.write(client.frame(text));
  else socket.end(client.frame(text));
  return client.read(socket);
}

async function open(place: NetConnectOpts): Promise<Socket> {
  const socket = connect({ allowHalfOpen: true, ...place });
  await once(socket, 'connect');
  return socket;
}
