import type { Operators } from '../ledger/operators.ts';
import type { Undelivered } from '../outbox/ends/cancel-queued.ts';
import type { Store } from '../store/store.ts';

interface ForgetDeps {
  readonly store: Pick<Store, 'query'>;
  readonly undelivered: Pick<Undelivered, 'find' | 'cancelKeys'>;
  readonly fleet: { forget(node: string, left: number): Promise<boolean> };
  readonly refusals: { forget(node: string): Promise<void> };
  readonly operators: Pick<Operators, 'ending'>;
  readonly pace: { forget(node: string): void };
}

/** Why a message ended that waited for a node which is there no more. */
const FORGOTTEN = 'node forgotten';
const MOST = 1_000_000;

/**
 * Takes a node off the list, and ends what waits for it. What was sent stays open, as it may have arrived: an answer that
 * still comes ends it.
 */
export async function forgetNode(
  node: string,
  by: string | undefined,
  { store, undelivered, fleet, operators, refusals, pace }: ForgetDeps,
): Promise<{ readonly wasKnown: boolean; readonly cancelled: number; readonly left: number }> {
  const found = undelivered.find({ node }, MOST);
  const keys = found.map(({ key }) => key);
  const queued = await store.query<{ key: number }>(
    "SELECT l.key FROM json_each(?) wanted CROSS JOIN ledger l ON l.key = wanted.value WHERE l.state = 'queued'",
    JSON.stringify(keys),
  );
  const here = found.filter(({ isSurelyHere }) => isSurelyHere).map(({ key }) => key);
  const waiting = new Set([...here, ...queued.map(({ key }) => key)]);
  const ids = found.filter(({ key }) => waiting.has(key)).map(({ id }) => id);
  const ended = await operators.ending(ids, by, () => undelivered.cancelKeys([...waiting], FORGOTTEN));
  const left = keys.length - ended.size;
  pace.forget(node);
  await refusals.forget(node);
  return { wasKnown: await fleet.forget(node, left), cancelled: ended.size, left };
}
