import { link, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolders } from '../lib/make-folders.ts';
import { isPublicNkey, publicKeyOfSeed, toPublicNkey, toUserSeed } from '../lib/nkey.ts';
import { readNeededFile } from '../lib/plain-file.ts';
import { errorCode, systemFault } from '../lib/system-fault.ts';
import { SecurityError, UNREADABLE } from './security-error.ts';

const SEED = /^\s*(SU[A-Z2-7]{56})\s*$/m;

/**
 * Writes a seed into a file that only its owner may read, and waits until it is on disk. Throws SecurityError
 * 'key-exists' rather than to replace a file, unless `isForced`.
 */
export async function writeSeedFile(
  path: string,
  seed: string,
  { isForced = false }: { isForced?: boolean } = {},
): Promise<void> {
  const place = `${path}.${process.pid}.new`;
  try {
    await makeFolders(dirname(path), 0o700);
    await rm(place, { force: true });
    await using file = await open(place, 'wx', 0o600);
    await file.writeFile(`${seed}\n`);
    await file.sync();
    // Whole or not at all, whenever it is cut off; and a link, unlike a rename, replaces nothing.
    await (isForced ? rename(place, path) : link(place, path));
  } catch (error) {
    if (errorCode(error) === 'EEXIST')
      throw new SecurityError(
        'key-exists',
        `${path} exists, and a key that is overwritten is lost: give another file, or --force`,
      );
    throw new SecurityError('unreadable-file', `${path} cannot be written: ${systemFault(error)}`, {
      cause: error,
    });
  } finally {
    await rm(place, { force: true });
  }
  await syncFolder(dirname(path));
}

/** The seed in a file of `steward keys` or of NATS' tools. Throws SecurityError. */
export async function readSeedFile(path: string): Promise<string> {
  const seed = SEED.exec(await readText(path))?.[1];
  if (seed === undefined || publicKeyOfSeed(seed) === undefined)
    throw new SecurityError(
      'bad-key',
      `${path} holds no user seed: a line of 58 characters that begins with SU`,
    );
  return seed;
}

/**
 * The public nkey that a file stands for: one with a seed, a .creds file, an OpenSSH key (private or .pub), or one that
 * holds a public nkey. Throws SecurityError.
 */
export async function publicKeyOfFile(path: string): Promise<string> {
  const text = await readText(path);
  const seed = SEED.exec(text)?.[1];
  const found = (seed === undefined ? undefined : publicKeyOfSeed(seed)) ?? publicKeyIn(text);
  if (found !== undefined) return found;
  if (!text.includes('PRIVATE KEY') && !/^\s*(ssh|ecdsa|sk)-/.test(text))
    throw new SecurityError(
      'bad-key',
      `${path} holds no key that is known here: a seed (SU...), a .creds file, an OpenSSH ed25519 key or a public nkey (U...)`,
    );
  return publicKeyOfSeed(toUserSeed(ed25519SeedOf(text, path)))!;
}

/** The public nkey that a text stands for: itself, or the line of an ssh-ed25519 .pub file; undefined for others. */
export function publicKeyIn(text: string): string | undefined {
  const trimmed = text.trim();
  if (isPublicNkey(trimmed)) return trimmed;
  const raw = ed25519PublicKeyOf(trimmed);
  return raw === undefined ? undefined : toPublicNkey(raw);
}

/** The user seed made of the ed25519 key in an OpenSSH private key file. Throws SecurityError. */
export async function convertSshKey(path: string): Promise<string> {
  return toUserSeed(ed25519SeedOf(await readText(path), path));
}

async function readText(path: string): Promise<string> {
  return (await readNeededFile(path, UNREADABLE)).replaceAll('\r', '');
}

async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, 'r');
  await handle.sync();
}

const MAGIC = 'openssh-key-v1\0';
const ED25519 = 'ssh-ed25519';

/** The 32 secret bytes of an ed25519 key in the text of an OpenSSH private key file. Throws SecurityError. */
function ed25519SeedOf(text: string, path: string): Uint8Array {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]*?)-----END OPENSSH PRIVATE KEY-----/.exec(
    text,
  )?.[1];
  if (body === undefined) throw otherFile(text, path);
  try {
    return seedIn(Buffer.from(body, 'base64'), path);
  } catch (error) {
    if (error instanceof SecurityError) throw error;
    throw new SecurityError('bad-key', `${path} is damaged: it ends too early for an OpenSSH key`, {
      cause: error,
    });
  }
}

/** The 32 public bytes in a line such as `ssh-ed25519 AAAA... comment`; undefined for any other text. */
function ed25519PublicKeyOf(line: string): Uint8Array | undefined {
  const body = /^\s*ssh-ed25519\s+([A-Za-z0-9+/=]+)/.exec(line)?.[1];
  if (body === undefined) return undefined;
  try {
    const reader = new SshReader(Buffer.from(body, 'base64'));
    const isEd25519 = reader.text() === ED25519;
    const key = reader.bytes();
    return isEd25519 && key.length === 32 ? key : undefined;
  } catch {
    return undefined;
  }
}

function seedIn(bytes: Buffer, path: string): Uint8Array {
  const reader = new SshReader(bytes);
  if (reader.take(MAGIC.length).toString('latin1') !== MAGIC)
    throw new SecurityError('bad-key', `${path} is damaged: it does not begin as an OpenSSH key does`);
  const cipher = reader.text();
  reader.bytes();
  reader.bytes();
  const keys = reader.number();
  const type = new SshReader(reader.bytes()).text();
  if (type !== ED25519) throw otherType(type, path);
  if (cipher !== 'none') throw encrypted(path);
  if (keys !== 1) throw new SecurityError('bad-key', `${path} holds ${keys} keys: give a file with one`);
  const secret = new SshReader(reader.bytes());
  const isWhole = secret.take(4).equals(secret.take(4));
  secret.text();
  const publicKey = secret.bytes();
  const both = secret.bytes();
  const seed = new Uint8Array(both.subarray(0, 32));
  // The secret part holds the public key again behind its 32 bytes.
  if (!isWhole || both.length !== 64 || publicKeyOfSeed(toUserSeed(seed)) !== toPublicNkey(publicKey))
    throw new SecurityError('bad-key', `${path} is damaged: its parts do not belong together`);
  return seed;
}

/** Reads the length-prefixed values of SSH's wire format (RFC 4251, section 5). */
class SshReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  take(count: number): Buffer {
    if (this.#at + count > this.#bytes.length) throw new RangeError('too short');
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  number(): number {
    return this.take(4).readUInt32BE();
  }

  bytes(): Buffer {
    return this.take(this.number());
  }

  text(): string {
    return this.bytes().toString('latin1');
  }
}

function encrypted(path: string): SecurityError {
  const copy = `${path}.plain`;
  return new SecurityError(
    'encrypted-key',
    `${path} is protected by a passphrase: make a copy without one (cp -p ${path} ${copy} && ssh-keygen -p -N '' -f ${copy}), convert that, and delete it`,
  );
}

function otherType(type: string, path: string): SecurityError {
  const name = type
    .replace(/^ssh-/, '')
    .replace(/^ecdsa-.*/, 'ecdsa')
    .replace(/^sk-.*/, 'security-key');
  return new SecurityError(
    'bad-key',
    `${path} is an ${name} key, and an nkey is made of ed25519 ones alone: make one with steward keys make, or with ssh-keygen -t ed25519`,
  );
}

function otherFile(text: string, path: string): SecurityError {
  const kind = /-----BEGIN ((?:[A-Z]+ )?PRIVATE KEY)-----/.exec(text)?.[1];
  if (kind?.startsWith('RSA') || kind?.startsWith('EC') || kind?.startsWith('DSA'))
    return otherType(kind.split(' ')[0]!.toLowerCase(), path);
  const publicType = /^\s*((?:ssh|ecdsa|sk)-\S+) /.exec(text)?.[1];
  if (publicType !== undefined && publicType !== ED25519) return otherType(publicType, path);
  if (publicType !== undefined)
    return new SecurityError(
      'bad-key',
      `${path} is a public key: give the private one, the same name without .pub`,
    );
  const wayOut = kind ? ': write it in the format of OpenSSH (ssh-keygen -p -f FILE does)' : '';
  return new SecurityError('bad-key', `${path} is no OpenSSH private key${wayOut}`);
}
