import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrokerPermissions, BrokerUser, SubjectRules } from '../../src/broker/broker-options.ts';
import { ChildProgram } from './child-program.ts';
import { type NatsValue, parseNatsConfig } from './nats-config.ts';
import { stewardCommand } from './node.ts';

/** What is printed once it listens. */
export const EMBEDDED_LISTENS = /^listening on nats:\/\/127\.0\.0\.1:(\d+)$/m;

/**
 * Starts `steward broker` with what a configuration of nats-server says, as far as it has its like there. Throws for a
 * configuration that only nats-server can have: such a test asks for it by its `kind`.
 */
export async function startEmbeddedBroker(
  folder: string,
  {
    port,
    config,
    args: more,
  }: { readonly port: number; readonly config: string; readonly args: readonly string[] },
): Promise<ChildProgram> {
  const [command, ...args] = stewardCommand();
  const translated = await argumentsFor(config, folder);
  return ChildProgram.start({
    command: command!,
    args: [...args, 'broker', '--listen', `127.0.0.1:${Math.max(0, port)}`, ...translated, ...more],
    cwd: folder,
    env: process.env,
  });
}

type Settings = { readonly [key: string]: NatsValue };

/** The options of `steward broker` for a configuration; its users are written into the folder. */
async function argumentsFor(config: string, folder: string): Promise<string[]> {
  const { max_payload, max_connections, max_subscriptions, authorization, tls, ...others } =
    parseNatsConfig(config);
  const unknown = Object.keys(others);
  if (unknown.length > 0) {
    throw new Error(
      `the embedded broker has no ${unknown.join(', ')}: ask for nats-server by {kind: 'nats-server'}`,
    );
  }
  return [
    ...option('--max-payload', max_payload),
    ...option('--max-connections', max_connections),
    ...option('--max-subscriptions', max_subscriptions),
    ...(tls === undefined ? [] : tlsArguments(tls as Settings)),
    ...(authorization === undefined ? [] : await userArguments(authorization as Settings, folder)),
  ];
}

function tlsArguments({ cert_file, key_file, ca_file, verify }: Settings): string[] {
  const own = ['--tls-cert', String(cert_file), '--tls-key', String(key_file)];
  return verify === true ? [...own, '--tls-ca', String(ca_file)] : own;
}

function option(name: string, value: NatsValue | undefined): string[] {
  return value === undefined ? [] : [name, String(value)];
}

async function userArguments({ users, token, timeout }: Settings, folder: string): Promise<string[]> {
  const patience = option('--sign-in-timeout', timeout);
  if (token !== undefined) {
    const file = join(folder, 'token.txt');
    await writeFile(file, String(token));
    return [...patience, '--token-file', file];
  }
  const file = join(folder, 'users.json');
  await writeFile(file, JSON.stringify({ users: (users as Settings[]).map(toUser) }));
  return [...patience, '--users', file];
}

function toUser({ user, nkey, password, permissions }: Settings, index: number): BrokerUser {
  return {
    name: user === undefined ? `user${index}` : String(user),
    ...(nkey !== undefined && { nkey: String(nkey) }),
    ...(password !== undefined && { password: String(password) }),
    ...(permissions !== undefined && { permissions: toPermissions(permissions as Settings) }),
  };
}

function toPermissions({ publish, subscribe, allow_responses }: Settings): BrokerPermissions {
  return {
    ...(publish !== undefined && { publish: toRules(publish) }),
    ...(subscribe !== undefined && { subscribe: toRules(subscribe) }),
    ...(allow_responses !== undefined && { allowResponses: allow_responses === true }),
  };
}

function toRules(value: NatsValue): SubjectRules {
  if (typeof value === 'string') return { allow: [value] };
  if (Array.isArray(value)) return { allow: value.map(String) };
  const lists = Object.entries(value as Settings).map(([key, list]) => [key, [list].flat().map(String)]);
  return Object.fromEntries(lists) as SubjectRules;
}
