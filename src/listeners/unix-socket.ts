import { createServer } from 'node:net';
import { processConnections } from '../lib/connection-budget.ts';
import { keepSocketFile } from '../lib/kept-socket-file.ts';
import { localUser } from '../lib/local-user.ts';
import {
  type ClientLimits,
  ClientSessions,
  type SessionsDeps,
  SubmissionListener,
} from './client-sessions.ts';

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
): Promise<SubmissionListener & { readonly path: string }> {
  const server = createServer({ allowHalfOpen: true });
  const clients = new ClientSessions(options, { ...deps, byOf: localUser });
  // Before the socket can be found, for a client may be there at once.
  server.on('connection', clients.serve);
  processConnections.watch(server, deps.logger);
  const file = await keepSocketFile(server, options.path, deps.logger);
  server.on('error', (error) =>
    deps.logger.error({ err: error }, 'the unix socket cannot take a connection'),
  );
  return Object.assign(new SubmissionListener({ server, file, clients }), { path: options.path });
}
