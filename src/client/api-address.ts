import type { NetConnectOpts } from 'node:net';
import { shortSocketPath } from '../lib/short-socket-path.ts';
import { ApiError } from './api-error.ts';

/** Where the API of a node is: its unix socket, or an http URL with the token that it asks for ('' = none). */
export type ApiAddress = { readonly socketPath: string } | { readonly url: string; readonly token: string };

/** An address as people write it. */
export function showApiAddress(address: ApiAddress): string {
  return 'url' in address ? address.url : address.socketPath;
}

/** What is needed to connect to an address, and the headers of every request. */
export interface ConnectOptions {
  readonly connect: NetConnectOpts;
  readonly headers: Readonly<Record<string, string>>;
}

/** How an address is reached. Throws ApiError for a URL that is none. */
export function connectOptions(address: ApiAddress): ConnectOptions {
  if ('socketPath' in address)
    return { connect: { path: shortSocketPath(address.socketPath) }, headers: { Host: 'steward' } };
  const url = URL.parse(/^[a-z]+:\/\//i.test(address.url) ? address.url : `http://${address.url}`);
  if (url === null || url.protocol !== 'http:' || url.hostname === '') {
    throw new ApiError(
      'bad-request',
      `the address of the API is ${JSON.stringify(address.url)}: give it as http://host:port, like the node's -apiListener`,
    );
  }
  const { token } = address;
  return {
    connect: { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port === '' ? 80 : Number(url.port) },
    headers: { Host: url.host, ...(token === '' ? {} : { Authorization: `Bearer ${token}` }) },
  };
}

/** What a failed connection means, as a sentence with a way out. */
export function connectionFault(address: ApiAddress, cause: NodeJS.ErrnoException): ApiError {
  const where = showApiAddress(address);
  const text = FAULTS[cause.code ?? ''] ?? `cannot be reached: ${cause.message}`;
  const code = cause.code === 'EACCES' || cause.code === 'EPERM' ? 'unauthorized' : 'unreachable';
  const wayOut =
    'url' in address
      ? 'is the node running, with -apiListener at this address?'
      : code === 'unauthorized'
        ? 'run this as the user that the node runs as, or with sudo'
        : 'is the node running? Start it, or name its socket with --socket';
  return new ApiError(code, `${where} ${text}; ${wayOut}`, { cause });
}

const FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'is not there',
  ENOTSOCK: 'is not a socket',
  ECONNREFUSED: 'is there, but no node listens on it',
  EACCES: 'may not be used by you',
  EPERM: 'may not be used by you',
  ENOTFOUND: 'names a host that is not known',
  EAI_AGAIN: 'names a host that could not be looked up',
  ETIMEDOUT: 'does not answer',
  EHOSTUNREACH: 'cannot be reached from here',
  ENETUNREACH: 'cannot be reached from here',
  EAGAIN: 'takes no more connections at the moment',
};
