import type { TargetAnswer, UnknownTarget } from '../contract/nodes.ts';
import { type Groups, type Match, NodeMatcher, type TargetNode, type Unknown } from './match-nodes.ts';

export interface KnownFleet<Node extends TargetNode = TargetNode> {
  readonly nodes: readonly Node[];
  readonly groups: Groups;
}

/**
 * The nodes that targets mean, each once and in the order of those that are known, and what is in them that names nobody: unknown names,
 * groups and likely slips, also where they stand in a `not`, which would otherwise mean more nodes than was thought.
 * Throws TargetError for a target that cannot be read.
 */
export function resolveTargets<Node extends TargetNode>(
  targets: readonly string[],
  { nodes, groups }: KnownFleet<Node>,
): Omit<TargetAnswer, 'nodes'> & { readonly nodes: readonly Node[] } {
  const matcher = new NodeMatcher(nodes, groups);
  const names = new Set<string>();
  const unknown: UnknownTarget[] = [];
  const skipped: UnknownTarget[] = [];
  const unlabelled: UnknownTarget[] = [];
  for (const target of new Set(targets)) {
    const match = matcher.member(target);
    for (const name of match.names) names.add(name);
    const isSkipped = ({ kind, isInGroup }: Unknown) =>
      isInGroup === true && kind === 'node' && match.names.size > 0;
    const missing = unknownOf(target, match, { nodes, groups });
    skipped.push(...missing.filter(({ cause }) => isSkipped(cause)).map(withoutCause));
    const faults = missing.filter(({ cause }) => !isSkipped(cause)).map(withoutCause);
    if (faults.length > 0) unknown.push(...faults);
    else if (match.names.size === 0) unknown.push({ target, reason: nobody(target, nodes) });
    unlabelled.push(...unlabelledOf(target, match, nodes));
  }
  const meant = nodes.filter(({ name }) => names.has(name));
  return {
    ...{ nodes: meant, unknown },
    ...(skipped.length > 0 && { skipped }),
    ...(unlabelled.length > 0 && { unlabelled }),
  };
}

/** Says how many nodes a target means that do not have a label of which it says what it is not. */
function unlabelledOf(
  target: string,
  { names, denied }: Match,
  nodes: readonly TargetNode[],
): UnknownTarget[] {
  const meant = denied.length === 0 ? [] : nodes.filter(({ name }) => names.has(name));
  return denied.flatMap(({ label, text }) => {
    const count = meant.filter(({ labels }) => !Object.hasOwn(labels, label)).length;
    if (count === 0) return [];
    const reason = `${text} means nodes without the label ${label} too, ${count} of these ${meant.length}: "${label}=* and ..." leaves them out`;
    return [{ target, reason }];
  });
}

/** Keeps the name of those that the target would mean if they were known: not of `ship9` in `not ship9`. */
function unknownOf(
  target: string,
  { unknown }: Match,
  { nodes, groups }: KnownFleet,
): (UnknownTarget & { readonly cause: Unknown })[] {
  const missing = new Set(unknown.filter(({ kind }) => kind === 'node').map(({ name }) => name));
  const imagine = () => new NodeMatcher([...nodes, ...[...missing].map(imaginedNode)], groups);
  const wouldBeMeant = missing.size === 0 ? missing : imagine().member(target).names;
  const found = unknown.map((cause) => {
    const { kind, name, reason } = cause;
    return kind === 'node' && wouldBeMeant.has(name)
      ? { target, reason, name, cause }
      : { target, reason, cause };
  });
  return [...new Map(found.map((one) => [one.reason, one])).values()];
}

function withoutCause({ cause: _, ...unknown }: UnknownTarget & { readonly cause: Unknown }): UnknownTarget {
  return unknown;
}

function nobody(target: string, nodes: readonly TargetNode[]): string {
  const central = nodes.find(({ isCentral }) => isCentral)?.name;
  const all = nodes.length === 1 ? 'the one node that is known' : `the ${nodes.length} nodes that are known`;
  const hint =
    target === '*' && central !== undefined
      ? `, since * leaves out ${central}: "* or ${central}" means all`
      : '';
  return `${JSON.stringify(target)} fits none of ${all}${hint}`;
}

function imaginedNode(name: string): TargetNode {
  const absent = { version: null, os: null, arch: null };
  return { ...absent, name, isCentral: false, presence: 'unknown', labels: {} };
}
