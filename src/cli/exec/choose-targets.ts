import type { NodeSummary, TargetAnswer } from '../../contract/nodes.ts';
import { EXIT } from '../exit-codes.ts';
import { UsageError } from '../usage-error.ts';
import type { Amount, ExecOptions, Rolling } from './read-options.ts';
import type { RunPlan } from './run-plan.ts';

/** A node that a run is for. */
export type ChosenNode = Pick<NodeSummary, 'name' | 'presence' | 'lastSeenAt'>;

/** The nodes of a run. Throws UsageError with exit code 4 where a target names nobody; nothing is run then. */
export function chooseTargets(
  { nodes, unknown }: TargetAnswer,
  { takesNew, limit }: Pick<ExecOptions, 'takesNew' | 'limit'>,
): ChosenNode[] {
  const isTaken = ({ name }: { name?: string }) => takesNew && name !== undefined;
  const faults = unknown
    .filter((one) => !isTaken(one))
    .map(({ name, reason }) => ({ isName: name !== undefined, reason }));
  if (faults.length > 0) {
    const way = faults.every(({ isName }) => isName) ? ' (--new takes names that are not known yet)' : '';
    throw new UsageError(`${faults.map(({ reason }) => reason).join('; ')}${way}`, EXIT.noNode);
  }
  const added = [...new Set(unknown.flatMap(({ name }) => name ?? []))];
  const all: ChosenNode[] = [
    ...nodes,
    ...added.map((name): ChosenNode => ({ name, presence: 'unknown', lastSeenAt: null })),
  ];
  if (limit === undefined) return all;
  const [here, others] = [all.filter(isHere), all.filter((node) => !isHere(node))];
  const chosen = new Set([...here, ...others].slice(0, countOf(limit, all.length)));
  return all.filter((node) => chosen.has(node));
}

/** The plan of a run that goes from node to node. */
export function planOf(
  { batch, batchWaitMs, maxErrors, canary }: Rolling,
  { targets, message }: { readonly targets: readonly string[]; readonly message: RunPlan['message'] },
): RunPlan {
  return {
    kind: 'exec',
    version: 1,
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
