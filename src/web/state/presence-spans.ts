import type { Presence, PresenceChange } from '../../contract/nodes.ts';

/** A stretch of time in which a node was here, away, or neither for all that is known; parts of the whole, 0 to 1. */
export interface PresenceSpan {
  readonly presence: Presence;
  readonly from: number;
  readonly to: number;
}

/** How a node came and went in the last while, as far as is known. Times are unix ms, spans parts of that while. */
export function presenceSpans(
  changes: readonly PresenceChange[],
  { now, lengthMs }: { readonly now: number; readonly lengthMs: number },
): PresenceSpan[] {
  const begin = now - lengthMs;
  const before = changes.findLast(({ at }) => at <= begin);
  const points: PresenceChange[] = [
    { at: begin, presence: before?.presence ?? 'unknown' },
    ...changes.filter(({ at }) => at > begin && at < now),
  ];
  return points.map(({ at, presence }, index) => ({
    presence,
    from: (at - begin) / lengthMs,
    to: ((points[index + 1]?.at ?? now) - begin) / lengthMs,
  }));
}

/** How much of the time that is known a node was here, 0 to 1, and how often it was away; undefined where nothing is known. */
export function presenceShare(
  spans: readonly PresenceSpan[],
): { here: number; absences: number } | undefined {
  const lengthOf = (wanted: Presence) =>
    spans.reduce((sum, { presence, from, to }) => sum + (presence === wanted ? to - from : 0), 0);
  const [here, away] = [lengthOf('here'), lengthOf('away')];
  if (here + away === 0) return undefined;
  return { here: here / (here + away), absences: spans.filter(({ presence }) => presence === 'away').length };
}
