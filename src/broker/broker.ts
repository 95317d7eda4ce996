import { createServer, type Server, type Socket } from 'node:net';
import { listenAt, showAddress } from '../lib/listen-at.ts';
import { makeServerId } from '../lib/nkey.ts';
import { openFileLimit } from '../lib/open-file-limit.ts';
import { limitedLogger } from '../observe/limited-logger.ts';
import type { BrokerLimits, BrokerOptions, BrokerUser } from './broker-options.ts';
import { checkUsers, limitsOf } from './check-options.ts';
import { Connection } from './connection.ts';
import { type Handshake, Handshakes } from './handshakes.ts';
import type { BrokerLogger, ClientSocket, Ending, Hub } from './hub.ts';
import { Newcomers } from './newcomers.ts';
import { Flusher } from './output.ts';
import { Router } from './router.ts';
import { type SignedIn, SignIn } from './sign-in.ts';
import type { ClientSubscription } from './subscriptions.ts';

/** What a broker needs of who starts it. */
export interface BrokerDeps {
  readonly logger: BrokerLogger;
  /** ms; a clock that never goes back. */
  readonly now?: () => number;
  /** The last connection of a user has ended; where nobody has to sign in, that of the name that it gave itself. */
  readonly onGone?: (user: string) => void;
}

/** A running broker, until it is disposed of: clients still get what waits for them. */
export interface Broker extends AsyncDisposable {
  readonly port: number;
  /** `nats://host:port`, as clients of this machine write it. */
  readonly url: string;
  /**
   * Lets in these users and nobody else from now on; connections of others are cut, and new permissions count at once.
   * Throws BrokerError, and then nothing has changed.
   */
  setUsers(users: readonly BrokerUser[]): Promise<void>;
}

/** The part of the time to sign in that one may take while others of its address wait. */
const HURRIED = 1 / 5;
/** How long a connection that is not taken has to hear why, ms. */
const REFUSAL_MS = 200;
/** The most connections that hear it at a time: each is an open file. */
const MOST_REFUSED = Math.max(32, Math.floor((openFileLimit() ?? 1024) / 16));
/** A key is one node's, which has one connection, and some that are not known to be dead while its link comes and goes. */
const MOST_OF_KEY = 32;
const MOST_OFTEN_MS = 20;
const LEAST_OFTEN_MS = 1000;

/** Starts a broker in this thread and returns when clients can connect. Throws BrokerError and ListenError. */
export async function startBroker(options: BrokerOptions, deps: BrokerDeps): Promise<Broker> {
  const broker = new RunningBroker(options, deps);
  await broker.listen();
  return broker;
}

class RunningBroker implements Broker, Hub {
  readonly limits: BrokerLimits;
  readonly router = new Router<ClientSubscription>();
  readonly flusher = new Flusher();
  readonly signIn: SignIn;
  readonly logger: BrokerLogger;
  readonly now: () => number;
  readonly #onGone: (user: string) => void;
  port = 0;
  readonly #options: BrokerOptions;
  readonly #handshakes: Handshakes | undefined;
  readonly #server: Server;
  readonly #id = makeServerId();
  readonly #sockets = new Set<Socket>();
  readonly #refused = new Set<Socket>();
  /** Those whose TLS handshake is not done. */
  readonly #unsecured = new Set<Socket>();
  readonly #connections = new Set<Connection>();
  readonly #newcomers: Newcomers;
  /** The connections of those who have signed in with an nkey, by user. */
  readonly #ofKey = new Map<string, Set<Ending>>();
  /** Whose connections have ended since that was looked at. */
  readonly #left = new Set<string | undefined>();
  #lastClient = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopped: Promise<void> | undefined;

  constructor(
    options: BrokerOptions,
    { logger, now = () => performance.now(), onGone = () => {} }: BrokerDeps,
  ) {
    this.limits = limitsOf(options);
    if (options.users !== undefined) checkUsers(options.users);
    this.#options = options;
    this.logger = limitedLogger(logger, now);
    this.now = now;
    this.#onGone = onGone;
    this.signIn = new SignIn(options);
    const { maxSigningIn, maxConnections, signInTimeoutMs } = this.limits;
    const most = Math.min(maxSigningIn, Math.max(1, Math.floor(maxConnections / 2)));
    this.#newcomers = new Newcomers({ most, patienceMs: signInTimeoutMs * HURRIED }, now);
    this.#handshakes = options.tls && new Handshakes(options.tls, { timeoutMs: this.limits.signInTimeoutMs });
    this.#server = createServer({ noDelay: true, keepAlive: true }, this.#accept);
  }

  get url(): string {
    const host = ['', '0.0.0.0', '::'].includes(this.#options.host) ? '127.0.0.1' : this.#options.host;
    return `nats://${showAddress({ host, port: this.port })}`;
  }

  async listen(): Promise<void> {
    const { host, port, addressOption = 'port' } = this.#options;
    this.port = await listenAt(this.#server, { host, port }, addressOption);
    this.#server.on('error', (error) => this.logger.error({ err: error }, 'a connection could not be taken'));
    const { pingIntervalMs, writeTimeoutMs, signInTimeoutMs } = this.limits;
    const shortest = Math.min(pingIntervalMs, writeTimeoutMs, signInTimeoutMs);
    const everyMs = Math.min(LEAST_OFTEN_MS, Math.max(MOST_OFTEN_MS, shortest / 4));
    this.#timer = setInterval(() => this.#checkAll(), everyMs);
  }

  async setUsers(users: readonly BrokerUser[]): Promise<void> {
    checkUsers(users);
    this.signIn.replaceUsers(users);
    for (const connection of [...this.#connections]) connection.recheck();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  welcomed(connection: Ending, { name, hasKey }: SignedIn): void {
    this.#newcomers.left(connection.id);
    if (!hasKey) return;
    const all = (this.#ofKey.get(name) ?? new Set()).add(connection);
    this.#ofKey.set(name, all);
    const [oldest] = all;
    if (all.size <= MOST_OF_KEY || oldest === undefined) return;
    all.delete(oldest);
    oldest.end('maximum connections of one key exceeded');
  }

  endWhenWritten({ output, socket }: Pick<Connection, 'output' | 'socket'>): void {
    const timer = setTimeout(() => socket.destroy(), this.limits.drainTimeoutMs);
    socket.once('close', () => clearTimeout(timer));
    output.onEmpty = () => socket.end();
    output.flush();
  }

  relieve(): void {
    if (this.flusher.pendingBytes <= this.limits.maxTotalPendingBytes) return;
    const open = [...this.#connections].filter(({ isOpen }) => isOpen);
    const most = open.reduce((a, b) => (b.output.pendingBytes > a.output.pendingBytes ? b : a));
    most.cutOff('Slow Consumer');
  }

  async #stop(): Promise<void> {
    const closed = this.#server[Symbol.asyncDispose]();
    clearInterval(this.#timer);
    for (const connection of this.#connections) connection.drain();
    for (const socket of this.#unsecured) socket.destroy();
    await closed;
  }

  readonly #accept = (socket: Socket): void => {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => this.#sockets.delete(socket));
    this.#lastClient += 1;
    const client = { id: this.#lastClient, nonce: this.signIn.nonce() };
    socket.write(this.#info(socket, client));
    const fault = this.#admit(socket, client.id);
    if (fault !== undefined) {
      this.logger.warn({ connections: this.#sockets.size - 1, address: socket.remoteAddress }, fault.log);
      this.#refuse(socket, fault.error);
    } else if (this.#handshakes === undefined) this.#open(socket, client);
    else {
      this.#unsecured.add(socket);
      socket.once('close', () => this.#unsecured.delete(socket));
      this.#handshakes.begin(socket, (handshake) => {
        this.#unsecured.delete(socket);
        this.#secured(handshake, client);
      });
    }
  };

  /** What was sent already is read: closed with bytes unread a connection is reset, and the reason is lost with it. */
  #refuse(socket: Socket, error: string): void {
    this.#sockets.delete(socket);
    if (this.#refused.size >= MOST_REFUSED) return void socket.destroy();
    this.#refused.add(socket);
    socket.resume();
    socket.end(`-ERR '${error}'\r\n`);
    const timer = setTimeout(() => socket.destroy(), REFUSAL_MS);
    socket.once('close', () => {
      clearTimeout(timer);
      this.#refused.delete(socket);
    });
  }

  /** Why a connection is not taken; those that do not sign in give way to others. */
  #admit(socket: Socket, id: number): { readonly log: string; readonly error: string } | undefined {
    if (this.#sockets.size > this.limits.maxConnections && !this.#newcomers.makeRoom())
      return { log: 'a connection was refused: there are too many', error: 'maximum connections exceeded' };
    const newcomer = { address: socket.remoteAddress ?? '', socket };
    socket.once('close', () => this.#newcomers.left(id));
    if (this.#newcomers.enter(id, newcomer)) return undefined;
    const log = 'a connection was refused: too many of its address have not signed in';
    return { log, error: 'maximum connections before sign-in exceeded' };
  }

  #secured({ socket, certificateFault }: Handshake, client: { id: number; nonce: string }): void {
    socket.on('error', () => {});
    const connection = this.#open(socket, client);
    if (certificateFault === '') return;
    this.logger.warn(
      { ...connection.label, certificateFault },
      'the certificate of a client is not accepted',
    );
    connection.end(`TLS ${certificateFault}`);
  }

  #open(socket: ClientSocket, client: { id: number; nonce: string }): Connection {
    const connection = new Connection(socket, client, this);
    this.#connections.add(connection);
    socket.once('close', () => {
      this.#connections.delete(connection);
      connection.closed();
      this.#ofKey.get(connection.label.user ?? '')?.delete(connection);
      this.#left.add(this.#whoIs(connection));
    });
    return connection;
  }

  /** Tells who left and is not back: once for all of them, as thousands may leave together. */
  #tellGone(): void {
    if (this.#left.size === 0) return;
    for (const connection of this.#connections) this.#left.delete(this.#whoIs(connection));
    for (const who of this.#left) if (who !== undefined) this.#onGone(who);
    this.#left.clear();
  }

  #whoIs({ label }: Connection): string | undefined {
    return this.signIn.isRequired ? label.user : label.name;
  }

  #checkAll(): void {
    const now = this.now();
    for (const connection of this.#connections) if (connection.isOpen) connection.check(now);
    this.#tellGone();
  }

  #info(socket: Socket, { id, nonce }: { id: number; nonce: string }): string {
    const info = {
      server_id: this.#id,
      server_name: 'steward-broker',
      version: this.#options.version ?? '0.0.0',
      proto: 1,
      host: this.#options.host,
      port: this.port,
      headers: true,
      max_payload: this.limits.maxPayloadBytes,
      jetstream: false,
      client_id: id,
      client_ip: socket.remoteAddress ?? '',
      connect_urls: [],
      ...(this.signIn.isRequired && { auth_required: true, nonce }),
      ...(this.#options.tls && { tls_required: true, tls_verify: this.#options.tls.clientCa !== undefined }),
    };
    return `INFO ${JSON.stringify(info)}\r\n`;
  }
}
