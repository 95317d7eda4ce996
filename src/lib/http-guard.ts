import type { IncomingHttpHeaders } from 'node:http';
import { isLoopback } from './is-loopback.ts';
import { isSameSecret } from './is-same-secret.ts';

/** Why a request is not served: the HTTP status, a sentence, and headers that belong to it. */
export interface HttpRefusal {
  readonly status: number;
  readonly reason: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface GuardOptions {
  /** Whether the server listens on a loopback address, where being on this machine may be enough. */
  readonly isLoopback: boolean;
  /** What clients must show; what they show on loopback must be this too. '' = none. */
  readonly token: string;
  /** Another one that is let in; what it is good for is not judged here. '' = none. */
  readonly lookToken?: string | undefined;
  /** Whether they must show it on loopback as well: other users of the machine can connect there. */
  readonly tokenOnLoopback?: boolean | undefined;
  /** Whether the server signs people in itself, so that no token is asked for. */
  readonly signsIn?: boolean | undefined;
  /** Whether it is reached by https. */
  readonly isTls?: boolean | undefined;
}

/** What the server knows of one request besides its headers. */
export interface GuardedRequest {
  /** The origin by which browsers reach a proxy that is trusted, where the request came through it. */
  readonly outerOrigin?: string | undefined;
  /** Whether it asks for a page, which links of other sites may lead to: it does nothing. */
  readonly isPage?: boolean;
}

/**
 * Why a request must not be served, judged by its headers, or undefined.
 *
 * Web pages of other origins are kept out, and so are those that had their own name point to this machine: a
 * browser tells both by headers that a page cannot change.
 */
export function httpRefusal(
  headers: IncomingHttpHeaders,
  options: GuardOptions,
  request: GuardedRequest = {},
): HttpRefusal | undefined {
  return originRefusal(headers, options, request) ?? tokenRefusal(headers, options);
}

function originRefusal(
  headers: IncomingHttpHeaders,
  { isLoopback: local, isTls = false }: GuardOptions,
  { outerOrigin, isPage }: GuardedRequest,
) {
  const { host = '', origin } = headers;
  // One that is not this machine's proves its name by the certificate.
  if (outerOrigin === undefined && local && !isTls && host !== '' && !isLoopback(hostnameOf(host))) {
    return forbidden(`this is not the server of ${JSON.stringify(host)}: use 127.0.0.1 or localhost`);
  }
  const expected = outerOrigin ?? `${isTls ? 'https' : 'http'}://${host}`;
  if (origin !== undefined && origin.toLowerCase() !== expected.toLowerCase()) {
    return forbidden(`requests from a page of ${JSON.stringify(origin)} are not served`);
  }
  const site = headers['sec-fetch-site'];
  // Frames are kept out by what is said of the page, and a page that is opened knows nothing yet.
  if (isPage && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document')
    return undefined;
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    return forbidden('requests from a page of another site are not served');
  }
  return undefined;
}

function tokenRefusal({ authorization }: IncomingHttpHeaders, options: GuardOptions) {
  const { isLoopback: local, token, lookToken = '', tokenOnLoopback = false } = options;
  if (options.signsIn) return undefined;
  const known = [token, lookToken].filter((one) => one !== '');
  const isWanted = token !== '' && tokenOnLoopback;
  if (local && (known.length === 0 || (authorization === undefined && !isWanted))) return undefined;
  const given = bearerOf(authorization);
  if (given !== undefined && known.some((one) => isSameSecret(given, one))) return undefined;
  const reason =
    given === undefined ? 'a token is needed: Authorization: Bearer <token>' : 'the token is wrong';
  return { status: 401, reason, headers: { 'WWW-Authenticate': 'Bearer' } };
}

/** The token of an `Authorization` header; undefined for any other one. */
export function bearerOf(authorization: string | undefined): string | undefined {
  return /^bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
}

function forbidden(reason: string): HttpRefusal {
  return { status: 403, reason };
}

/** The host of a Host header, without port and brackets. */
function hostnameOf(host: string): string {
  const found = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(host);
  return found?.[1] ?? found?.[2] ?? '';
}
