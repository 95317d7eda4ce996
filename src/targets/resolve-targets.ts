import type { NodeSummary, TargetAnswer } from '../contract/nodes.ts';
import { compareNaturally } from '../lib/natural-order.ts';
import { type Groups, type Match, NodeMatcher } from './match-nodes.ts';

export interface KnownFleet {
  readonly nodes: readonly NodeSummary[];
  readonly groups: Groups;
}

/**
 * The nodes that targets mean, each once and ordered by name, and what is in them that names nobody: unknown names,
 * groups and likely slips, also where they stand in a `not`, which would otherwise mean more nodes than was thought.
 * Throws TargetError for a target that cannot be read.
 */
export function resolveTargets(targets: readonly string[], { nodes, groups }: KnownFleet): TargetAnswer {
  const matcher = new NodeMatcher(nodes, groups);
  const names = new Set<string>();
  const unknown: { target: string; reason: string; name?: string }[] = [];
  for (const target of new Set(targets)) {
    const match = matcher.member(target);
    for (const name of match.names) names.add(name);
    if (match.unknown.length > 0) unknown.push(...unknownOf(target, match, { nodes, groups }));
    else if (match.names.size === 0) unknown.push({ target, reason: nobody(target, nodes.length) });
  }
  const meant = nodes.filter(({ name }) => names.has(name));
  return { nodes: meant.toSorted((a, b) => compareNaturally(a.name, b.name)), unknown };
}

/** Keeps the name of those that the target would mean if they were known: not of `ship9` in `not ship9`. */
function unknownOf(
  target: string,
  { unknown }: Match,
  { nodes, groups }: KnownFleet,
): TargetAnswer['unknown'] {
  const missing = new Set(unknown.filter(({ kind }) => kind === 'node').map(({ name }) => name));
  const imagined = [...missing].map(imaginedNode);
  const matcher = new NodeMatcher([...nodes, ...imagined], groups);
  const wouldBeMeant = missing.size === 0 ? missing : matcher.member(target).names;
  const found = unknown.map(({ kind, name, reason }) =>
    kind === 'node' && wouldBeMeant.has(name) ? { target, reason, name } : { target, reason },
  );
  return [...new Map(found.map((one) => [one.reason, one])).values()];
}

function nobody(target: string, known: number): string {
  const all = known === 1 ? 'the one node that is known' : `the ${known} nodes that are known`;
  return `${JSON.stringify(target)} fits none of ${all}`;
}

function imaginedNode(name: string): NodeSummary {
  const absent = { lastSeenAt: null, version: null, os: null, arch: null, startedAt: null };
  return {
    ...absent,
    name,
    isSelf: false,
    isCentral: false,
    presence: 'unknown',
    labels: {},
    queued: 0,
    running: 0,
  };
}
