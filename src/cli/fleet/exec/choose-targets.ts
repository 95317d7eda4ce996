import type { NodeSummary, TargetAnswer } from '../../../contract/nodes.ts';
import type { TemplateNode } from '../../../waves/fill-template.ts';
import { limitTo } from '../../../waves/plan-of.ts';
import { EXIT, UsageError } from '../../line/command.ts';
import type { ExecOptions } from './read-options.ts';

/** A node that a run is for. */
export type ChosenNode = Pick<NodeSummary, 'name' | 'presence' | 'lastSeenAt' | 'callsAt'> & TemplateNode;

/** A node that nobody has heard of. */
export function neverSeen(name: string): ChosenNode {
  return { name, presence: 'unknown', lastSeenAt: null };
}

/** The nodes of a run. Throws UsageError with exit code 4 where a target names nobody; nothing is run then. */
export function chooseTargets(
  { nodes, unknown, skipped = [] }: TargetAnswer,
  { takesNew, limit, script }: Pick<ExecOptions, 'takesNew'> & Partial<Pick<ExecOptions, 'limit' | 'script'>>,
): ChosenNode[] {
  const isTaken = ({ name }: { name?: string }) => takesNew && name !== undefined;
  const faults = unknown
    .filter((one) => !isTaken(one))
    .map(({ name, reason }) => ({ isName: name !== undefined, reason }));
  if (faults.length > 0) {
    const scriptWay = script === undefined ? '' : 'what the script takes goes behind a bare --; ';
    const isName = faults.every((fault) => fault.isName);
    const way = isName ? ` (${scriptWay}--new takes names that are not known yet)` : '';
    throw new UsageError(`${faults.map(({ reason }) => reason).join('; ')}${way}`, EXIT.noNode);
  }
  const added = [...new Set([...unknown, ...(takesNew ? skipped : [])].flatMap(({ name }) => name ?? []))];
  const all: ChosenNode[] = [...nodes, ...added.map(neverSeen)];
  return limitTo(all, limit);
}
