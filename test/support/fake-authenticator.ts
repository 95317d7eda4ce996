import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { encode } from 'cborg';

/** What a fake authenticator and its browser say, where that is not what they should. */
export interface Said {
  readonly origin?: string;
  readonly rpId?: string;
  readonly type?: string;
  readonly crossOrigin?: boolean;
  readonly flags?: number;
  readonly counter?: number;
}

const ORIGIN = 'https://example.org';
const RP_ID = 'example.org';
/** Somebody is there, and proved who it is. */
const FLAGS = 0x05;
const HAS_KEY = 0x40;

/** A passkey with a real key, and the browser that it speaks through. */
export class FakeAuthenticator {
  readonly credential = randomBytes(20);
  readonly #key: KeyObject;
  readonly #cose: ReadonlyMap<number, unknown>;

  constructor(algorithm: 'ES256' | 'EdDSA' | 'RS256' = 'ES256') {
    const { publicKey, privateKey } =
      algorithm === 'ES256'
        ? generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
        : algorithm === 'EdDSA'
          ? generateKeyPairSync('ed25519')
          : generateKeyPairSync('rsa', { modulusLength: 2048 });
    this.#key = privateKey;
    this.#cose = coseOf(publicKey);
  }

  /** What the browser answers when it made the passkey. */
  make(challenge: string, said: Said = {}, cose: ReadonlyMap<number, unknown> = this.#cose) {
    const clientData = clientDataOf('webauthn.create', challenge, said);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(this.credential.length);
    const flags = (said.flags ?? FLAGS) | HAS_KEY;
    const head = authenticatorOf({ ...said, flags });
    const authData = Buffer.concat([head, Buffer.alloc(16), length, this.credential, encode(cose)]);
    return { clientData, attestation: Buffer.from(encode({ fmt: 'none', attStmt: {}, authData })) };
  }

  /** What the browser answers when somebody signs in. */
  use(challenge: string, said: Said = {}) {
    const clientData = clientDataOf('webauthn.get', challenge, said);
    const authenticator = authenticatorOf(said);
    const signed = Buffer.concat([authenticator, createHash('sha256').update(clientData).digest()]);
    const digest = this.#key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
    return { clientData, authenticator, signature: sign(digest, signed, this.#key) };
  }
}

/** Bytes as the console's page sends them. */
export function asBase64<T extends Readonly<Record<string, Buffer>>>(answer: T): Record<keyof T, string> {
  const fields = Object.entries(answer).map(([name, bytes]) => [name, bytes.toString('base64url')]);
  return Object.fromEntries(fields) as Record<keyof T, string>;
}

function clientDataOf(asked: string, challenge: string, said: Said): Buffer {
  const { type = asked, origin = ORIGIN, crossOrigin = false } = said;
  return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin }));
}

function authenticatorOf({ rpId = RP_ID, flags = FLAGS, counter = 0 }: Said): Buffer {
  const tail = Buffer.alloc(5);
  tail.writeUInt8(flags);
  tail.writeUInt32BE(counter, 1);
  return Buffer.concat([createHash('sha256').update(rpId).digest(), tail]);
}

function coseOf(key: KeyObject): ReadonlyMap<number, unknown> {
  const { kty, x = '', y = '', n = '', e = '' } = key.export({ format: 'jwk' });
  const bytes = (text: string) => Buffer.from(text, 'base64url');
  if (kty === 'RSA')
    return new Map<number, unknown>([
      [1, 3],
      [3, -257],
      [-1, bytes(n)],
      [-2, bytes(e)],
    ]);
  if (kty === 'OKP')
    return new Map<number, unknown>([
      [1, 1],
      [3, -8],
      [-1, 6],
      [-2, bytes(x)],
    ]);
  return new Map<number, unknown>([
    [1, 2],
    [3, -7],
    [-1, 1],
    [-2, bytes(x)],
    [-3, bytes(y)],
  ]);
}
