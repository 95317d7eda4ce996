import type { TargetAnswer } from '../contract/nodes.ts';
import { showValue } from '../lib/show-value.ts';

/** An item of a submission whose targets name nobody, or cannot be read: why it is refused. */
export class TargetsFault {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/** Who is meant by targets, and what in them names nobody. */
export type FindTargets = (
  targets: readonly string[],
) => Promise<Pick<TargetAnswer, 'unknown'> & { readonly nodes: readonly { readonly name: string }[] }>;

/** Puts the names of nodes in place of `toTargets` in the items of a submission that have one, as the fleet is now. */
export async function expandTargets(items: readonly unknown[], resolve: FindTargets): Promise<unknown[]> {
  const expanded: unknown[] = [];
  for (const item of items) expanded.push(await expandItem(item, resolve));
  return expanded;
}

async function expandItem(item: unknown, resolve: FindTargets): Promise<unknown> {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
  const key = Object.keys(item).find((name) => name.toLowerCase() === 'totargets');
  if (key === undefined) return item;
  const { [key]: given, ...message } = item as Record<string, unknown>;
  const targets = typeof given === 'string' ? [given] : given;
  if (
    !Array.isArray(targets) ||
    targets.length === 0 ||
    !targets.every((target) => typeof target === 'string')
  )
    return new TargetsFault(
      `toTargets is a target or a list of them, such as ["ship*"], not ${showValue(given)}`,
    );
  try {
    const { nodes, unknown } = await resolve(targets);
    if (unknown.length > 0) return new TargetsFault(unknown.map(({ reason }) => reason).join('; '));
    const named = Array.isArray(message.toNodes) ? message.toNodes : [];
    return { ...message, toNodes: [...named, ...nodes.map(({ name }) => name)] };
  } catch (error) {
    return new TargetsFault((error as Error).message);
  }
}
