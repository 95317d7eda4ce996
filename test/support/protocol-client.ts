import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { waitFor } from './wait-for.ts';

/** What the broker said of itself at the beginning. */
export type BrokerInfo = Readonly<Record<string, unknown>>;

const GREETING_TIMEOUT_MS = 30_000;

/** A client of the NATS protocol, driven byte by byte. */
export class ProtocolClient implements AsyncDisposable {
  readonly info: BrokerInfo;
  /** What came since INFO, as bytes (latin1). */
  received: string;
  /** Whether the broker has ended the connection. */
  isEnded = false;
  readonly #socket: Socket;

  private constructor(socket: Socket, info: BrokerInfo, rest: string) {
    this.#socket = socket;
    this.info = info;
    this.received = rest;
    socket.on('data', (bytes: Buffer) => {
      this.received += bytes.toString('latin1');
    });
    socket.on('close', () => {
      this.isEnded = true;
    });
    socket.on('end', () => {
      this.isEnded = true;
    });
  }

  static async open({ port }: { readonly port: number }): Promise<ProtocolClient> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    socket.on('error', () => {});
    // Where the system drops the end of the handshake, no greeting ever comes.
    const signal = AbortSignal.timeout(GREETING_TIMEOUT_MS);
    await once(socket, 'connect', { signal });
    let text = '';
    while (!text.includes('\r\n')) {
      text += ((await once(socket, 'data', { signal }))[0] as Buffer).toString('latin1');
    }
    const end = text.indexOf('\r\n');
    const info = JSON.parse(text.slice('INFO '.length, end)) as BrokerInfo;
    return new ProtocolClient(socket, info, text.slice(end + 2));
  }

  /** Stops reading, until `resume`. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Sends bytes; resolves when the system has taken them. */
  send(bytes: string | Uint8Array): Promise<void> {
    return new Promise((resolve) =>
      this.#socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes, () => resolve()),
    );
  }

  /** Sends a PING and waits for its PONG, or for the end of the connection: all that came before is then answered. */
  async settle(): Promise<void> {
    const count = () => this.received.split('PONG\r\n').length - 1;
    const before = count();
    if (!this.isEnded) await this.send('PING\r\n');
    await waitFor('a PONG or the end', () => this.isEnded || count() > before, { intervalMs: 2 });
  }

  waitForEnd(timeoutMs?: number): Promise<true> {
    return waitFor('the connection to end', () => this.isEnded, {
      intervalMs: 5,
      timeoutMs,
    }) as Promise<true>;
  }

  waitForText(text: string, timeoutMs?: number): Promise<unknown> {
    return waitFor(`the broker to say ${text}`, () => this.received.includes(text), {
      intervalMs: 5,
      timeoutMs,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
  }
}

/** What came, without what depends on time: the broker's own PINGs. */
export function normalised({ received, isEnded }: ProtocolClient): string {
  return `${received.replaceAll('PING\r\n', '')}${isEnded ? '<end>' : ''}`;
}
