import { type Broker, startBroker } from './broker.ts';
import type { TestScope } from './dispose-after.ts';
import { FAST_RECONNECT } from './fleet.ts';
import { type StewardNode, startStewardNode } from './node.ts';

type Name = 'ship1' | 'central' | 'ship2';

interface RelayFleetOptions {
  /** More lines for the broker's config file. */
  readonly brokerConfig?: string;
  /** More flags for one of the nodes. */
  readonly flags?: Readonly<Partial<Record<Name, Readonly<Record<string, string | number | boolean>>>>>;
  /** The nodes to start; all three unless told. */
  readonly nodes?: readonly Name[];
  /** The broker's address for a node, where it is not the plain one. */
  readonly address?: (node: Name, broker: Broker) => string;
}

/** Starts a broker and ship1, central (which relays) and ship2; what was not to be started is absent. */
export async function startRelayFleet(
  scope: TestScope,
  options: RelayFleetOptions = {},
): Promise<RelayFleet> {
  const broker = await startBroker(scope, { config: options.brokerConfig });
  const names = options.nodes ?? (['ship1', 'central', 'ship2'] as const);
  const nodes = await Promise.all(
    names.map((name) => {
      const flags = { ...FAST_RECONNECT, startSubREQRelay: name === 'central', ...options.flags?.[name] };
      const address = options.address?.(name, broker) ?? broker;
      return startStewardNode({ name, broker: address, flags }, scope);
    }),
  );
  const byName = Object.fromEntries(nodes.map((node) => [node.name, node])) as Record<Name, StewardNode>;
  return { broker, ...byName };
}

interface RelayFleet extends Record<Name, StewardNode> {
  readonly broker: Broker;
}

/** A command for ship2 that travels via central. */
export function relayed(script: string, more: object = {}): Record<string, unknown> {
  return {
    toNode: 'ship2',
    relayViaNode: 'central',
    relayReplyMethod: 'REQToFileAppend',
    method: 'REQCliCommand',
    methodArgs: ['bash', '-c', script],
    replyMethod: 'REQToFileAppend',
    directory: 'relay',
    fileName: 'relay.log',
    ACKTimeout: 2,
    ...more,
  };
}

/** Where the result of a relayed command is written, on central and on ship1. */
export const RESULT = 'relay/ship2/relay.log';
