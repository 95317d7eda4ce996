import { createHash, randomBytes } from 'node:crypto';
import type { Operations } from '../contract/contract.ts';
import { notFound, OperationError } from '../contract/operation-error.ts';
import type { ConsoleSession, Role, SignInLink } from '../contract/sessions.ts';
import { newId } from '../lib/new-id.ts';

/** How long a link can be used, and how long a session lasts without a request, ms. */
const LINK_MS = 60_000;
const IDLE_MS = 12 * 3_600_000;
/** More links or sessions than this push out the oldest. */
const MOST = 100;
const MOST_OF_OWNER = 10;

/** Who begins a session: somebody whom a proxy names, or whose passkey it is. */
interface Owner {
  readonly role: Role;
  readonly user?: string;
  /** Its id. */
  readonly passkey?: string;
}

interface Session extends Owner {
  readonly id: string;
  readonly startedAt: number;
  readonly browser: string;
  lastSeenAt: number;
  /** Aborted when it ends: what is under way for it ends too. */
  readonly over: AbortController;
}

/** A session that has just begun, with the secret that its browser keeps. */
export interface BegunSession {
  readonly secret: string;
  readonly role: Role;
}

/** The part of the operations that is about sessions. */
export type SessionOperations = Pick<Operations, 'signInLink' | 'sessions' | 'endSession'>;

/** Who is signed in to the console. Kept in memory: a node that starts again has signed everybody out. */
export class Sessions {
  readonly #now: () => number;
  readonly #passkeys: { nameOf(id: string): string | undefined };
  /** By the digest of their secrets, so that no secret stays in memory. */
  readonly #links = new Map<string, { readonly role: Role; readonly expiresAt: number }>();
  readonly #sessions = new Map<string, Session>();

  constructor(now: () => number, passkeys: { nameOf(id: string): string | undefined }) {
    this.#now = now;
    this.#passkeys = passkeys;
  }

  /** A code that begins one session within a minute. */
  link(role: Role): { code: string; expiresAt: number } {
    const code = newSecret();
    const expiresAt = this.#now() + LINK_MS;
    keep(this.#links, digest(code), { role, expiresAt });
    return { code, expiresAt };
  }

  /** Begins a session with a code; undefined where it was used, is too old, or never was. */
  begin(code: string, browser: string): BegunSession | undefined {
    const key = digest(code);
    const link = this.#links.get(key);
    this.#links.delete(key);
    if (link === undefined || link.expiresAt < this.#now()) return undefined;
    return this.#begin({ role: link.role }, browser);
  }

  /** Begins a session of somebody who is known; of many of theirs the oldest ends. */
  beginFor(owner: Owner, browser: string): BegunSession {
    const { user, passkey } = owner;
    const own = this.#live().filter(([, each]) => each.user === user && each.passkey === passkey);
    for (const [, { id }] of own.slice(0, Math.max(0, own.length - MOST_OF_OWNER + 1))) this.end(id);
    return this.#begin(owner, browser);
  }

  #begin(owner: Owner, browser: string): BegunSession {
    const now = this.#now();
    const secret = newSecret();
    const times = { startedAt: now, lastSeenAt: now };
    const session = { ...owner, id: newId(), browser: browser.slice(0, 200), ...times };
    const pushed = keep(this.#sessions, digest(secret), { ...session, over: new AbortController() });
    pushed?.over.abort();
    return { secret, role: owner.role };
  }

  /** The session of a secret, which is noted as seen; undefined where there is none (any more). */
  find(secret: string): Session | undefined {
    const wanted = digest(secret);
    const session = this.#live().find(([key]) => key === wanted)?.[1];
    if (session !== undefined) session.lastSeenAt = this.#now();
    return session;
  }

  /** Every session, the latest first. */
  list(): ConsoleSession[] {
    return this.#live()
      .map(([, session]) => this.#shown(session))
      .toReversed();
  }

  /** Ends a session by its id, with its event stream. Throws OperationError. */
  end(id: string): ConsoleSession {
    const found = this.#live().find(([, session]) => session.id === id);
    if (found === undefined) throw notFound('session', id);
    const [key, session] = found;
    this.#sessions.delete(key);
    session.over.abort();
    return this.#shown(session);
  }

  /** Ends the sessions that a passkey began. */
  endOf(passkey: string): void {
    for (const [, session] of this.#live()) if (session.passkey === passkey) this.end(session.id);
  }

  #shown({ over: _, user, passkey, ...session }: Session): ConsoleSession {
    const name = passkey === undefined ? undefined : this.#passkeys.nameOf(passkey);
    return { ...session, user: user ?? null, passkey: name ?? null };
  }

  #live(): [string, Session][] {
    const since = this.#now() - IDLE_MS;
    for (const [key, { lastSeenAt, over }] of this.#sessions) {
      if (lastSeenAt >= since) continue;
      this.#sessions.delete(key);
      over.abort();
    }
    return [...this.#sessions];
  }
}

/** What operators can ask about sessions; `urlOf` is where a code is used, undefined where no console is served. */
export function sessionOperations(
  sessions: Sessions,
  urlOf: ((code: string) => string) | undefined,
): SessionOperations {
  return {
    signInLink: async ({ role = 'act' }): Promise<SignInLink> => {
      if (urlOf === undefined) {
        const reason = 'this node serves no console: start it with -webListener=127.0.0.1:8095';
        throw new OperationError('bad-request', reason);
      }
      const { code, expiresAt } = sessions.link(role);
      return { url: urlOf(code), role, expiresAt };
    },
    sessions: async () => sessions.list(),
    endSession: async (id) => sessions.end(id),
  };
}

function keep<T>(map: Map<string, T>, key: string, value: T): T | undefined {
  map.set(key, value);
  if (map.size <= MOST) return undefined;
  const [oldest] = map.keys();
  const pushed = map.get(oldest!);
  map.delete(oldest!);
  return pushed;
}

function newSecret(): string {
  return randomBytes(24).toString('base64url');
}

function digest(secret: string): string {
  return createHash('sha256').update(secret).digest('base64');
}
