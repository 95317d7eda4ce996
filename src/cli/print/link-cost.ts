import type { StewardApi } from '../../client/steward-api.ts';
import type { LinkAnswer } from '../../contract/link.ts';
import { sizeWords } from '../../lib/size-words.ts';
import { durationWords } from '../../lib/time-words.ts';
import type { ColumnOf } from './table.ts';

/** What something will take of the link to a node, about. */
export interface LinkCost {
  /** Bytes; null where that is not known before. */
  readonly bytes: number | null;
  /** How long that takes at the remembered rate, behind what waits already, ms; null where there is no rate. */
  readonly takesMs: number | null;
  /** Whether that is the most it takes: the way was never full since this node started, and may do more than the rate. */
  readonly takesAtMost: boolean;
  /** What the budgets of both links leave for it today, about; null where none has one. */
  readonly budgetLeftBytes: number | null;
}

/** What a request and its answers take besides what is asked and printed, bytes. */
export const REQUEST_BYTES = 1000;

/** The link of the node that is asked; undefined where that is one of an earlier version, which cannot say. */
export async function linkOf(api: StewardApi): Promise<LinkAnswer | undefined> {
  return await api.link().catch(() => undefined);
}

/** What is out on a link, and so goes before what is urgent, ms; the rest of the queue, and its budget, do not hold that up. */
const OUT_MS = 2000;
/** What is urgent may go over a budget by this share of it. */
const URGENT_SHARE = 0.2;

/** What a number of bytes for a node will cost. */
export function costOf(
  node: string,
  bytes: number | null,
  { link, isUrgent = false }: { readonly link: LinkAnswer | undefined; readonly isUrgent?: boolean },
): LinkCost {
  const way = link?.nodes.find((each) => each.node === node);
  const over = isUrgent ? URGENT_SHARE : 0;
  const left = [link?.budget, way?.budget].flatMap((budget) =>
    budget ? Math.round(budget.leftBytes + over * budget.bytesPerDay) : [],
  );
  const rate = way?.bytesPerSecond;
  const behindMs =
    way?.emptyInMs == null
      ? undefined
      : Math.min(way.emptyInMs, isUrgent ? OUT_MS : Number.POSITIVE_INFINITY);
  const isKnown = bytes !== null && rate && behindMs !== undefined;
  return {
    bytes,
    takesAtMost: isKnown ? !way.wasFull : false,
    takesMs: isKnown ? Math.round(behindMs + (way.roundTripMs ?? 0) + (bytes / rate) * 1000) : null,
    budgetLeftBytes: left.length === 0 ? null : Math.min(...left),
  };
}

/** Columns that show costs, as far as anything is known of them. */
export function costColumns(costs: readonly LinkCost[]): ColumnOf<LinkCost>[] {
  const columns: ColumnOf<LinkCost>[] = [
    { title: 'BYTES', isRight: true, rank: 1, of: ({ bytes }) => (bytes === null ? '-' : sizeWords(bytes)) },
    {
      ...{ title: 'TAKES', isRight: true, rank: 2 },
      of: ({ takesMs, takesAtMost }) =>
        takesMs === null ? '-' : `${takesAtMost ? '<= ' : ''}${durationWords(takesMs)}`,
    },
  ];
  if (costs.some(({ budgetLeftBytes }) => budgetLeftBytes !== null))
    columns.push({
      ...{ title: 'BUDGET LEFT', isRight: true, rank: 3 },
      of: ({ budgetLeftBytes: left }) => (left === null ? '-' : sizeWords(left)),
    });
  return columns;
}

/** What all of it costs, in a part of a sentence: `about 12.0 kB over the link, more than is left of 2 budgets`. */
export function costWords(costs: readonly LinkCost[]): string {
  const known = costs.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0);
  const isAll = costs.every(({ bytes }) => bytes !== null);
  const over = costs.filter(
    ({ bytes, budgetLeftBytes: left }) => left !== null && (bytes ?? 0) > left,
  ).length;
  const amount = `${isAll ? 'about' : 'at least'} ${sizeWords(known)} over the link`;
  return over === 0 ? amount : `${amount}, for ${over} of them more than today's budget has left`;
}
