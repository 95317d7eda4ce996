import type { NodeDetail } from '../contract/node-detail.ts';
import type { NodeSummary } from '../contract/nodes.ts';
import type { NodePresence } from '../fleet/presence.ts';
import type { PresenceHistory } from '../fleet/presence-history.ts';
import { type Measured, wayOf } from './link-operation.ts';

interface NodeDetailsDeps {
  readonly history: Pick<PresenceHistory, 'weeksOf'>;
  readonly presence: Pick<NodePresence, 'toldAt'>;
  readonly outbox: { readonly peers: { measured(): Iterable<readonly [node: string, way: Measured]> } };
  /** Unix ms. */
  now(): number;
}

/** Makes what tells what is known of nodes besides, in their order: more than is looked up for thousands. */
export function nodeDetails(deps: NodeDetailsDeps): (nodes: readonly NodeSummary[]) => NodeDetail[] {
  return (nodes) => {
    const now = deps.now();
    const ways = new Map(deps.outbox.peers.measured());
    const weeks = deps.history.weeksOf(
      nodes.map(({ name }) => name),
      now,
    );
    return nodes.map(({ name, isSelf }, place) => ({
      week: isSelf ? '' : weeks[place]!,
      toldAt: isSelf ? now : deps.presence.toldAt(name),
      ...wayOf(ways.get(name)),
    }));
  };
}
