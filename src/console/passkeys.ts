import type { Operations } from '../contract/contract.ts';
import { notFound, OperationError } from '../contract/operation-error.ts';
import type { Passkey, Role } from '../contract/sessions.ts';
import { newId } from '../lib/new-id.ts';
import { type Store, statement } from '../store/store.ts';
import type { PasskeyKey } from './webauthn.ts';

/** More passkeys than this are not kept. */
const MOST = 100;
const MAX_NAME = 80;

/** A passkey with what is needed to verify it. */
interface KeptPasskey extends Passkey {
  /** Its id at the authenticator, base64url. */
  readonly credential: string;
  readonly publicKey: Uint8Array;
  readonly counter: number;
}

/** What a new passkey is called, what it may do, and where. */
interface NewPasskey extends Omit<PasskeyKey, 'credential'> {
  readonly name: string;
  readonly role: Role;
  readonly site: string;
  readonly credential: string;
}

/** The part of the operations that is about passkeys. */
export type PasskeyOperations = Pick<Operations, 'passkeys' | 'renamePasskey' | 'removePasskey'>;

/** The passkeys of operators, in the database and, once they were asked for, in memory. */
export class Passkeys {
  readonly #store: Pick<Store, 'all' | 'write'>;
  readonly #now: () => number;
  #known: Map<string, KeptPasskey> | undefined;

  constructor(store: Pick<Store, 'all' | 'write'>, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** Every passkey, the oldest first. */
  list(): Passkey[] {
    return [...this.#all().values()].map(shown);
  }

  /** The name of a passkey, undefined where it is gone. */
  nameOf(id: string): string | undefined {
    return this.#all().get(id)?.name;
  }

  /** The passkeys of a site. */
  at(site: string): readonly KeptPasskey[] {
    return [...this.#all().values()].filter((each) => each.site === site);
  }

  /** Keeps a new passkey; resolves when it is on disk. Throws OperationError. */
  async add(made: NewPasskey): Promise<Passkey> {
    const all = this.#all();
    const name = this.#nameFor(made.name);
    if (all.size >= MOST)
      throw new OperationError('bad-request', `there are ${MOST} passkeys: remove one that nobody uses`);
    if ([...all.values()].some(({ credential }) => credential === made.credential))
      throw new OperationError('bad-request', 'this passkey is kept already');
    const passkey = { ...made, name, id: newId(), createdAt: this.#now(), lastUsedAt: null };
    all.set(passkey.id, passkey);
    await this.#write(
      passkey.id,
      `INSERT INTO passkeys (credential, site, name, role, public_key, counter, created_at, id)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[passkey.credential, passkey.site, name, passkey.role, passkey.publicKey],
      ...[passkey.counter, passkey.createdAt],
    );
    return shown(passkey);
  }

  /** Notes that a passkey was used; resolves when that is on disk. */
  async used(id: string, counter: number): Promise<void> {
    const lastUsedAt = this.#now();
    this.#change(id, { counter, lastUsedAt });
    await this.#write(id, 'UPDATE passkeys SET counter = ?, used_at = ? WHERE id = ?', counter, lastUsedAt);
  }

  /** Throws OperationError. */
  async rename(id: string, text: string): Promise<Passkey> {
    const name = text === this.#get(id).name ? text : this.#nameFor(text);
    const renamed = this.#change(id, { name });
    await this.#write(id, 'UPDATE passkeys SET name = ? WHERE id = ?', name);
    return shown(renamed);
  }

  /** Throws OperationError. */
  async remove(id: string): Promise<Passkey> {
    const removed = this.#get(id);
    this.#all().delete(id);
    await this.#write(id, 'DELETE FROM passkeys WHERE id = ?');
    return shown(removed);
  }

  #change(id: string, to: Partial<KeptPasskey>): KeptPasskey {
    const after = { ...this.#get(id), ...to };
    this.#all().set(id, after);
    return after;
  }

  #get(id: string): KeptPasskey {
    const found = this.#all().get(id);
    if (found === undefined) throw notFound('passkey', id);
    return found;
  }

  /** What cannot be written is read anew, as it is on disk. */
  async #write(id: string, sql: string, ...values: (string | number | Uint8Array)[]): Promise<void> {
    await this.#store.write([statement(sql, ...values, id)]).catch((error: unknown) => {
      this.#known = undefined;
      throw error;
    });
  }

  #nameFor(text: string): string {
    const name = text.trim();
    if (name === '' || name.length > MAX_NAME || /\p{C}/u.test(name)) {
      const reason = `the name of a passkey has 1 to ${MAX_NAME} characters, such as "anna's laptop", not ${JSON.stringify(name.slice(0, 100))}`;
      throw new OperationError('bad-request', reason, { field: 'name' });
    }
    if ([...this.#all().values()].some((each) => each.name === name)) {
      const reason = `there is a passkey ${JSON.stringify(name)} already: give another name`;
      throw new OperationError('bad-request', reason, { field: 'name' });
    }
    return name;
  }

  #all(): Map<string, KeptPasskey> {
    this.#known ??= new Map(
      this.#store
        .all<KeptPasskey>(
          `SELECT id, credential, site, name, role, public_key AS publicKey, counter, created_at AS createdAt,
            used_at AS lastUsedAt FROM passkeys ORDER BY id`,
        )
        .map((row) => [row.id, row]),
    );
    return this.#known;
  }
}

/** What operators can ask about passkeys; sessions of one that is removed end at once. */
export function passkeyOperations(
  passkeys: Passkeys,
  sessions: { endOf(passkey: string): void },
): PasskeyOperations {
  return {
    passkeys: async () => passkeys.list(),
    renamePasskey: async (id, { name }) => await passkeys.rename(id, name),
    removePasskey: async (id) => {
      const removed = await passkeys.remove(id);
      sessions.endOf(id);
      return removed;
    },
  };
}

function shown({ id, name, role, site, createdAt, lastUsedAt }: Passkey): Passkey {
  return { id, name, role, site, createdAt, lastUsedAt };
}
