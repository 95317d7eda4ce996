import { createServer } from 'node:net';
import { processConnections } from '../lib/connection-budget.ts';
import type { HostAndPort } from '../lib/host-and-port.ts';
import { isLoopback } from '../lib/is-loopback.ts';
import { listenAt } from '../lib/listen-at.ts';
import {
  type ClientLimits,
  ClientSessions,
  type SessionsDeps,
  SubmissionListener,
} from './client-sessions.ts';
import { OpeningLine } from './first-line-token.ts';

/** Where to listen, and how much clients may send. */
export interface TcpListenerOptions extends ClientLimits {
  readonly address: HostAndPort;
  /** What clients must show first where the address is not a loopback address, or there too; '' = none. */
  readonly token: string;
  readonly tokenOnLoopback?: boolean;
}

/**
 * Listens on a TCP port for submissions, and answers them as the unix socket does.
 *
 * On other addresses than loopback the first line of a connection must be `token <value>`; on loopback it may be, or
 * must be where the options say so and there is a token.
 * Throws ListenError when the port cannot be had.
 */
export async function startTcpListener(
  options: TcpListenerOptions,
  deps: Omit<SessionsDeps, 'makeOpening' | 'byOf'>,
): Promise<SubmissionListener & { readonly port: number }> {
  const { address, token, tokenOnLoopback = false } = options;
  const isTokenNeeded = !isLoopback(address.host) || (tokenOnLoopback && token !== '');
  const opening = { token, isTokenNeeded };
  const server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true });
  const clients = new ClientSessions(options, {
    ...{ ...deps, makeOpening: () => new OpeningLine(opening) },
    byOf: ({ remoteAddress }) => `TCP listener from ${remoteAddress}`,
  });
  server.on('connection', clients.serve);
  processConnections.watch(server, deps.logger);
  const port = await listenAt(server, address, '-tcpListener');
  server.on('error', (error) =>
    deps.logger.error({ err: error }, 'the TCP listener cannot take a connection'),
  );
  return Object.assign(new SubmissionListener({ server, clients }), { port });
}
