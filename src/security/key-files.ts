import { link, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isPublicNkey, publicKeyOfSeed, toPublicNkey, toUserSeed } from '../lib/nkey.ts';
import { readFault, readPlainFile } from '../lib/plain-file.ts';
import { errorCode, systemFault } from '../lib/system-fault.ts';
import { SecurityError } from './security-error.ts';
import { ed25519PublicKeyOf, ed25519SeedOf } from './ssh-key.ts';

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
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
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
  try {
    return (await readPlainFile(path)).toString('latin1').replaceAll('\r', '');
  } catch (error) {
    throw new SecurityError('unreadable-file', `${path} cannot be read: ${readFault(error)}`, {
      cause: error,
    });
  }
}

async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, 'r');
  await handle.sync();
}
