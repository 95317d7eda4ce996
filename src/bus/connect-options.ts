import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { NodeConnectionOptions, TlsOptions } from '@nats-io/transport-node';
import { BusError } from './bus-error.ts';
import { readCredentials, readOptionFile } from './credentials.ts';
import { serverIdentityCheck } from './server-identity.ts';

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

interface TlsFiles {
  readonly rootCaPath: string;
  readonly tlsCertFile: string;
  readonly tlsKeyFile: string;
}

/**
 * How to speak TLS with the broker, or undefined where nothing asks for it (a broker that insists gets it all the
 * same). Throws BusError 'bad-option' for files that cannot be used.
 */
function tlsOptions(files: TlsFiles, servers: readonly string[]): TlsOptions | undefined {
  const { rootCaPath, tlsCertFile, tlsKeyFile } = files;
  const isAsked = servers.some((server) => server.startsWith('tls://'));
  if (!isAsked && !rootCaPath && !tlsCertFile && !tlsKeyFile) return undefined;
  // The client library hands on what it does not know to node:tls.
  return {
    checkServerIdentity: serverIdentityCheck(servers),
    ...(rootCaPath ? { ca: readRoot(rootCaPath) } : {}),
    ...(tlsCertFile || tlsKeyFile ? readPair(tlsCertFile, tlsKeyFile) : {}),
  } as TlsOptions;
}

/** node:tls takes any text for a root certificate, and then trusts nobody. */
function readRoot(path: string): string {
  const pem = readOptionFile(path, 'rootCAPath');
  try {
    new X509Certificate(pem);
    return pem;
  } catch (error) {
    throw new BusError('bad-option', `rootCAPath ${path} holds no certificate in the PEM form`, {
      cause: error,
    });
  }
}

function readPair(certPath: string, keyPath: string): { cert: string; key: string } {
  if (!certPath || !keyPath) {
    const [given, missing] = certPath ? ['tlsCertFile', 'tlsKeyFile'] : ['tlsKeyFile', 'tlsCertFile'];
    throw new BusError(
      'bad-option',
      `${given} is set without ${missing}: a certificate and its key go together`,
    );
  }
  const pair = { cert: readOptionFile(certPath, 'tlsCertFile'), key: readOptionFile(keyPath, 'tlsKeyFile') };
  refuseWhere(
    () => new X509Certificate(pair.cert),
    `tlsCertFile ${certPath} holds no certificate in the PEM form`,
  );
  refuseWhere(
    () => createSecureContext({ key: pair.key }),
    `tlsKeyFile ${keyPath} holds no key without passphrase in the PEM form`,
  );
  refuseWhere(
    () => createSecureContext(pair),
    `tlsKeyFile ${keyPath} is not the key of the certificate in tlsCertFile ${certPath}`,
  );
  return pair;
}

function refuseWhere(attempt: () => unknown, sentence: string): void {
  try {
    attempt();
  } catch (error) {
    throw new BusError('bad-option', sentence, { cause: error });
  }
}
