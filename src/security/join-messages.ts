import { createHash, type KeyObject, randomBytes, sign, verify } from 'node:crypto';
import { isPublicNkey, isSignedBy, publicKeyOfSeed, signWith } from '../lib/nkey.ts';

/** What somebody who joins asks for. */
export interface JoinRequest {
  /** The public key of the token. */
  readonly token: string;
  /** The public key that the node will sign in with. */
  readonly key: string;
  readonly name: string;
  /** Different in each request, so that an answer belongs to one. */
  readonly nonce: string;
}

/** Why somebody is not let in. */
export const REFUSALS = [
  'used',
  'expired',
  'unknown',
  'bad-name',
  'other-name',
  'name-taken',
  'key-taken',
] as const;
export type Refusal = (typeof REFUSALS)[number];

/** What the central node answers. */
export type JoinAnswer =
  | {
      readonly verdict: 'admitted';
      readonly central: string;
      readonly name: string;
      /** Present where the fleet is a closed one. */
      readonly trust?: 'closed';
    }
  | { readonly verdict: Refusal; readonly reason: string };

const REQUEST = 'steward: request to join\n';
const ANSWER = 'steward: answer to a request to join\n';
const MAX_BYTES = 4096;

/** The text of a request, signed with the token and with the node's own key: neither seed travels. */
export function writeRequest(given: { tokenSeed: string; nodeSeed: string; name: string }): string {
  const request: JoinRequest = {
    token: publicKeyOfSeed(given.tokenSeed)!,
    key: publicKeyOfSeed(given.nodeSeed)!,
    name: given.name,
    nonce: randomBytes(16).toString('base64url'),
  };
  const body = JSON.stringify(request);
  const byToken = signWith(given.tokenSeed, REQUEST + body);
  return JSON.stringify({ body, byToken, byKey: signWith(given.nodeSeed, REQUEST + body) });
}

/** Reads a request and checks both signatures; undefined for what is none. */
export function readRequest(payload: Uint8Array): { request: JoinRequest; hash: string } | undefined {
  if (payload.length > MAX_BYTES) return undefined;
  const outer = parseObject(Buffer.from(payload).toString());
  const { body, byToken, byKey } = outer;
  if (typeof body !== 'string' || typeof byToken !== 'string' || typeof byKey !== 'string') return undefined;
  const { token, key, name, nonce } = parseObject(body);
  if (typeof token !== 'string' || typeof key !== 'string') return undefined;
  if (typeof name !== 'string' || typeof nonce !== 'string') return undefined;
  if (!isPublicNkey(token) || !isPublicNkey(key) || token === key) return undefined;
  if (!isSignedBy(token, REQUEST + body, byToken) || !isSignedBy(key, REQUEST + body, byKey))
    return undefined;
  return { request: { token, key, name, nonce }, hash: hashOf(body) };
}

/** The text of an answer to the request of this hash, signed by the broker's authority. */
export function writeAnswer(answer: JoinAnswer, requestHash: string, key: KeyObject): string {
  const body = JSON.stringify({ request: requestHash, ...answer });
  return JSON.stringify({
    body,
    signature: sign('sha256', Buffer.from(ANSWER + body), key).toString('base64url'),
  });
}

/** Reads an answer to a request; undefined for one that is not signed by the authority or answers something else. */
export function readAnswer(text: string, request: string, authority: KeyObject): JoinAnswer | undefined {
  const { body, signature } = parseObject(text);
  if (typeof body !== 'string' || typeof signature !== 'string') return undefined;
  if (!verify('sha256', Buffer.from(ANSWER + body), authority, Buffer.from(signature, 'base64url')))
    return undefined;
  const { request: hash, verdict, central, name, trust, reason } = parseObject(body);
  if (hash !== hashOf(String(parseObject(request).body))) return undefined;
  if (verdict === 'admitted' && typeof central === 'string' && typeof name === 'string')
    return { verdict, central, name, ...(trust === 'closed' && { trust }) };
  const refusal = REFUSALS.find((known) => known === verdict);
  return refusal === undefined ? undefined : { verdict: refusal, reason: String(reason) };
}

function hashOf(body: string): string {
  return createHash('sha256').update(body).digest('base64url');
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
