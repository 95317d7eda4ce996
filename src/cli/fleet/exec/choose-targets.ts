import type { NodeSummary, TargetAnswer } from '../../../contract/nodes.ts';
import { EXIT } from '../../line/exit-codes.ts';
import { UsageError } from '../../line/usage-error.ts';
import type { TemplateNode } from '../fill-template.ts';
import type { Amount, ExecOptions, Rolling } from './read-options.ts';
import type { RunPlan } from './run-plan.ts';

/** A node that a run is for. */
export type ChosenNode = Pick<NodeSummary, 'name' | 'presence' | 'lastSeenAt'> & TemplateNode;

/** A node that nobody has heard of. */
export function neverSeen(name: string): ChosenNode {
  return { name, presence: 'unknown', lastSeenAt: null };
}

/** The nodes of a run. Throws UsageError with exit code 4 where a target names nobody; nothing is run then. */
export function chooseTargets(
  { nodes, unknown, skipped = [] }: TargetAnswer,
  { takesNew, limit, script }: Pick<ExecOptions, 'takesNew' | 'limit' | 'script'>,
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
  if (limit === undefined) return all;
  const [here, others] = [all.filter(isHere), all.filter((node) => !isHere(node))];
  const chosen = new Set([...here, ...others].slice(0, countOf(limit, all.length)));
  return all.filter((node) => chosen.has(node));
}

/** The plan of a run that goes from node to node. */
export function planOf(
  { batch, batchWaitMs, maxErrors, canary }: Rolling,
  {
    targets,
    message,
    isTemplate,
  }: {
    readonly targets: readonly string[];
    readonly message: RunPlan['message'];
    readonly isTemplate: boolean;
  },
): RunPlan {
  return {
    kind: 'exec',
    version: isTemplate ? 2 : 1,
    ...(isTemplate && { isTemplate }),
    targets,
    message,
    batchSize: batch === undefined ? null : countOf(batch, targets.length),
    batchWaitMs,
    maxErrors: maxErrors === undefined ? null : shareOf(maxErrors, targets.length, Math.floor),
    canary: Math.min(canary, targets.length),
  };
}

function isHere({ presence }: ChosenNode): boolean {
  return presence === 'here';
}

/** At least one, however small the share. */
function countOf(amount: Amount, total: number): number {
  return Math.max(1, shareOf(amount, total, Math.ceil));
}

function shareOf(amount: Amount, total: number, round: (value: number) => number): number {
  return 'count' in amount ? amount.count : round((amount.percent / 100) * total);
}
