import type { Server, Socket } from 'node:net';
import { ByteBudget } from '../lib/byte-budget.ts';
import type { SocketFile } from '../lib/socket-file.ts';
import { type LineLogger, limitedLogger } from '../observe/limited-logger.ts';
import { refusalLine } from './answer-line.ts';
import { closeStream } from './close-stream.ts';
import type { OpeningLine } from './first-line-token.ts';
import { type SessionLimits, SubmissionSession, type Submissions } from './submission-session.ts';

/** How much clients may send and how many there may be; see SessionLimits for the times. */
export interface ClientLimits extends Partial<SessionLimits> {
  /** What all clients together may have under way, in bytes. */
  readonly maxTotalBytes?: number;
  readonly maxClients?: number;
  /** How long answers under way may take when the listener stops. */
  readonly stopTimeoutMs?: number;
}

/** What sessions need; `makeOpening` makes for each the judge of its first line. */
export interface SessionsDeps {
  readonly submissions: Submissions;
  readonly logger: LineLogger;
  readonly makeOpening?: () => OpeningLine;
  /** Who is at the other end, as the audit log has it. */
  byOf(socket: Socket): string;
}

const MEBIBYTE = 1024 * 1024;

/** The limits that hold where none are given, for every listener. */
export const DEFAULT_LIMITS = {
  maxBytes: 64 * MEBIBYTE,
  maxTotalBytes: 256 * MEBIBYTE,
  maxClients: 1000,
  idleTimeoutMs: 10_000,
  textSilenceMs: 1000,
  lingerMs: 100,
  openTimeoutMs: 60_000,
  stopTimeoutMs: 5000,
};

interface ListenerParts {
  readonly server: Server;
  readonly clients: ClientSessions;
  readonly file?: SocketFile;
}

/** A socket that takes submissions until it is disposed of. */
export class SubmissionListener implements AsyncDisposable {
  readonly #parts: ListenerParts;
  #stopped: Promise<void> | undefined;

  constructor(parts: ListenerParts) {
    this.#parts = parts;
  }

  /** Takes no more connections, lets answers under way be finished, then closes what is left. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const { server, file, clients } = this.#parts;
    if (file) await file.remove();
    server.close();
    await clients.stop();
  }
}

/** The sessions of all clients that are connected to a socket. */
export class ClientSessions {
  readonly #limits: typeof DEFAULT_LIMITS;
  readonly #deps: SessionsDeps;
  readonly #budget: ByteBudget;
  readonly #open = new Map<SubmissionSession, { socket: Socket; done: Promise<void> }>();

  constructor(limits: ClientLimits, deps: SessionsDeps) {
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
    // Whoever may connect decides how many lines there would be.
    this.#deps = { ...deps, logger: limitedLogger(deps.logger) };
    this.#budget = new ByteBudget(this.#limits.maxTotalBytes);
  }

  readonly serve = (socket: Socket): void => {
    if (this.#open.size >= this.#limits.maxClients) {
      socket.on('error', () => {});
      socket.write(`${refusalLine('too many clients are connected: try again later')}\n`);
      void closeStream(socket, { discard: true });
      return;
    }
    const { submissions, logger, makeOpening, byOf } = this.#deps;
    const deps = { submissions, logger, budget: this.#budget, by: byOf(socket), opening: makeOpening?.() };
    const session = new SubmissionSession(socket, this.#limits, deps);
    const done = session.run().finally(() => this.#open.delete(session));
    this.#open.set(session, { socket, done });
  };

  /** Resolves when every session has ended, or has been cut off after the time that stopping may take. */
  async stop(): Promise<void> {
    const open = [...this.#open];
    for (const [session] of open) session.stop();
    const { promise: timeout, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, this.#limits.stopTimeoutMs);
    await Promise.race([timeout, Promise.all(open.map(([, { done }]) => done))]);
    clearTimeout(timer);
    for (const { socket } of this.#open.values()) socket.destroy();
  }
}
