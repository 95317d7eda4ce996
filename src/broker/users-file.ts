import { findJsonFault } from '../lib/json-fault.ts';
import { nearest } from '../lib/nearest.ts';
import { readNeededFile } from '../lib/plain-file.ts';
import { showValue } from '../lib/show-value.ts';
import { BrokerError } from './broker-error.ts';
import type { BrokerPermissions, BrokerUser, SubjectRules } from './broker-options.ts';
import { checkUsers } from './check-options.ts';

/** Reads and checks a file of users: `{"users": [{"name": "ship1", "nkey": "U..."}]}`. Throws BrokerError. */
export async function readUsersFile(path: string): Promise<BrokerUser[]> {
  const name = `the users file ${path}`;
  const text = await readNeededFile(path, { as: BrokerError, code: 'bad-users', name });
  try {
    return parseUsers(text);
  } catch (cause) {
    if (!(cause instanceof BrokerError)) throw cause;
    throw new BrokerError('bad-users', `${name}: ${cause.message}`, { cause });
  }
}

/** Reads the text of a users file. Throws BrokerError. */
export function parseUsers(text: string): BrokerUser[] {
  const root = record(parseJson(text), 'the file', ['users']);
  if (!Array.isArray(root.users)) throw fault(`users is ${showValue(root.users)}: it must be a list`);
  const users = root.users.map((item, index) => toUser(item, `users[${index}]`));
  checkUsers(users);
  return users;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const { offset = 0, reason = 'it cannot be read' } = findJsonFault(text) ?? {};
    const line = text.slice(0, offset).split('\n').length;
    throw fault(`line ${line} is no JSON: ${reason}`);
  }
}

function toUser(item: unknown, place: string): BrokerUser {
  const user = record(item, place, ['name', 'nkey', 'password', 'permissions']);
  const { name, nkey, password, permissions } = user;
  if (typeof name !== 'string') throw fault(`${place}.name is ${showValue(name)}: it must be a text`);
  for (const [key, value] of Object.entries({ nkey, password })) {
    if (value === undefined || typeof value === 'string') continue;
    throw fault(`${place}.${key} is ${showValue(value)}: it must be a text`);
  }
  return {
    name,
    ...(nkey !== undefined && { nkey: nkey as string }),
    ...(password !== undefined && { password: password as string }),
    ...(permissions !== undefined && { permissions: toPermissions(permissions, `${place}.permissions`) }),
  };
}

function toPermissions(item: unknown, place: string): BrokerPermissions {
  const { publish, subscribe, allowResponses } = record(item, place, [
    'publish',
    'subscribe',
    'allowResponses',
  ]);
  return {
    ...(publish !== undefined && { publish: toRules(publish, `${place}.publish`) }),
    ...(subscribe !== undefined && { subscribe: toRules(subscribe, `${place}.subscribe`) }),
    ...(allowResponses !== undefined && {
      allowResponses: toResponses(allowResponses, `${place}.allowResponses`),
    }),
  };
}

function toRules(item: unknown, place: string): SubjectRules {
  const rules = record(item, place, ['allow', 'deny']);
  for (const [key, value] of Object.entries(rules)) {
    const isList = Array.isArray(value) && value.every((subject) => typeof subject === 'string');
    if (!isList) throw fault(`${place}.${key} is ${showValue(value)}: it must be a list of subjects`);
  }
  return rules as SubjectRules;
}

function toResponses(item: unknown, place: string): NonNullable<BrokerPermissions['allowResponses']> {
  if (typeof item === 'boolean') return item;
  const rules = record(item, place, ['max', 'withinMs']);
  for (const [key, value] of Object.entries(rules)) {
    if (typeof value !== 'number') throw fault(`${place}.${key} is ${showValue(value)}: it must be a number`);
  }
  return rules;
}

/** An object that has no other keys than these. */
function record(item: unknown, place: string, keys: readonly string[]): Record<string, unknown> {
  if (typeof item !== 'object' || item === null || Array.isArray(item))
    throw fault(`${place} is ${showValue(item)}: it must be an object with ${keys.join(', ')}`);
  const unknown = Object.keys(item).find((key) => !keys.includes(key));
  if (unknown === undefined) return item as Record<string, unknown>;
  const close = nearest(unknown, keys);
  const hint = close === undefined ? `it may have ${keys.join(', ')}` : `did you mean ${close}?`;
  throw fault(`${place} has ${JSON.stringify(unknown)}, which is not known: ${hint}`);
}

function fault(text: string): BrokerError {
  return new BrokerError('bad-users', text);
}
