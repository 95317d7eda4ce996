import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import { isIP } from 'node:net';

/** A certificate and its key, in PEM. */
export interface CertifiedKey {
  readonly certificate: string;
  readonly key: string;
}

interface Validity {
  readonly from: Date;
  readonly to: Date;
}

const ECDSA_SHA256 = '1.2.840.10045.4.3.2';
const COMMON_NAME = '2.5.4.3';

/** Makes an authority that vouches for servers; its key may sign other things too. */
export function makeAuthority(name: string, validity: Validity): CertifiedKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const extensions = [
    extension('2.5.29.19', sequence(boolean(true), integer(Uint8Array.of(0))), true),
    // keyCertSign, and digitalSignature.
    extension('2.5.29.15', bitString(Uint8Array.of(0b1000_0100), 2), true),
    extension('2.5.29.14', octetString(keyId(privateKey))),
  ];
  const parts = { subject: name, issuer: name, issuerKey: privateKey, key: privateKey, validity, extensions };
  return certify(parts);
}

/** Makes a server's certificate for host names and addresses, signed by an authority. */
export function makeServerCertificate(
  { name, hosts, validity }: { name: string; hosts: readonly string[]; validity: Validity },
  authority: { readonly name: string; readonly key: KeyObject },
): CertifiedKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const extensions = [
    extension('2.5.29.19', sequence(), true),
    extension('2.5.29.15', bitString(Uint8Array.of(0b1000_0000), 7), true),
    extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1'))),
    extension('2.5.29.35', sequence(der(0x80, keyId(authority.key)))),
    extension('2.5.29.17', sequence(...hosts.map(alternativeName))),
  ];
  const parts = {
    subject: name,
    issuer: authority.name,
    issuerKey: authority.key,
    key: privateKey,
    validity,
  };
  return certify({ ...parts, extensions });
}

interface Parts {
  readonly subject: string;
  readonly issuer: string;
  readonly issuerKey: KeyObject;
  readonly key: KeyObject;
  readonly validity: Validity;
  readonly extensions: readonly Der[];
}

function certify({ subject, issuer, issuerKey, key, validity, extensions }: Parts): CertifiedKey {
  const algorithm = sequence(oid(ECDSA_SHA256));
  // The first bit of a serial number is its sign, and none must be negative.
  const serial = randomBytes(16);
  serial[0]! &= 0x7f;
  const content = sequence(
    der(0xa0, integer(Uint8Array.of(2))),
    integer(serial),
    algorithm,
    nameOf(issuer),
    sequence(time(validity.from), time(validity.to)),
    nameOf(subject),
    createPublicKey(key).export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  );
  const signed = sequence(content, algorithm, bitString(sign('sha256', content, issuerKey)));
  return { certificate: pem(signed), key: key.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

function nameOf(commonName: string): Der {
  return sequence(setOf(sequence(oid(COMMON_NAME), utf8String(commonName))));
}

function extension(id: string, value: Der, isCritical = false): Der {
  return sequence(oid(id), ...(isCritical ? [boolean(true)] : []), octetString(value));
}

function keyId(key: KeyObject): Buffer {
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' });
  return createHash('sha1').update(publicKey).digest();
}

function alternativeName(host: string): Der {
  if (isIP(host) === 0) return der(0x82, Buffer.from(host));
  return der(0x87, addressBytes(host));
}

/** The bytes of an address: 4, or 16. */
function addressBytes(address: string): Uint8Array {
  if (isIP(address) === 4) return Uint8Array.from(address.split('.').map(Number));
  const [head = '', tail] = address.replace(/%.*$/, '').split('::');
  const words = (text: string) => (text === '' ? [] : text.split(':').flatMap(wordsOf));
  const [before, after] = [words(head), words(tail ?? '')];
  const gap = new Array<number>(8 - before.length - after.length).fill(0);
  return Uint8Array.from([...before, ...gap, ...after].flatMap((word) => [word >> 8, word & 255]));
}

function wordsOf(group: string): number[] {
  if (!group.includes('.')) return [Number.parseInt(group, 16)];
  const [a, b, c, d] = group.split('.').map(Number);
  return [(a! << 8) | b!, (c! << 8) | d!];
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** A value in DER, as certificates are made of. */
type Der = Buffer;

/** A value of any tag. */
function der(tag: number, ...parts: readonly Uint8Array[]): Der {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), lengthOf(body.length), body]);
}

/** Values in their order. */
function sequence(...parts: readonly Uint8Array[]): Der {
  return der(0x30, ...parts);
}

/** A set of one value. */
function setOf(part: Uint8Array): Der {
  return der(0x31, part);
}

/** A whole number that is not negative, from its bytes. */
function integer(bytes: Uint8Array): Der {
  const start = bytes.findIndex((byte) => byte !== 0);
  const plain = start < 0 ? Uint8Array.of(0) : bytes.subarray(start);
  return plain[0]! & 0x80 ? der(0x02, Uint8Array.of(0), plain) : der(0x02, plain);
}

/** An object identifier such as `2.5.29.17`. */
function oid(text: string): Der {
  const [first, second, ...rest] = text.split('.').map(Number);
  return der(0x06, Uint8Array.from([first! * 40 + second!, ...rest.flatMap(base128)]));
}

/** A string of whole bytes, or with some bits unused in its last one. */
function bitString(bytes: Uint8Array, unusedBits = 0): Der {
  return der(0x03, Uint8Array.of(unusedBits), bytes);
}

function octetString(bytes: Uint8Array): Der {
  return der(0x04, bytes);
}

function utf8String(text: string): Der {
  return der(0x0c, Buffer.from(text));
}

function boolean(isTrue: boolean): Der {
  return der(0x01, Uint8Array.of(isTrue ? 0xff : 0));
}

/** A time to the second: with two digits of the year up to 2049, as certificates must have it. */
function time(date: Date): Der {
  const text = `${date.toISOString().replace(/[-:T]|\.\d+/g, '')}`;
  return date.getUTCFullYear() < 2050 ? der(0x17, Buffer.from(text.slice(2))) : der(0x18, Buffer.from(text));
}

function lengthOf(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length);
  const bytes = length < 0x100 ? [length] : [length >> 8, length & 255];
  return Uint8Array.of(0x80 | bytes.length, ...bytes);
}

function base128(value: number): number[] {
  const digits = [value & 127];
  for (let rest = value >> 7; rest > 0; rest >>= 7) digits.unshift((rest & 127) | 128);
  return digits;
}
