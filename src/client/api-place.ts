import type { NetConnectOpts } from 'node:net';
import { shortSocketPath } from '../lib/short-socket-path.ts';
import { ApiError } from './api-error.ts';

/** Where the API of a node is: its unix socket, or an http URL with the token that it asks for ('' = none). */
export type ApiPlace = { readonly socketPath: string } | { readonly url: string; readonly token: string };

/** A place as people write it. */
export function showApiPlace(place: ApiPlace): string {
  return 'url' in place ? place.url : place.socketPath;
}

/** What is needed to connect to a place, and the headers of every request. */
export interface PlaceOptions {
  readonly place: NetConnectOpts;
  readonly headers: Readonly<Record<string, string>>;
}

/** How a place is reached. Throws ApiError for a URL that is none. */
export function placeOptions(place: ApiPlace): PlaceOptions {
  if ('socketPath' in place)
    return { place: { path: shortSocketPath(place.socketPath) }, headers: { Host: 'steward' } };
  const url = URL.parse(/^[a-z]+:\/\//i.test(place.url) ? place.url : `http://${place.url}`);
  if (url === null || url.protocol !== 'http:' || url.hostname === '') {
    throw new ApiError(
      'bad-request',
      `the address of the API is ${JSON.stringify(place.url)}: give it as http://host:port, like the node's -apiListener`,
    );
  }
  const { token } = place;
  return {
    place: {
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? 80 : Number(url.port),
    },
    headers: { Host: url.host, ...(token === '' ? {} : { Authorization: `Bearer ${token}` }) },
  };
}

/** What a failed connection means, as a sentence with a way out. */
export function connectionFault(place: ApiPlace, cause: NodeJS.ErrnoException): ApiError {
  const where = showApiPlace(place);
  const text = FAULTS[cause.code ?? ''] ?? `cannot be reached: ${cause.message}`;
  const code = cause.code === 'EACCES' || cause.code === 'EPERM' ? 'unauthorized' : 'unreachable';
  const wayOut =
    'url' in place
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
