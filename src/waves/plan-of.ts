import type { NodeSummary } from '../contract/nodes.ts';
import { OperationError } from '../contract/operation-error.ts';
import type { WavesOrder, WavesState } from '../contract/waves.ts';
import { type Amount, atLeastOne, atMost, parseAmount } from './amount.ts';
import type { RunPlan } from './run-plan.ts';

/** Nodes of which at most some are wanted: those that are here first, in the order in which they came. */
export function limitTo<T extends Pick<NodeSummary, 'presence'>>(
  all: readonly T[],
  limit: Amount | undefined,
): T[] {
  if (limit === undefined) return [...all];
  const [here, others] = [all.filter(isHere), all.filter((node) => !isHere(node))];
  const chosen = new Set([...here, ...others].slice(0, atLeastOne(limit, all.length)));
  return all.filter((node) => chosen.has(node));
}

/** The plan that an order comes to for some nodes. Throws OperationError. */
export function planOf(order: WavesOrder, targets: readonly string[]): RunPlan {
  const { message, batchWaitMs = 0, canary = 0, waitMs, isTemplate } = order;
  const batch = amountOf(order, 'batch');
  const maxErrors = amountOf(order, 'maxErrors');
  return {
    ...{ kind: 'exec', version: 3, targets, message, batchWaitMs },
    ...(isTemplate && { isTemplate }),
    ...(waitMs === undefined ? {} : { waitMs }),
    batchSize: batch === undefined ? null : atLeastOne(batch, targets.length),
    maxErrors: maxErrors === undefined ? null : atMost(maxErrors, targets.length),
    canary: Math.min(canary, targets.length),
  };
}

/** The order that goes on with a plan. */
export function orderOf(plan: RunPlan, label: string): WavesOrder {
  const { targets, message, batchSize, batchWaitMs, canary, maxErrors, waitMs, isTemplate } = plan;
  return {
    ...{ targets, message, label, batchWaitMs, canary, takesNew: true, resume: true },
    ...(batchSize === null ? {} : { batch: String(batchSize) }),
    ...(maxErrors === null ? {} : { maxErrors: String(maxErrors) }),
    ...(waitMs === undefined ? {} : { waitMs }),
    ...(isTemplate && { isTemplate }),
  };
}

/** How far a plan has come. */
export function stateOf({ targets, isOver = false, stopped }: RunPlan): WavesState {
  return { targets: targets.length, isOver, stopped: stopped ?? null };
}

/** An amount of an order. Throws OperationError. */
export function amountOf(
  order: Pick<WavesOrder, 'batch' | 'maxErrors' | 'limit'>,
  field: 'batch' | 'maxErrors' | 'limit',
): Amount | undefined {
  const { [field]: text } = order;
  if (text === undefined) return undefined;
  const read = parseAmount(text, field === 'maxErrors' ? 0 : 1);
  if (read) return read;
  const reason = `${field} ${JSON.stringify(text.slice(0, 80))} is no number of nodes: write it as 10 or 10%`;
  throw new OperationError('bad-request', reason, { field });
}

function isHere({ presence }: Pick<NodeSummary, 'presence'>): boolean {
  return presence === 'here';
}
