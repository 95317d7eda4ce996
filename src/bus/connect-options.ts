import { readFileSync } from 'node:fs';
import { type NodeConnectionOptions, nkeyAuthenticator, type TlsOptions } from '@nats-io/transport-node';
import { BusError } from './bus-error.ts';
import { serverIdentityCheck } from './server-identity.ts';

/** How to reach the broker. */
export interface BusOptions {
  /** The node's name, shown in the broker's list of connections. */
  readonly nodeName: string;
  /** One address or several, separated by commas: host:port, nats://host:port or tls://host:port. */
  readonly brokerAddress: string;
  readonly connectTimeoutMs: number;
  readonly retryIntervalMs: number;
  readonly reconnectJitterMs: number;
  readonly reconnectJitterTlsMs: number;
  /** Path of a private root certificate (PEM), or empty. */
  readonly rootCaPath: string;
  /** Path of the seed file of an nkey, or empty. */
  readonly nkeySeedFile: string;
}

/** Makes the client's options. Throws BusError 'bad-option' where a file cannot be read. */
export function connectOptions(options: BusOptions): NodeConnectionOptions {
  const servers = options.brokerAddress.split(',').map((server) => server.trim());
  const usesTls = options.rootCaPath !== '' || servers.some((server) => server.startsWith('tls://'));
  return {
    servers,
    name: options.nodeName,
    timeout: options.connectTimeoutMs,
    reconnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: options.retryIntervalMs,
    reconnectJitter: options.reconnectJitterMs,
    reconnectJitterTLS: options.reconnectJitterTlsMs,
    ignoreAuthErrorAbort: true,
    noAsyncTraces: true,
    // A cut link is noticed within a minute, without costing a satellite link much.
    pingInterval: 20_000,
    maxPingOut: 2,
    ...(usesTls ? { tls: tlsOptions(options, servers) } : {}),
    ...(options.nkeySeedFile ? { authenticator: nkeyAuthenticator(readSeed(options.nkeySeedFile)) } : {}),
    ...credentials(servers),
  };
}

/** The client library hands on what it does not know to node:tls. */
function tlsOptions(options: BusOptions, servers: readonly string[]): TlsOptions {
  return {
    checkServerIdentity: serverIdentityCheck(servers),
    ...(options.rootCaPath ? { ca: readText(options.rootCaPath, 'rootCAPath') } : {}),
  } as TlsOptions;
}

function readSeed(path: string): Uint8Array {
  const seed = /^SU[A-Z2-7]{56}$/m.exec(readText(path, 'nkeySeedFile'));
  if (seed) return new TextEncoder().encode(seed[0]);
  throw new BusError(
    'bad-option',
    `nkeySeedFile ${path} holds no user seed: it must have a line that begins with SU, as \`nk -gen user\` prints`,
  );
}

function readText(path: string, option: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new BusError('bad-option', `${option} ${path} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** User and password of the first address that carries them (nats://user:password@host). */
function credentials(servers: string[]): { user?: string; pass?: string } {
  for (const server of servers) {
    const found = /^(?:\w+:\/\/)?([^:@/]+):([^@/]*)@/.exec(server);
    if (found) return { user: decodeURIComponent(found[1]!), pass: decodeURIComponent(found[2]!) };
  }
  return {};
}
