import type { OperationRow } from './operation.ts';
import { about, choice, id, list, named, object, orNull, text, time, type Value } from './schema.ts';

const Role = named('Role', choice('act', 'look'), 'act may do everything; look changes nothing');
/** What somebody who is signed in to the console may do. */
export type Role = Value<typeof Role>;

const SignInLink = named(
  'SignInLink',
  object({ url: text, role: Role, expiresAt: time }),
  'A link that signs one browser in to the console, once',
);
/** A link that signs one browser in to the console, once. */
export type SignInLink = Value<typeof SignInLink>;

const ConsoleSession = named(
  'ConsoleSession',
  object({
    id,
    role: Role,
    user: about(orNull(text), 'Whom a trusted proxy named; null for a session of a link'),
    startedAt: time,
    lastSeenAt: time,
    browser: about(text, 'What it says it is'),
  }),
  'A browser that is signed in to the console',
);
/** A browser that is signed in to the console. */
export type ConsoleSession = Value<typeof ConsoleSession>;

/** Who is signed in to the console. */
export const SESSION_OPERATIONS = {
  signInLink: {
    does: 'POST /v1/console/links',
    summary: 'A link that signs one browser in to the console, within a minute',
    query: object({}, { role: about(choice('act', 'look'), { description: 'Role', default: 'act' }) }),
    answer: SignInLink,
  },
  sessions: {
    does: 'GET /v1/console/sessions',
    summary: 'Browsers that are signed in to the console',
    answer: list(ConsoleSession),
  },
  endSession: {
    does: 'POST /v1/console/sessions/{id}/end',
    summary: 'Sign a browser out of the console, at once',
    answer: ConsoleSession,
  },
} as const satisfies Readonly<Record<string, OperationRow>>;
