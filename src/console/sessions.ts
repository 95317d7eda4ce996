import { createHash, randomBytes } from 'node:crypto';
import type { Operations } from '../contract/contract.ts';
import { notFound, OperationError } from '../contract/operation-error.ts';
import type { ConsoleSession, Role, SignInLink } from '../contract/sessions.ts';
import { newId } from '../lib/new-id.ts';

/** How long a link can be used, and how long a session lasts without a request, ms. */
const LINK_MS = 60_000;
const IDLE_MS = 12 * 3_600_000;
/** More links or sessions of one operator than this push out that operator's oldest. */
const MOST_OF_OPERATOR = 20;

/** Who begins a session: somebody whom a proxy names, or whose passkey it is. */
interface Owner {
  readonly role: Role;
  readonly user?: string;
  /** Its id. */
  readonly passkey?: string;
}

interface Session extends Owner {
  readonly id: string;
  /** Whose session it is, as the audit log has it: that user, the passkey, or who made the link. */
  readonly operator: string;
  readonly startedAt: number;
  readonly browser: string;
  lastSeenAt: number;
  /** Aborted when it ends: what is under way for it ends too. */
  readonly over: AbortController;
}

/** What a link was made for, and by whom. */
interface Link {
  readonly role: Role;
  readonly expiresAt: number;
  readonly operator: string;
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
  readonly #links = new Map<string, Link>();
  readonly #sessions = new Map<string, Session>();

  constructor(now: () => number, passkeys: { nameOf(id: string): string | undefined }) {
    this.#now = now;
    this.#passkeys = passkeys;
  }

  /** A code that begins one session within a minute, for whoever makes it. */
  link(role: Role, by = 'unknown'): { code: string; expiresAt: number } {
    const code = newSecret();
    const expiresAt = this.#now() + LINK_MS;
    const link = { role, expiresAt, operator: `link of ${by}` };
    for (const [key, { expiresAt: end }] of this.#links) if (end < this.#now()) this.#links.delete(key);
    for (const [key] of tooMany(this.#links, link)) this.#links.delete(key);
    this.#links.set(digest(code), link);
    return { code, expiresAt };
  }

  /** Begins a session with a code; undefined where it was used, is too old, or never was. */
  begin(code: string, browser: string): BegunSession | undefined {
    const key = digest(code);
    const link = this.#links.get(key);
    this.#links.delete(key);
    if (link === undefined || link.expiresAt < this.#now()) return undefined;
    return this.#begin({ role: link.role }, { operator: link.operator, browser });
  }

  /** Begins a session of somebody who is known. */
  beginFor(owner: Owner, browser: string): BegunSession {
    const { user, passkey = '' } = owner;
    const passkeyName = () => `passkey ${this.#passkeys.nameOf(passkey) ?? passkey}`;
    return this.#begin(owner, { operator: user === undefined ? passkeyName() : `user ${user}`, browser });
  }

  #begin(
    owner: Owner,
    { operator, browser }: { readonly operator: string; readonly browser: string },
  ): BegunSession {
    const now = this.#now();
    const secret = newSecret();
    const times = { startedAt: now, lastSeenAt: now };
    const session = { ...owner, id: newId(), operator, browser: browser.slice(0, 200), ...times };
    this.#endIdle();
    for (const [key, { over }] of tooMany(this.#sessions, session)) {
      this.#sessions.delete(key);
      over.abort();
    }
    this.#sessions.set(digest(secret), { ...session, over: new AbortController() });
    return { secret, role: owner.role };
  }

  /** The session of a secret, which is noted as seen; undefined where there is none (any more). */
  find(secret: string): Session | undefined {
    this.#endIdle();
    const session = this.#sessions.get(digest(secret));
    if (session !== undefined) session.lastSeenAt = this.#now();
    return session;
  }

  /** How long nothing was asked for in a session, ms. */
  idleMs({ lastSeenAt }: Pick<Session, 'lastSeenAt'>): number {
    return this.#now() - lastSeenAt;
  }

  /** Every session, the latest first. */
  list(): ConsoleSession[] {
    this.#endIdle();
    return [...this.#sessions.values()].map(this.#shown).toReversed();
  }

  /** Ends a session by its id, with its event stream. Throws OperationError. */
  end(id: string): ConsoleSession {
    this.#endIdle();
    const found = [...this.#sessions].find(([, session]) => session.id === id);
    if (found === undefined) throw notFound('session', id);
    const [key, session] = found;
    this.#sessions.delete(key);
    session.over.abort();
    return this.#shown(session);
  }

  /** Ends the sessions that a passkey began. */
  endOf(passkey: string): void {
    for (const { id, passkey: own } of [...this.#sessions.values()]) if (own === passkey) this.end(id);
  }

  readonly #shown = ({ over: _, operator: __, user, passkey, ...session }: Session): ConsoleSession => {
    const name = passkey === undefined ? undefined : this.#passkeys.nameOf(passkey);
    return { ...session, user: user ?? null, passkey: name ?? null };
  };

  #endIdle(): void {
    const since = this.#now() - IDLE_MS;
    for (const [key, { lastSeenAt, over }] of this.#sessions) {
      if (lastSeenAt >= since) continue;
      this.#sessions.delete(key);
      over.abort();
    }
  }
}

/** What operators can ask about sessions; `urlOf` is where a code is used, undefined where no console is served. */
export function sessionOperations(
  sessions: Sessions,
  urlOf: ((code: string) => string) | undefined,
): SessionOperations {
  return {
    signInLink: async ({ role = 'act' }, by): Promise<SignInLink> => {
      if (urlOf === undefined) {
        const reason = 'this node serves no console: start it with -webListener=127.0.0.1:8095';
        throw new OperationError('bad-request', reason);
      }
      const { code, expiresAt } = sessions.link(role, by);
      return { url: urlOf(code), role, expiresAt };
    },
    sessions: async () => sessions.list(),
    endSession: async (id) => sessions.end(id),
  };
}

/** The oldest of an operator that have to make room for a new one. */
function tooMany<T extends { readonly operator: string }>(
  map: ReadonlyMap<string, T>,
  { operator }: { readonly operator: string },
): [string, T][] {
  const own = [...map].filter(([, one]) => one.operator === operator);
  return own.slice(0, Math.max(0, own.length - MOST_OF_OPERATOR + 1));
}

function newSecret(): string {
  return randomBytes(24).toString('base64url');
}

function digest(secret: string): string {
  return createHash('sha256').update(secret).digest('base64');
}
