import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';

/** The first byte of an nkey says what it is: the public key of a user or a server, or (with the one before it) a seed. */
const [USER, SERVER, SEED] = [20 << 3, 13 << 3, 18 << 3];
const [RAW_BYTES, SUM_BYTES] = [32, 2];
/** What stands before the 32 bytes of an ed25519 key in PKCS #8 (RFC 8410). */
const PKCS8_OF_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** A new user's key pair: the seed is the secret, the public key is what a broker is told. */
export function makeUserKey(): { seed: string; publicKey: string } {
  const { d, x } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  return { seed: toUserSeed(bytesOf(d)), publicKey: toPublicNkey(bytesOf(x)) };
}

/** A new name for a server. */
export function makeServerId(): string {
  return encode([SERVER], bytesOf(generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' }).x));
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
  if (!/^SU[A-D][A-Z2-7]{55}$/.test(seed) || !hasGoodSum(seed)) return undefined;
  return toPublicNkey(bytesOf(createPublicKey(privateKeyOf(seed)).export({ format: 'jwk' }).x));
}

/** Whether a text is the public nkey of a user. */
export function isPublicNkey(text: string): boolean {
  return /^U[A-D][A-Z2-7]{54}$/.test(text) && hasGoodSum(text);
}

/** Signs with a user's seed; the signature is base64url, which brokers read. */
export function signWith(seed: string, text: string): string {
  return sign(null, Buffer.from(text), privateKeyOf(seed)).toString('base64url');
}

/** The key with which what the owner of a public nkey signed is checked. */
export function publicKeyOf(publicNkey: string): KeyObject {
  const x = Buffer.from(decode(publicNkey).slice(1, 1 + RAW_BYTES)).toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}

/** Whether a signature, in base64url, is that of the owner of a public nkey. */
export function isSignedBy(publicKey: string, text: string, signature: string): boolean {
  if (!isPublicNkey(publicKey)) return false;
  return verify(null, Buffer.from(text), publicKeyOf(publicKey), Buffer.from(signature, 'base64url'));
}

function privateKeyOf(seed: string): KeyObject {
  const der = Buffer.concat([PKCS8_OF_ED25519, rawSeedOf(seed)]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

function bytesOf(base64url: string | undefined): Buffer {
  return Buffer.from(base64url!, 'base64url');
}

function hasGoodSum(text: string): boolean {
  const bytes = decode(text);
  const [low, high] = bytes.subarray(-SUM_BYTES);
  return crc16(bytes.subarray(0, -SUM_BYTES)) === low! + (high! << 8);
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
