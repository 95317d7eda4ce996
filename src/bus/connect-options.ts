import type { NodeConnectionOptions } from '@nats-io/transport-node';
import { readCredentials } from './credentials.ts';
import { tlsOptions } from './tls-options.ts';

/** The longest time that a timer takes, ms. */
const NEVER_MS = 2 ** 31 - 1;

/** How to reach the broker. */
export interface BusOptions {
  /** The node's name, shown in the broker's list of connections. */
  readonly nodeName: string;
  /** One address or several, separated by commas: host:port, nats://host:port or tls://host:port. */
  readonly brokerAddress: string;
  readonly connectTimeoutMs: number;
  /** How long nothing may come from the broker before the connection is cut, ms. */
  readonly silenceMs: number;
  readonly retryIntervalMs: number;
  readonly reconnectJitterMs: number;
  readonly reconnectJitterTlsMs: number;
  /** Path of a private root certificate (PEM), or empty. */
  readonly rootCaPath: string;
  /** Paths of a certificate to show the broker and of its key (PEM), or both empty. */
  readonly tlsCertFile: string;
  readonly tlsKeyFile: string;
  /** Path of the seed file of an nkey, or empty. */
  readonly nkeySeedFile: string;
  /** Path of a .creds file (a JWT and its seed), or empty; not together with an nkey. */
  readonly credsFile: string;
}

/**
 * Makes the client's options; `learnt` are further brokers of the cluster, as one of them named them. Throws BusError
 * 'bad-option' where a file cannot be used.
 */
export function connectOptions(options: BusOptions, learnt: readonly string[] = []): NodeConnectionOptions {
  const addresses = options.brokerAddress.split(',').map((server) => server.trim());
  // The library keeps addresses in its errors and states, where a password has no place.
  const servers = addresses.map(withoutSignIn);
  const tls = tlsOptions(options, servers);
  const { user, pass, authenticator } = readCredentials(options);
  return {
    servers: [...new Set([...servers, ...learnt])],
    name: options.nodeName,
    timeout: options.connectTimeoutMs,
    // The library does not tell why it fails to reconnect; the bus connects anew, and tells.
    reconnect: false,
    noAsyncTraces: true,
    // The library takes a pong that waits behind our own bytes for one that is lost: the bus looks for itself.
    pingInterval: NEVER_MS,
    ...(tls ? { tls } : {}),
    ...(authenticator ? { authenticator } : {}),
    ...(user === undefined ? {} : { user, pass: pass ?? '' }),
  };
}

/** By how much an attempt to connect is put off at random, so that a fleet does not come all at once, ms. */
export function jitterMs(options: BusOptions): number {
  const { reconnectJitterMs, reconnectJitterTlsMs, rootCaPath, tlsCertFile, brokerAddress } = options;
  const usesTls = rootCaPath !== '' || tlsCertFile !== '' || brokerAddress.includes('tls://');
  return Math.random() * (usesTls ? reconnectJitterTlsMs : reconnectJitterMs);
}

/** The addresses as they may be shown: without user and password. */
export function shownAddress(brokerAddress: string): string {
  return brokerAddress
    .split(',')
    .map((server) => withoutSignIn(server.trim()))
    .join(', ');
}

function withoutSignIn(server: string): string {
  return server.replace(/^(\w+:\/\/)?.*@/, '$1');
}
