import { type KeyObject, randomBytes, verify } from 'node:crypto';
import { isSameSecret } from '../lib/is-same-secret.ts';
import { publicKeyOf } from '../lib/nkey.ts';
import type { BrokerUser } from './broker-options.ts';
import type { ClientOptions } from './client-options.ts';
import { Permissions } from './permissions.ts';

/** Somebody who signed in. */
export interface SignedIn {
  /** The name of the user; '' for one without. */
  readonly name: string;
  readonly permissions: Permissions | undefined;
  /** Whether it was by an nkey, which no other user has. */
  readonly hasKey: boolean;
}

interface KnownUser extends SignedIn {
  readonly user: BrokerUser;
  readonly key: KeyObject | undefined;
}

const ANYBODY: SignedIn = { name: '', permissions: undefined, hasKey: false };
const NONCE_BYTES = 16;

/** Knows who may connect. */
export class SignIn {
  readonly #token: string | undefined;
  #users: readonly KnownUser[] | undefined;
  #byNkey = new Map<string, KnownUser>();
  #byName = new Map<string, KnownUser>();

  /** Takes users that were checked. */
  constructor({ users, token }: { users?: readonly BrokerUser[] | undefined; token?: string | undefined }) {
    this.#token = token;
    if (users !== undefined) this.replaceUsers(users);
  }

  /** Whether clients have to sign in. */
  get isRequired(): boolean {
    return this.#users !== undefined || this.#token !== undefined;
  }

  replaceUsers(users: readonly BrokerUser[]): void {
    this.#users = users.map(toKnown);
    this.#byNkey = new Map(
      this.#users.flatMap((known) => (known.user.nkey ? [[known.user.nkey, known]] : [])),
    );
    this.#byName = new Map(
      this.#users.flatMap((known) => (known.user.password === undefined ? [] : [[known.name, known]])),
    );
  }

  /** What a client that has an nkey must sign. */
  nonce(): string {
    return randomBytes(NONCE_BYTES).toString('base64url');
  }

  /** Who this is; undefined: nobody who may connect. */
  check(client: ClientOptions, nonce: string): SignedIn | undefined {
    if (!this.isRequired) return ANYBODY;
    if (client.nkey !== '') return this.#checkNkey(client, nonce);
    if (this.#token !== undefined && client.auth_token !== '') {
      return isSameSecret(client.auth_token, this.#token) ? ANYBODY : undefined;
    }
    const known = this.#byName.get(client.user);
    // A name that is not known takes as long as one that is.
    const isRight = isSameSecret(client.pass, known?.user.password ?? '');
    return known !== undefined && isRight ? known : undefined;
  }

  /** The same one after the users were replaced, with the permissions of now; undefined: not let in any more. */
  again(signedIn: SignedIn): SignedIn | undefined {
    if (!this.isRequired) return ANYBODY;
    if (signedIn === ANYBODY) return this.#token === undefined ? undefined : ANYBODY;
    const { user } = signedIn as KnownUser;
    const known = user.nkey ? this.#byNkey.get(user.nkey) : this.#byName.get(user.name);
    return known?.name === user.name && known.user.password === user.password ? known : undefined;
  }

  #checkNkey({ nkey, sig }: ClientOptions, nonce: string): SignedIn | undefined {
    const known = this.#byNkey.get(nkey);
    if (known?.key === undefined) return undefined;
    const signature = Buffer.from(sig, 'base64url');
    return verify(null, Buffer.from(nonce), known.key, signature) ? known : undefined;
  }
}

function toKnown(user: BrokerUser): KnownUser {
  const permissions = user.permissions && new Permissions(user.permissions);
  const key = user.nkey ? publicKeyOf(user.nkey) : undefined;
  return { name: user.name, user, permissions, key, hasKey: key !== undefined };
}
