import { join } from 'node:path';
import { type NatsConnection, nkeyAuthenticator } from '@nats-io/transport-node';
import { fleetUsers, parseRelay } from '../../src/security/fleet-users.ts';
import { writeSeedFile } from '../../src/security/key-files.ts';
import { natsConfig } from '../../src/security/nats-config.ts';
import { makeUserKey } from '../../src/security/nkey.ts';
import { type Broker, startBroker } from './broker.ts';
import { withoutPort } from './broker-examples.ts';
import type { TestScope } from './dispose-after.ts';
import { FAST_RECONNECT } from './fleet.ts';
import { type StewardNode, startStewardNode } from './node.ts';
import { tempFolder } from './temp-folder.ts';
import { startWireClient, type WireClient } from './wire-client.ts';

/** A broker with one nkey user for each node, as `steward broker-config` writes it. */
export interface KeyedBroker {
  readonly broker: Broker;
  /** Starts a node that signs in with its key. */
  start(name: string, flags?: Readonly<Record<string, string | number | boolean>>): Promise<StewardNode>;
  /** A client by hand that has a node's key. */
  attacker(name: string): Promise<WireClient>;
}

/** Starts a broker for these nodes; `central` is always one of them. */
export async function startKeyedBroker(
  scope: TestScope,
  { nodes, relays = [] }: { nodes: readonly string[]; relays?: readonly string[] },
): Promise<KeyedBroker> {
  const { path } = await tempFolder(scope);
  const seeds = new Map(['central', ...nodes].map((name) => [name, makeUserKey()]));
  const seedFile = (name: string) => join(path, `${name}.nk`);
  for (const [name, { seed }] of seeds) await writeSeedFile(seedFile(name), seed);
  const keys = new Map([...seeds].map(([name, { publicKey }]) => [name, publicKey]));
  const users = fleetUsers(keys, { central: 'central', relays: relays.map(parseRelay) });
  const broker = await startBroker(scope, { config: withoutPort(natsConfig(users, { port: 4222 })) });
  return {
    broker,
    start: (name, flags = {}) => {
      const all = { nkeySeedFile: seedFile(name), errorMessageTimeout: 1, ...FAST_RECONNECT, ...flags };
      return startStewardNode({ name, broker, flags: all }, scope);
    },
    attacker: (name) => {
      const authenticator = nkeyAuthenticator(new TextEncoder().encode(seeds.get(name)!.seed));
      return startWireClient(broker, scope, { authenticator });
    },
  };
}

/** What the broker says to a client that publishes on a subject: the violation, or '' where it is allowed. */
export async function publishFault(connection: NatsConnection, subject: string): Promise<string> {
  const statuses = connection.status()[Symbol.asyncIterator]();
  const next = statuses.next();
  connection.publish(subject, 'x');
  // The broker answers in order: what it has against the message comes before its answer to the ping.
  await connection.flush();
  const seen = await Promise.race([next, new Promise<void>((resolve) => setImmediate(resolve))]);
  // An iterator that waits ends with the connection only.
  void statuses.return?.();
  if (!seen || seen.done || seen.value.type !== 'error') return '';
  return seen.value.error.message;
}

/** What the broker says to a client that subscribes, or '' where it is allowed. */
export async function subscribeFault(connection: NatsConnection, subject: string): Promise<string> {
  let fault = '';
  const subscription = connection.subscribe(subject, {
    callback: (error) => {
      if (error) fault = error.message;
    },
  });
  await connection.flush();
  if (!subscription.isClosed()) subscription.unsubscribe();
  return fault;
}
