import { join } from 'node:path';
import { type Authenticator, type NatsConnection, nkeyAuthenticator } from '@nats-io/transport-node';
import { makeUserKey } from '../../src/lib/nkey.ts';
import { writeSeedFile } from '../../src/security/key-files.ts';
import { type Broker, startBroker } from './broker.ts';
import { withoutPort } from './broker-examples.ts';
import type { TestScope } from './dispose-after.ts';
import { FAST_RECONNECT } from './fleet.ts';
import { runSteward } from './joining.ts';
import { type StewardNode, startStewardNode } from './node.ts';
import { tempFolder } from './temp-folder.ts';
import { startWireClient, type WireClient } from './wire-client.ts';

/** A broker with one nkey user for each node, as `steward broker-config` writes it. */
export interface KeyedBroker {
  readonly broker: Broker;
  /** Starts a node that signs in with its key; `command` starts another version of the program. */
  start(
    name: string,
    flags?: Readonly<Record<string, string | number | boolean>>,
    command?: readonly string[],
  ): Promise<StewardNode>;
  /** Signs in with a node's key. */
  authenticator(name: string): Authenticator;
  /** A client by hand that has a node's key; what the broker refuses it goes to `onRefused`. */
  attacker(name: string, onRefused?: (fault: string) => void): Promise<WireClient>;
}

/** Starts a broker for these nodes; `central` is always one of them. */
export async function startKeyedBroker(
  scope: TestScope,
  {
    nodes,
    relays = [],
    trust = 'open',
    originals = [],
  }: {
    nodes: readonly string[];
    relays?: readonly string[];
    trust?: 'open' | 'closed';
    /** Nodes that run an earlier version or the original. */
    originals?: readonly string[];
  },
): Promise<KeyedBroker> {
  const { path } = await tempFolder(scope);
  const seeds = new Map(['central', ...nodes].map((name) => [name, makeUserKey()]));
  const seedFile = (name: string) => join(path, `${name}.nk`);
  for (const [name, { seed }] of seeds) await writeSeedFile(seedFile(name), seed);
  const keys = [...seeds].flatMap(([name, { publicKey }]) => ['--node', `${name}=${publicKey}`]);
  const ways = relays.flatMap((relay) => ['--relay', relay]);
  const plain = originals.flatMap((node) => ['--original', node]);
  const written = await runSteward(['broker-config', '--trust', trust, ...keys, ...ways, ...plain], path);
  if (written.code !== 0) throw new Error(written.stderr);
  const broker = await startBroker(scope, { config: withoutPort(written.stdout) });
  const authenticator = (name: string) => nkeyAuthenticator(new TextEncoder().encode(seeds.get(name)!.seed));
  return {
    broker,
    start: (name, flags = {}, command = undefined) => {
      const all = { nkeySeedFile: seedFile(name), errorMessageTimeout: 1, ...FAST_RECONNECT, ...flags };
      return startStewardNode({ name, broker, flags: all, ...(command && { command }) }, scope);
    },
    authenticator,
    attacker: async (name, onRefused = () => {}) => {
      const client = await startWireClient(broker, scope, { authenticator: authenticator(name) });
      void hearRefusals(client.connection, onRefused);
      return client;
    },
  };
}

async function hearRefusals(connection: NatsConnection, onRefused: (fault: string) => void): Promise<void> {
  for await (const status of connection.status())
    if (status.type === 'error') onRefused(status.error.message);
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
