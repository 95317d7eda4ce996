import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { fromPublic, fromSeed } from '@nats-io/nkeys';

/** The first byte of an nkey says what it is: the public key of a user, or (with the one before it) its seed. */
const USER = 20 << 3;
const SEED = 18 << 3;
const RAW_BYTES = 32;
/** What stands before the 32 bytes of an ed25519 key in PKCS #8 (RFC 8410). */
const PKCS8_OF_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** A new user's key pair: the seed is the secret, the public key is what a broker is told. */
export function makeUserKey(): { seed: string; publicKey: string } {
  const { d, x } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const raw = (text: string | undefined) => Buffer.from(text!, 'base64url');
  return { seed: toUserSeed(raw(d)), publicKey: toPublicNkey(raw(x)) };
}

/** The seed of a user whose ed25519 key is these 32 bytes. */
export function toUserSeed(rawSeed: Uint8Array): string {
  // Five bits of the second byte's kind follow in the upper bits of the next.
  return encode([SEED | (USER >> 5), (USER & 31) << 3], rawSeed);
}

/** The 32 bytes in a user's seed. */
export function rawSeedOf(seed: string): Uint8Array {
  return decode(seed).slice(2, 2 + RAW_BYTES);
}

/** The public nkey of a user whose ed25519 public key is these 32 bytes. */
export function toPublicNkey(rawPublicKey: Uint8Array): string {
  return encode([USER], rawPublicKey);
}

/** The public key that belongs to a user's seed, or undefined where it is none. */
export function publicKeyOfSeed(seed: string): string | undefined {
  try {
    const key = fromSeed(new TextEncoder().encode(seed)).getPublicKey();
    return key.startsWith('U') ? key : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a text is the public nkey of a user. */
export function isPublicNkey(text: string): boolean {
  if (!/^U[A-Z2-7]{55}$/.test(text)) return false;
  try {
    fromPublic(text);
    return true;
  } catch {
    return false;
  }
}

/** Signs with a user's seed. */
export function signWith(seed: string, text: string): string {
  const der = Buffer.concat([PKCS8_OF_ED25519, rawSeedOf(seed)]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return sign(null, Buffer.from(text), key).toString('base64url');
}

/** Whether a signature is that of the owner of a public nkey. */
export function isSignedBy(publicKey: string, text: string, signature: string): boolean {
  if (!isPublicNkey(publicKey)) return false;
  const x = Buffer.from(decode(publicKey).slice(1, 1 + RAW_BYTES)).toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64url'));
}

function encode(prefix: readonly number[], raw: Uint8Array): string {
  const body = Uint8Array.from([...prefix, ...raw]);
  const sum = crc16(body);
  return base32(Uint8Array.from([...body, sum & 255, sum >> 8]));
}

/** CRC-16/XMODEM, as nkeys have it at their end. */
function crc16(bytes: Uint8Array): number {
  let sum = 0;
  for (const byte of bytes) {
    sum ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) sum = ((sum << 1) ^ (sum & 0x8000 ? 0x1021 : 0)) & 0xffff;
  }
  return sum;
}

function base32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,5}/g) ?? [])
    .map((five) => ALPHABET[Number.parseInt(five.padEnd(5, '0'), 2)])
    .join('');
}

function decode(text: string): Uint8Array {
  const bits = [...text].map((letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, '0')).join('');
  return Uint8Array.from((bits.match(/.{8}/g) ?? []).map((eight) => Number.parseInt(eight, 2)));
}
