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
export type SignInLink = Value<typeof SignInLink>;

const ConsoleSession = named(
  'ConsoleSession',
  object({
    id,
    role: Role,
    user: about(orNull(text), 'Whom a trusted proxy named; null for others'),
    passkey: about(orNull(text), 'Name of the passkey that began it; null for others'),
    startedAt: time,
    lastSeenAt: time,
    browser: about(text, 'What it says it is'),
  }),
  'A browser that is signed in to the console',
);
export type ConsoleSession = Value<typeof ConsoleSession>;

const Passkey = named(
  'Passkey',
  object({
    id,
    name: text,
    role: Role,
    site: about(text, 'The host name at which it signs in'),
    createdAt: time,
    lastUsedAt: about(orNull(time), 'ms since 1970; null = never'),
  }),
  'A passkey that signs its operator in to the console',
);
export type Passkey = Value<typeof Passkey>;

/** Who is signed in to the console, and who can sign in with a passkey. */
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
  passkeys: {
    does: 'GET /v1/console/passkeys',
    summary: 'Passkeys that sign in to the console',
    answer: list(Passkey),
  },
  renamePasskey: {
    does: 'POST /v1/console/passkeys/{id}/rename',
    summary: 'Give a passkey of the console another name: {"name": "anna\'s laptop"}',
    body: about(object({ name: text }), 'Its new name'),
    answer: Passkey,
  },
  removePasskey: {
    does: 'POST /v1/console/passkeys/{id}/remove',
    summary: 'Remove a passkey of the console, and end its sessions at once',
    answer: Passkey,
  },
} as const satisfies Readonly<Record<string, OperationRow>>;
