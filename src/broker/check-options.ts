import { isPublicNkey } from '../lib/nkey.ts';
import { BrokerError } from './broker-error.ts';
import {
  BROKER_LIMITS,
  type BrokerLimits,
  type BrokerOptions,
  type BrokerPermissions,
  type BrokerUser,
  MAX_PAYLOAD_LIMIT,
} from './broker-options.ts';
import { isSubject, wireText } from './subject.ts';

const MAX_LIMITS: Partial<Record<keyof BrokerLimits, number>> = {
  maxPayloadBytes: MAX_PAYLOAD_LIMIT,
  maxControlLineBytes: 32 * 1024,
};
const MAX_NUMBER = 2 ** 31 - 1;

/** The limits that the options ask for, with defaults. Throws BrokerError. */
export function limitsOf(options: BrokerOptions): BrokerLimits {
  const limits: Record<string, number> = {};
  for (const key of Object.keys(BROKER_LIMITS) as (keyof BrokerLimits)[]) {
    const value = options[key] ?? BROKER_LIMITS[key];
    const max = MAX_LIMITS[key] ?? MAX_NUMBER;
    if (!Number.isSafeInteger(value) || value < 1 || value > max) {
      throw new BrokerError('bad-option', `${key} is ${value}: it must be a whole number from 1 to ${max}`);
    }
    limits[key] = value;
  }
  return limits as unknown as BrokerLimits;
}

/** Checks users before they are let in. Throws BrokerError, which names the user and what is wrong. */
export function checkUsers(users: readonly BrokerUser[]): void {
  const names = new Set<string>();
  const nkeys = new Set<string>();
  for (const user of users) {
    checkUser(user);
    if (names.has(user.name)) throw userFault(user.name, 'is there twice: give each user a name of its own');
    if (user.nkey !== undefined && nkeys.has(user.nkey))
      throw userFault(user.name, `has the nkey of another user, ${user.nkey}: give each user its own`);
    names.add(user.name);
    if (user.nkey !== undefined) nkeys.add(user.nkey);
  }
}

function checkUser({ name, nkey, password, permissions }: BrokerUser): void {
  if (name === '') throw new BrokerError('bad-users', 'a user has no name: give each a name');
  if (nkey === undefined && password === undefined)
    throw userFault(name, 'has neither nkey nor password: give it one of them');
  if (nkey !== undefined && password !== undefined)
    throw userFault(name, 'has both nkey and password: leave one out');
  if (nkey !== undefined && !isPublicNkey(nkey))
    throw userFault(name, `has ${JSON.stringify(nkey)} as nkey, which is no public key of a user (U...)`);
  if (password === '') throw userFault(name, 'has an empty password: give it another');
  if (permissions !== undefined) checkPermissions(name, permissions);
}

function checkPermissions(name: string, permissions: BrokerPermissions): void {
  for (const kind of ['publish', 'subscribe'] as const) {
    for (const list of ['allow', 'deny'] as const) {
      const subjects = permissions[kind]?.[list] ?? [];
      const wrong = subjects.find((subject) => !isSubject(wireText(subject)));
      if (wrong === undefined) continue;
      const place = `permissions.${kind}.${list}`;
      throw userFault(name, `has ${JSON.stringify(wrong)} in ${place}, which is no subject`);
    }
  }
  const responses = permissions.allowResponses;
  if (typeof responses !== 'object') return;
  for (const [key, value] of Object.entries(responses)) {
    if (Number.isSafeInteger(value) && value >= 1) continue;
    throw userFault(
      name,
      `has ${key} ${JSON.stringify(value)} in permissions.allowResponses: give a whole number from 1 on`,
    );
  }
}

function userFault(name: string, fault: string): BrokerError {
  return new BrokerError('bad-users', `user ${JSON.stringify(name)} ${fault}`);
}
