import { createHash } from 'node:crypto';
import { publicKeyOfSeed, rawSeedOf, toUserSeed } from '../lib/nkey.ts';
import { SecurityError } from './security-error.ts';

/** What lets one machine join: whoever has its text may do so once, until its time is over. */
export interface JoinToken {
  /** The seed of the key that stands for the token; it never travels. */
  readonly seed: string;
  /** SHA-256 of the certificate of the authority that the broker must be vouched for by. */
  readonly authority: Uint8Array;
  /** When it ends, unix s. */
  readonly expiresAt: number;
  /** The node that it is for; '' = any. */
  readonly name: string;
}

const VERSION = 1;
const MARK = 'J';
const SEED_AT = 1;
const AUTHORITY_AT = 33;
const EXPIRY_AT = 65;
const NAME_AT = 69;
const SUM_BYTES = 4;

/** The text of a token, as it is pasted into a command line. */
export function encodeToken({ seed, authority, expiresAt, name }: JoinToken): string {
  const expiry = Buffer.alloc(4);
  expiry.writeUInt32BE(expiresAt);
  const body = Buffer.concat([Buffer.of(VERSION), rawSeedOf(seed), authority, expiry, Buffer.from(name)]);
  return `${MARK}${Buffer.concat([body, sumOf(body)]).toString('base64url')}`;
}

/** Reads a token back. Throws SecurityError 'bad-token' for a text that is none, or not the whole one. */
export function decodeToken(text: string): JoinToken {
  const bytes = Buffer.from(text.slice(MARK.length), 'base64url');
  const body = bytes.subarray(0, -SUM_BYTES);
  const isWhole =
    text === `${MARK}${bytes.toString('base64url')}` &&
    body.length >= NAME_AT &&
    sumOf(body).equals(bytes.subarray(-SUM_BYTES));
  if (!isWhole)
    throw new SecurityError(
      'bad-token',
      'this is not a whole token: copy all of the line that steward up or steward invite printed',
    );
  if (body[0] !== VERSION)
    throw new SecurityError(
      'bad-token',
      `this token is of version ${body[0]}, and this program knows ${VERSION}: install the version that the central node has`,
    );
  return {
    seed: toUserSeed(body.subarray(SEED_AT, AUTHORITY_AT)),
    authority: new Uint8Array(body.subarray(AUTHORITY_AT, EXPIRY_AT)),
    expiresAt: body.readUInt32BE(EXPIRY_AT),
    name: body.subarray(NAME_AT).toString(),
  };
}

/** The public key that the central node knows a token by. */
export function tokenKeyOf({ seed }: Pick<JoinToken, 'seed'>): string {
  return publicKeyOfSeed(seed)!;
}

function sumOf(body: Uint8Array): Buffer {
  return createHash('sha256').update('steward token').update(body).digest().subarray(0, SUM_BYTES);
}
