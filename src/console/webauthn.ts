import { createHash, createPublicKey, type JsonWebKey, type KeyObject, verify } from 'node:crypto';
import { decodeFirst } from 'cborg';

/** What a browser answers when it made a passkey, as WebAuthn level 2 has it (§5.2.1). */
export interface MadePasskey {
  /** The JSON that the browser signs the circumstances with: challenge, origin, and what was asked. */
  readonly clientData: Uint8Array;
  readonly attestation: Uint8Array;
}

/** What a browser answers when somebody signs in with a passkey (§5.2.2). */
export interface Assertion {
  readonly clientData: Uint8Array;
  readonly authenticator: Uint8Array;
  readonly signature: Uint8Array;
}

/** Where the page is that asks: its origin, and the name that passkeys are bound to. */
export interface Site {
  readonly origin: string;
  /** The host name of the origin. */
  readonly rpId: string;
}

/** A passkey as its authenticator describes it. */
export interface PasskeyKey {
  readonly credential: Buffer;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Buffer;
  /** How often it has signed; 0 where the authenticator does not count. */
  readonly counter: number;
}

/** Signature algorithms that are asked for, by their COSE numbers: ES256, EdDSA, RS256. */
export const ALGORITHMS = [-7, -8, -257] as const;

/** What was answered is not what was asked for; the message is the end of a sentence. */
export class WebAuthnError extends Error {
  override name = 'WebAuthnError';
}

/**
 * Reads a passkey that was made for a site, and the challenge that it answers, which is the caller's to judge. What the
 * authenticator says of its maker is not asked for and not read. Throws WebAuthnError.
 */
export function readMadePasskey(
  { clientData, attestation }: MadePasskey,
  site: Site,
): PasskeyKey & { challenge: string } {
  const challenge = challengeOf(clientData, 'webauthn.create', site);
  const authData = readCbor(attestation).get('authData');
  if (!(authData instanceof Uint8Array)) throw new WebAuthnError('has no authenticator data');
  const { counter, rest } = readAuthenticator(authData, site);
  if (rest === undefined) throw new WebAuthnError('names no key');
  // 16 bytes of the authenticator's model, the length of the credential's id, the id, and the key.
  const length = rest.length < 18 ? Number.NaN : rest.readUInt16BE(16);
  if (!(length >= 1 && length <= 1023 && rest.length > 18 + length))
    throw new WebAuthnError('names no credential');
  const credential = rest.subarray(18, 18 + length);
  const key = readCbor(rest.subarray(18 + length));
  const publicKey = publicKeyOf(key).export({ format: 'der', type: 'spki' });
  return { challenge, credential, publicKey, counter };
}

/**
 * Verifies that a passkey signed in to a site, and returns the challenge that it answers, which is the caller's to judge,
 * and its new count. Throws WebAuthnError.
 */
export function verifyAssertion(
  { clientData, authenticator, signature }: Assertion,
  { publicKey, counter: before }: Pick<PasskeyKey, 'publicKey' | 'counter'>,
  site: Site,
): { challenge: string; counter: number } {
  const challenge = challengeOf(clientData, 'webauthn.get', site);
  const key = createPublicKey({ key: publicKey, format: 'der', type: 'spki' });
  const signed = Buffer.concat([authenticator, sha256(clientData)]);
  if (!verify(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', signed, key, signature))
    throw new WebAuthnError('is not signed by this passkey');
  const { counter } = readAuthenticator(authenticator, site);
  // One that counts, and is behind, was copied or replayed.
  if ((counter !== 0 || before !== 0) && counter <= before)
    throw new WebAuthnError(
      `has the count ${counter} after ${before}, so there may be a copy of it: remove it`,
    );
  return { challenge, counter };
}

function challengeOf(clientData: Uint8Array, type: string, site: Site): string {
  const given = readJson(clientData);
  if (given.type !== type)
    throw new WebAuthnError(`is of the type ${JSON.stringify(given.type)}, not ${type}`);
  if (given.origin !== site.origin)
    throw new WebAuthnError(`is for ${JSON.stringify(given.origin)}, not ${site.origin}`);
  if (given.crossOrigin === true) throw new WebAuthnError('is from a frame of another page');
  if (typeof given.challenge !== 'string') throw new WebAuthnError('has no challenge');
  return given.challenge;
}

const PRESENT = 0x01;
const VERIFIED = 0x04;
const HAS_KEY = 0x40;
const HAS_EXTENSIONS = 0x80;

/** Authenticator data (§6.1): the digest of the site's name, flags, the count, and what comes with a new key. */
function readAuthenticator(bytes: Uint8Array, { rpId }: Site): { counter: number; rest: Buffer | undefined } {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (data.length < 37) throw new WebAuthnError('has authenticator data that are too short');
  const flags = data.readUInt8(32);
  if (!data.subarray(0, 32).equals(sha256(Buffer.from(rpId))))
    throw new WebAuthnError(`is for another site than ${rpId}`);
  if ((flags & PRESENT) === 0) throw new WebAuthnError('was made while nobody was there');
  if ((flags & VERIFIED) === 0)
    throw new WebAuthnError('does not say who is there: it has to ask for a finger, a face or a PIN');
  const rest = data.subarray(37);
  if ((flags & (HAS_KEY | HAS_EXTENSIONS)) === 0 && rest.length > 0)
    throw new WebAuthnError('has authenticator data with something behind them');
  return { counter: data.readUInt32BE(33), rest: (flags & HAS_KEY) === 0 ? undefined : rest };
}

const CURVES: Readonly<
  Record<string, { readonly kty: string; readonly crv: string; readonly bytes: number }>
> = {
  '-7 2 1': { kty: 'EC', crv: 'P-256', bytes: 32 },
  '-8 1 6': { kty: 'OKP', crv: 'Ed25519', bytes: 32 },
};
const RSA = { least: 256, most: 1024 };

/** The key of a COSE_Key (RFC 9052 §7, RFC 9053): 1 is its type, 3 the algorithm, -1 to -3 are its parameters. */
function publicKeyOf(cose: ReadonlyMap<unknown, unknown>): KeyObject {
  const bytesAt = (label: number) => {
    const value = cose.get(label);
    return value instanceof Uint8Array ? value : new Uint8Array();
  };
  const [type, algorithm] = [cose.get(1), cose.get(3)];
  if (type === 3 && algorithm === -257) {
    const n = bytesAt(-1);
    if (n.length < RSA.least || n.length > RSA.most)
      throw new WebAuthnError(`has an RSA key of ${n.length * 8} bits`);
    return keyOf({ kty: 'RSA', n: base64url(n), e: base64url(bytesAt(-2)) });
  }
  const curve = CURVES[`${algorithm} ${type} ${cose.get(-1)}`];
  const [x, y] = [bytesAt(-2), bytesAt(-3)];
  if (curve === undefined || x.length !== curve.bytes)
    throw new WebAuthnError(`has a key of the algorithm ${algorithm}, not one of ${ALGORITHMS.join(', ')}`);
  const { kty, crv } = curve;
  return keyOf({ kty, crv, x: base64url(x), ...(kty === 'EC' ? { y: base64url(y) } : {}) });
}

function keyOf(key: JsonWebKey): KeyObject {
  try {
    return createPublicKey({ key, format: 'jwk' });
  } catch (cause) {
    throw new WebAuthnError('has a key that is none', { cause });
  }
}

function readCbor(bytes: Uint8Array): ReadonlyMap<unknown, unknown> {
  try {
    const [value] = decodeFirst(bytes, { useMaps: true, rejectDuplicateMapKeys: true });
    if (value instanceof Map) return value;
  } catch (cause) {
    throw new WebAuthnError('is not CBOR', { cause });
  }
  throw new WebAuthnError('is not a CBOR map');
}

function readJson(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch (cause) {
    throw new WebAuthnError('has client data that are not JSON', { cause });
  }
  throw new WebAuthnError('has client data that are no object');
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}
