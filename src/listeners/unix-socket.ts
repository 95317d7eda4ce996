import { createServer, type Server, type Socket } from 'node:net';

import type { Logger } from '../observe/logger.ts';
import { refusalLine } from './answer-line.ts';
import { ByteBudget } from './byte-budget.ts';
import { closeStream } from './close-stream.ts';
import { bindSocketFile, type SocketFile } from './socket-file.ts';
import { type SessionLimits, SubmissionSession, type Submit } from './submission-session.ts';

/** Where to listen, and how much clients may send; see SessionLimits for the times. */
export interface UnixListenerOptions extends Partial<SessionLimits> {
  readonly path: string;
  /** What all clients together may have under way, in bytes. */
  readonly maxTotalBytes?: number;
  readonly maxClients?: number;
  /** How long answers under way may take when the listener stops. */
  readonly stopTimeoutMs?: number;
}

const MEBIBYTE = 1024 * 1024;

const DEFAULTS = {
  maxBytes: 64 * MEBIBYTE,
  maxTotalBytes: 256 * MEBIBYTE,
  maxClients: 1000,
  idleTimeoutMs: 10_000,
  textSilenceMs: 1000,
  lingerMs: 100,
  openTimeoutMs: 60_000,
  stopTimeoutMs: 5000,
};

type Settings = typeof DEFAULTS & { path: string };
type Deps = { submit: Submit; logger: Logger };

/**
 * Listens on a unix socket for submissions of messages and answers each with a line of JSON.
 *
 * A submission is a JSON list or object, or everything else up to the client's half-close or a second of silence.
 * Throws ListenError when the socket cannot be had.
 */
export async function startUnixListener(options: UnixListenerOptions, deps: Deps): Promise<UnixListener> {
  const settings = { ...DEFAULTS, ...options };
  const server = createServer({ allowHalfOpen: true });
  const clients = new ClientSessions(settings, deps);
  // Before the socket can be found, for a client may be there at once.
  server.on('connection', (socket) => clients.serve(socket));
  const file = await bindSocketFile(server, settings.path);
  server.on('error', (error) =>
    deps.logger.error({ err: error }, 'the unix socket cannot take a connection'),
  );
  return new UnixListener(settings.path, { server, file, clients });
}

/** A unix socket that takes submissions until it is disposed of. */
export class UnixListener implements AsyncDisposable {
  readonly path: string;
  readonly #parts: { server: Server; file: SocketFile; clients: ClientSessions };
  #stopped: Promise<void> | undefined;

  constructor(path: string, parts: { server: Server; file: SocketFile; clients: ClientSessions }) {
    this.path = path;
    this.#parts = parts;
  }

  /** Takes no more connections, lets answers under way be finished, then closes what is left. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const { server, file, clients } = this.#parts;
    await file.remove();
    server.close();
    await clients.stop();
  }
}

/** The sessions of all clients that are connected. */
class ClientSessions {
  readonly #settings: Settings;
  readonly #deps: Deps & { budget: ByteBudget };
  readonly #open = new Map<SubmissionSession, { socket: Socket; done: Promise<void> }>();

  constructor(settings: Settings, deps: Deps) {
    this.#settings = settings;
    this.#deps = { ...deps, budget: new ByteBudget(settings.maxTotalBytes) };
  }

  serve(socket: Socket): void {
    if (this.#open.size >= this.#settings.maxClients) {
      socket.on('error', () => {});
      socket.write(`${refusalLine('too many clients are connected: try again later')}\n`);
      void closeStream(socket, { discard: true });
      return;
    }
    const session = new SubmissionSession(socket, this.#settings, this.#deps);
    const done = session.run().finally(() => this.#open.delete(session));
    this.#open.set(session, { socket, done });
  }

  /** Resolves when every session has ended, or has been cut off after the time that stopping may take. */
  async stop(): Promise<void> {
    const open = [...this.#open];
    for (const [session] of open) session.stop();
    const { promise: timeout, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, this.#settings.stopTimeoutMs);
    await Promise.race([timeout, Promise.all(open.map(([, { done }]) => done))]);
    clearTimeout(timer);
    for (const { socket } of this.#open.values()) socket.destroy();
  }
}
