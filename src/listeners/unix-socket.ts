import { createServer, type Server } from 'node:net';
import { processConnections } from '../lib/connection-budget.ts';
import { keepSocketFile } from '../lib/kept-socket-file.ts';
import { localUser } from '../lib/local-user.ts';
import type { SocketFile } from '../lib/socket-file.ts';
import { type ClientLimits, ClientSessions, type SessionsDeps } from './client-sessions.ts';

/** Where to listen, and how much clients may send. */
export interface UnixListenerOptions extends ClientLimits {
  readonly path: string;
}

/**
 * Listens on a unix socket for submissions of messages and answers each with a line of JSON.
 *
 * A submission is a JSON list or object, or everything else up to the client's half-close or a second of silence.
 * Throws ListenError when the socket cannot be had.
 */
export async function startUnixListener(
  options: UnixListenerOptions,
  deps: Omit<SessionsDeps, 'makeOpening' | 'byOf'>,
): Promise<UnixListener> {
  const server = createServer({ allowHalfOpen: true });
  const clients = new ClientSessions(options, { ...deps, byOf: localUser });
  // Before the socket can be found, for a client may be there at once.
  server.on('connection', clients.serve);
  processConnections.watch(server, deps.logger);
  const file = await keepSocketFile(server, options.path, deps.logger);
  server.on('error', (error) =>
    deps.logger.error({ err: error }, 'the unix socket cannot take a connection'),
  );
  return new UnixListener(options.path, { server, file, clients });
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
