import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { HostAndPort } from '../lib/host-and-port.ts';
import { publicKeyOfSeed, signWith } from '../lib/nkey.ts';
import { SecurityError } from './security-error.ts';

const TIMEOUT_MS = 10_000;
const MAX_BYTES = 64 * 1024;

/** A message that came. */
export interface GuestMessage {
  readonly subject: string;
  readonly payload: string;
}

/**
 * One encrypted connection to a broker for somebody who has a token and nothing else. The broker is checked before
 * anything is sent to it, by `check`; what is spoken is the little of the NATS protocol that joining takes.
 */
export class GuestConnection implements Disposable {
  readonly #socket: TLSSocket;
  readonly address: HostAndPort;
  readonly #closed = Promise.withResolvers<never>();
  #buffer = Buffer.alloc(0);
  #pong: (() => void) | undefined;
  #onMessage: (message: GuestMessage) => void = () => {};

  private constructor(socket: TLSSocket, address: HostAndPort) {
    this.#socket = socket;
    this.address = address;
    this.#closed.promise.catch(() => {});
    socket.on('data', this.#read);
    socket.on('error', (error) => this.#fail(unreachable(address, error.message)));
    socket.on('close', () => this.#fail(unreachable(address, 'it closed the connection')));
  }

  /** Connects, has the broker's certificates checked, and signs in with a seed. Throws SecurityError. */
  static async open(
    address: HostAndPort,
    { seed, check }: { readonly seed: string; check(socket: TLSSocket): void },
  ): Promise<GuestConnection> {
    const { socket, nonce } = await greet(address);
    const secure = await encrypt(socket, address);
    try {
      check(secure);
    } catch (error) {
      secure.destroy();
      throw error;
    }
    const connection = new GuestConnection(secure, address);
    try {
      secure.write(`CONNECT ${JSON.stringify(signIn(seed, nonce))}\r\n`);
      await connection.flush();
      return connection;
    } catch (error) {
      connection[Symbol.dispose]();
      throw error;
    }
  }

  /** Takes what comes on a subject from now on. */
  subscribe(subject: string, onMessage: (message: GuestMessage) => void): void {
    this.#onMessage = onMessage;
    this.#socket.write(`SUB ${subject} 1\r\n`);
  }

  publish(subject: string, text: string): void {
    this.#socket.write(`PUB ${subject} ${Buffer.byteLength(text)}\r\n${text}\r\n`);
  }

  /** Waits until the broker has taken all that was sent. Throws SecurityError where it refuses or goes away. */
  async flush(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#pong = resolve;
    this.#socket.write('PING\r\n');
    await this.race(promise, TIMEOUT_MS);
  }

  /** Waits for something, for the end of the connection, or for the time to be over. */
  async race<T>(wanted: Promise<T>, ms: number): Promise<T> {
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(unreachable(this.address, 'it does not answer')), ms);
    try {
      return await Promise.race([wanted, this.#closed.promise, promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #fail(error: SecurityError): void {
    this.#closed.reject(error);
    this.#socket.destroy();
  }

  readonly #read = (bytes: Buffer): void => {
    this.#buffer = Buffer.concat([this.#buffer, bytes]);
    while (this.#next());
    if (this.#buffer.length > MAX_BYTES)
      this.#fail(unreachable(this.address, 'it sends what no broker does'));
  };

  /** Takes one operation from what has come; whether there was a whole one. */
  #next(): boolean {
    const end = this.#buffer.indexOf('\r\n');
    if (end < 0) return false;
    const line = this.#buffer.subarray(0, end).toString();
    const message = /^MSG (\S+) \S+ (?:\S+ )?(\d{1,5})$/i.exec(line);
    if (message === null) {
      this.#buffer = this.#buffer.subarray(end + 2);
      this.#control(line);
      return true;
    }
    const start = end + 2;
    const size = Number(message[2]);
    if (this.#buffer.length < start + size + 2) return false;
    const payload = this.#buffer.subarray(start, start + size).toString();
    this.#buffer = this.#buffer.subarray(start + size + 2);
    this.#onMessage({ subject: message[1]!, payload });
    return true;
  }

  #control(line: string): void {
    if (/^PING$/i.test(line)) this.#socket.write('PONG\r\n');
    else if (/^PONG$/i.test(line)) this.#pong?.();
    else if (/^-ERR/i.test(line)) this.#fail(refusal(line, this.address));
  }
}

/** Reads the broker's greeting, which comes before anything is encrypted. */
async function greet(address: HostAndPort): Promise<{ socket: Socket; nonce: string }> {
  const socket = connectTcp({ ...address, noDelay: true });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = '';
  socket.setTimeout(TIMEOUT_MS, () => reject(new Error('it does not answer')));
  socket.on('error', reject);
  socket.on('close', () => reject(new Error('it closed the connection')));
  socket.on('readable', () => {
    text += (socket.read() as Buffer | null)?.toString() ?? '';
    if (text.includes('\r\n')) resolve(text.slice(0, text.indexOf('\r\n')));
    else if (text.length > MAX_BYTES) reject(new Error('what listens there is no broker'));
  });
  try {
    const info = infoOf(await promise);
    if (info.tls_required !== true && info.tls_available !== true)
      throw new SecurityError(
        'foreign-broker',
        `the broker at ${address.host}:${address.port} does not encrypt, as the one of this token does: somebody is in between, or the address is another's`,
      );
    return { socket, nonce: typeof info.nonce === 'string' ? info.nonce : '' };
  } catch (error) {
    socket.destroy();
    throw error instanceof SecurityError ? error : unreachable(address, (error as Error).message);
  } finally {
    for (const event of ['readable', 'close', 'error', 'timeout']) socket.removeAllListeners(event);
    socket.setTimeout(0);
    socket.on('error', () => {});
  }
}

function infoOf(line: string): Record<string, unknown> {
  const json = /^INFO (\{.*\})\s*$/i.exec(line)?.[1];
  if (json === undefined) throw new Error('what listens there is no broker');
  return JSON.parse(json) as Record<string, unknown>;
}

async function encrypt(socket: Socket, address: HostAndPort): Promise<TLSSocket> {
  // The certificates are checked afterwards, by the token: no other authority counts.
  const name = isIP(address.host) === 0 ? { servername: address.host } : {};
  const secure = connectTls({ socket, rejectUnauthorized: false, minVersion: 'TLSv1.2', ...name });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  secure.once('secureConnect', resolve);
  secure.once('error', reject);
  secure.once('close', () => reject(new Error('it closed the connection')));
  const timer = setTimeout(() => reject(new Error('it does not answer')), TIMEOUT_MS);
  try {
    await promise;
    return secure;
  } catch (error) {
    secure.on('error', () => {});
    secure.destroy();
    socket.destroy();
    throw unreachable(address, (error as Error).message);
  } finally {
    clearTimeout(timer);
  }
}

function signIn(seed: string, nonce: string): Record<string, unknown> {
  const client = { name: 'steward join', lang: 'steward', version: '1', protocol: 1 };
  const wishes = { verbose: false, pedantic: false, tls_required: true, echo: false, headers: false };
  return { ...client, ...wishes, nkey: publicKeyOfSeed(seed), sig: signWith(seed, nonce) };
}

function refusal(line: string, address: HostAndPort): SecurityError {
  const said = line.replace(/^-ERR\s*'?|'?\s*$/gi, '');
  if (/authorization|authentication|permission/i.test(said))
    return new SecurityError(
      'bad-token',
      `the broker at ${address.host}:${address.port} does not know this token`,
    );
  return unreachable(address, `it says ${said}`);
}

function unreachable({ host, port }: HostAndPort, reason: string): SecurityError {
  return new SecurityError('unreachable', `the broker at ${host}:${port} cannot be used: ${reason}`);
}
