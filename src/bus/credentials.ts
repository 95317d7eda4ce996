import type { Authenticator } from '@nats-io/transport-node';
import { publicKeyOfSeed, signWith } from '../lib/nkey.ts';
import { readFault, readPlainFileSync } from '../lib/plain-file.ts';
import { BusError } from './bus-error.ts';

/** How a node makes itself known to the broker, and under which name; `none` where nothing is set. */
export interface SignIn {
  readonly way: 'none' | 'password' | 'nkey' | 'creds';
  /** The user, or the public key: what an operator looks for in the broker's configuration. Never a secret. */
  readonly who: string;
  /** When the credentials end, ms since 1970. */
  readonly expiresAt?: number;
}

/** The sign-in with the parts that the client library needs for it. */
export interface Credentials {
  readonly signIn: SignIn;
  readonly user?: string;
  readonly pass?: string;
  readonly authenticator?: Authenticator;
}

interface CredentialOptions {
  readonly nkeySeedFile: string;
  readonly credsFile: string;
  readonly brokerAddress: string;
}

/** Reads what the node signs in with. Throws BusError 'bad-option' for files that cannot be used. */
export function readCredentials(options: CredentialOptions): Credentials {
  const { nkeySeedFile, credsFile, brokerAddress } = options;
  if (nkeySeedFile && credsFile) {
    throw new BusError(
      'bad-option',
      'nkeySeedFile and credsFile are both set, but the broker takes one: leave one of them empty',
    );
  }
  if (nkeySeedFile) return nkeyOf(nkeySeedFile);
  if (credsFile) return credsOf(credsFile);
  return passwordOf(brokerAddress);
}

/** Who the node is for the broker; `none` where the files cannot be read just now. */
export function signInOf(options: CredentialOptions): SignIn {
  try {
    return readCredentials(options).signIn;
  } catch {
    return { way: 'none', who: '' };
  }
}

/** The text of a file that an option names. Throws BusError 'bad-option'. */
export function readOptionFile(path: string, option: string): string {
  try {
    return readPlainFileSync(path).toString();
  } catch (error) {
    throw new BusError('bad-option', `${option} ${path} cannot be read: ${readFault(error)}`, {
      cause: error,
    });
  }
}

function nkeyOf(path: string): Credentials {
  const seed = /^SU[A-Z2-7]{56}$/m.exec(readOptionFile(path, 'nkeySeedFile').replaceAll('\r', ''))?.[0];
  const who = seed && publicKeyOfSeed(seed);
  if (!seed || !who) {
    const advice = 'it must have a line that begins with SU, as `nk -gen user` prints';
    throw new BusError('bad-option', `nkeySeedFile ${path} holds no user seed: ${advice}`);
  }
  return { signIn: { way: 'nkey', who }, authenticator: authenticatorOf(seed, { nkey: who }) };
}

function credsOf(path: string): Credentials {
  const text = readOptionFile(path, 'credsFile').replaceAll('\r', '');
  const bad = (what: string) =>
    new BusError(
      'bad-option',
      `credsFile ${path} ${what}: have it made anew, as \`nsc generate creds\` does`,
    );
  const jwt = block(text, 'NATS USER JWT');
  const seed = block(text, 'USER NKEY SEED');
  if (!jwt) throw bad('holds no user JWT');
  if (!seed) throw bad('holds no user seed');
  const who = publicKeyOfSeed(seed);
  if (!who) throw bad('holds a seed that is damaged');
  const claims = claimsOf(jwt);
  if (!claims) throw bad('holds a JWT that is damaged');
  if (claims.sub !== who) throw bad('holds a seed that does not belong to its JWT');
  const expiry = typeof claims.exp === 'number' ? { expiresAt: claims.exp * 1000 } : {};
  return {
    signIn: { way: 'creds', who, ...expiry },
    authenticator: authenticatorOf(seed, { nkey: who, jwt }),
  };
}

/** The line between the BEGIN and END marks of a .creds file. */
function block(text: string, name: string): string | undefined {
  return new RegExp(`^-+BEGIN ${name}-+\\n\\s*(\\S+)\\s*\\n-+END ${name}-+`, 'm').exec(text)?.[1];
}

/** Signs with the engine's own cryptography: the library's takes 20 ms of the event loop for each connection. */
function authenticatorOf(seed: string, who: { readonly nkey: string; readonly jwt?: string }): Authenticator {
  return (nonce) => ({ ...who, sig: nonce ? signWith(seed, nonce) : '' }) as ReturnType<Authenticator>;
}

function claimsOf(jwt: string): { sub?: unknown; exp?: unknown } | undefined {
  const payload = jwt.split('.')[1] ?? '';
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
    return typeof claims === 'object' && claims !== null ? claims : undefined;
  } catch {
    return undefined;
  }
}

/** User and password of the first address that carries them (nats://user:password@host). */
function passwordOf(brokerAddress: string): Credentials {
  for (const server of brokerAddress.split(',')) {
    const found = /^\s*(?:\w+:\/\/)?([^:@/]+):([^@/]*)@/.exec(server);
    if (!found) continue;
    const [user, pass] = [decodeURIComponent(found[1]!), decodeURIComponent(found[2]!)];
    return { signIn: { way: 'password', who: user }, user, pass };
  }
  return { signIn: { way: 'none', who: '' } };
}
