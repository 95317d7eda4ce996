import type { Activity } from '../../contract/activity.ts';
import type { LinkDay } from '../../contract/link.ts';
import { outcomeOf, type RequestState } from '../../contract/states.ts';

/** What a bar is made of, from below. */
export const PARTS = ['succeeded', 'failed', 'other'] as const;
type Part = (typeof PARTS)[number];

/** A piece of a bar, from 0 to 1 of the chart's width and height. */
export interface Bar<Part extends string> {
  readonly part: Part;
  readonly x: number;
  readonly width: number;
  readonly y: number;
  readonly height: number;
}

const FAILED: ReadonlySet<string> = new Set(['failed', 'timed-out', 'unreached']);

/** How many requests of a span count for each part. */
export function partsOf(counts: Activity['buckets'][number]['counts']): Readonly<Record<Part, number>> {
  const parts = { succeeded: 0, failed: 0, other: 0 };
  for (const [state, count] of Object.entries(counts)) {
    const outcome = outcomeOf(state as RequestState);
    parts[outcome === 'succeeded' ? 'succeeded' : FAILED.has(outcome) ? 'failed' : 'other'] += count;
  }
  return parts;
}

/** The bars of a chart whose parts stand on each other; the highest one fills it. */
export function stackedBars<Part extends string>(
  spans: readonly Readonly<Record<Part, number>>[],
  parts: readonly Part[],
): Bar<Part>[] {
  const sums = spans.map((span) => parts.reduce((sum, part) => sum + span[part], 0));
  const most = Math.max(1, ...sums);
  return spans.flatMap((span, place) => {
    let below = 0;
    return parts.flatMap((part) => {
      const height = span[part] / most;
      below += height;
      if (height === 0) return [];
      return [{ part, x: place / spans.length, width: 0.8 / spans.length, y: 1 - below, height }];
    });
  });
}

/** How many days a chart of days shows. */
const DAYS = 14;
const DAY_MS = 86_400_000;

/** The days up to the last one, with those of which nothing is known. */
export function lastDays(
  known: readonly LinkDay[],
  last: string,
): Pick<LinkDay, 'day' | 'inBytes' | 'outBytes'>[] {
  return Array.from({ length: DAYS }, (_, place) => {
    const day = new Date(Date.parse(last) - (DAYS - 1 - place) * DAY_MS).toISOString().slice(0, 10);
    return known.find((each) => each.day === day) ?? { day, inBytes: 0, outBytes: 0 };
  });
}

/** A line through what is known, on a scale of tens: from milliseconds to weeks. Where nothing is known it is broken. */
export function logLine(values: readonly (number | null)[]): string {
  const most = Math.max(10, ...values.map((value) => value ?? 0));
  // A line at the very edge would be cut in half.
  const y = (value: number) => 0.98 - (0.96 * Math.log10(Math.max(1, value))) / Math.log10(most);
  let path = '';
  values.forEach((value, place) => {
    if (value === null) return;
    const x = (place + 0.4) / values.length;
    const isGoing = place > 0 && values[place - 1] !== null;
    // A point that stands alone is seen too.
    path += `${isGoing ? 'L' : 'M'}${x.toFixed(4)} ${y(value).toFixed(4)}${isGoing ? '' : 'h.008'}`;
  });
  return path;
}
