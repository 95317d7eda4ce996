import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { disposeAfter, type TestScope } from './dispose-after.ts';
import type { Direction } from './tcp-proxy.ts';

/** A thin link: so many bits a second each way, and so long for a round trip without load. */
export interface LinkShape {
  readonly bitsPerSecond: number;
  readonly rttMs: number;
}

/** What waits in the buffers of such a link before its sender has to wait, bytes. */
const BUFFER_BYTES = 16 * 1024;
/** How finely the bytes of a link are dealt out, ms. */
const TICK_MS = 20;

/** Starts a proxy on a free port of 127.0.0.1 that stands for a thin and long link to `target`. */
export async function startSlowLink(
  target: { readonly port: number },
  shape: LinkShape,
  scope?: TestScope,
): Promise<SlowLink> {
  const server = createServer({ noDelay: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return disposeAfter(scope, new SlowLink(server, target, shape));
}

/** A link that lets bytes through at its rate, counts them, and can be cut. */
export class SlowLink implements AsyncDisposable {
  readonly port: number;
  /** How often a client has connected. */
  connections = 0;
  /** Bytes that went through so far. */
  readonly bytes: Record<Direction, number> = { toServer: 0, toClient: 0 };
  readonly #server: Server;
  readonly #target: { readonly port: number };
  readonly #shape: LinkShape;
  readonly #sockets = new Set<Socket>();

  constructor(server: Server, target: { readonly port: number }, shape: LinkShape) {
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
    this.#target = target;
    this.#shape = shape;
    server.on('connection', (client) => this.#accept(client));
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  /** Bytes both ways so far. */
  get total(): number {
    return this.bytes.toServer + this.bytes.toClient;
  }

  /** Cuts all connections, at once and without a word; what was on its way is lost. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
    this.#sockets.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.cut();
  }

  #accept(client: Socket): void {
    this.connections++;
    const server = connect({ port: this.#target.port, host: '127.0.0.1', noDelay: true });
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
    }
    this.#pump(client, server, 'toServer');
    this.#pump(server, client, 'toClient');
  }

  #pump(from: Socket, to: Socket, direction: Direction): void {
    const queue: Buffer[] = [];
    let held = 0;
    let dealtAt = performance.now();
    let credit = 0;
    const bytesPerMs = this.#shape.bitsPerSecond / 8000;
    const deal = () => {
      const now = performance.now();
      credit = queue.length === 0 ? 0 : credit + (now - dealtAt) * bytesPerMs;
      dealtAt = now;
      while (credit >= 1 && queue.length > 0) {
        const part = queue[0]!.subarray(0, Math.floor(credit));
        if (part.length === queue[0]!.length) queue.shift();
        else queue[0] = queue[0]!.subarray(part.length);
        credit -= part.length;
        held -= part.length;
        this.bytes[direction] += part.length;
        setTimeout(() => to.destroyed || to.write(part), this.#shape.rttMs / 2);
      }
      if (held < BUFFER_BYTES / 2) from.resume();
    };
    const timer = setInterval(deal, TICK_MS);
    from.on('data', (piece: Buffer) => {
      if (queue.length === 0) deal();
      queue.push(piece);
      held += piece.length;
      if (held > BUFFER_BYTES) from.pause();
    });
    from.on('close', () => {
      clearInterval(timer);
      this.#sockets.delete(from);
      to.destroy();
    });
  }
}
