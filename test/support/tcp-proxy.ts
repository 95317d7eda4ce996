import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { disposeAfter, type TestScope } from './dispose-after.ts';

/** Which way bytes go: from the client that connected, or back to it. */
export type Direction = 'toServer' | 'toClient';

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

/** Starts a proxy on a free port of 127.0.0.1 that stands for an unreliable link to `target`. */
export async function startTcpProxy(target: { readonly port: number }, scope?: TestScope): Promise<TcpProxy> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return disposeAfter(scope, new TcpProxy(server, target));
}

/** A link that can be cut, held up, and made deaf in one direction. */
export class TcpProxy implements AsyncDisposable {
  readonly port: number;
  /** How often a client has connected. */
  connections = 0;
  /** Bytes that went through so far. */
  readonly bytes: Record<Direction, number> = { toServer: 0, toClient: 0 };
  readonly #server: Server;
  readonly #target: { readonly port: number };
  readonly #pairs = new Set<Pair>();
  readonly #muted = new Set<Direction>();
  #isClosed = false;
  #cutAt: { direction: Direction; bytes: number } | undefined;

  constructor(server: Server, target: { readonly port: number }) {
    this.#server = server;
    this.#target = target;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (client) => this.#accept(client));
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  /** How many connections there are now. */
  get connected(): number {
    return this.#pairs.size;
  }

  /** Cuts all connections, at once and without a word; the next ones work. */
  cut(): void {
    for (const { client, server } of this.#pairs) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
    this.#pairs.clear();
  }

  /** Cuts all connections as soon as `bytes` more went that way; the last piece goes in part. */
  cutAfter(direction: Direction, bytes: number): void {
    this.#cutAt = { direction, bytes: this.bytes[direction] + bytes };
  }

  /** Whether a `cutAfter` is still to come. */
  get isCutPending(): boolean {
    return this.#cutAt !== undefined;
  }

  /** Swallows all that goes that way from now on, on these connections, which are broken ever after: cut them. */
  mute(direction: Direction): void {
    this.#muted.add(direction);
  }

  /** Ends all mutes: for connections made from now on. */
  unmute(): void {
    this.#muted.clear();
  }

  /** Holds up what goes that way; nothing of it is lost. */
  hold(direction: Direction): void {
    for (const { client, server } of this.#pairs) (direction === 'toServer' ? client : server).pause();
  }

  /** Lets go of what was held up. */
  release(): void {
    for (const { client, server } of this.#pairs) {
      client.resume();
      server.resume();
    }
  }

  /** Cuts all connections and takes no more until `open`. */
  close(): void {
    this.#isClosed = true;
    this.cut();
  }

  open(): void {
    this.#isClosed = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.cut();
  }

  #accept(client: Socket): void {
    client.on('error', () => {});
    if (this.#isClosed) {
      client.resetAndDestroy();
      return;
    }
    this.connections++;
    const server = connect(this.#target.port, '127.0.0.1');
    const pair = { client, server };
    this.#pairs.add(pair);
    server.on('error', () => {});
    for (const [from, to, direction] of [
      [client, server, 'toServer'],
      [server, client, 'toClient'],
    ] as const) {
      from.on('data', (piece: Buffer) => this.#pass(to, direction, piece));
      from.on('close', () => {
        this.#pairs.delete(pair);
        to.destroy();
      });
    }
  }

  #pass(to: Socket, direction: Direction, piece: Buffer): void {
    if (this.#muted.has(direction)) return;
    const left =
      this.#cutAt?.direction === direction ? this.#cutAt.bytes - this.bytes[direction] : piece.length;
    const passed = piece.subarray(0, left);
    this.bytes[direction] += passed.length;
    if (passed.length === piece.length) {
      to.write(passed);
      return;
    }
    this.#cutAt = undefined;
    this.#muted.add(direction);
    to.write(passed, () => {
      this.#muted.delete(direction);
      this.cut();
    });
  }
}
