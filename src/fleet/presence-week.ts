import type { PresenceChange } from '../contract/nodes.ts';
import { WEEK_MS, WEEK_SLOTS } from '../contract/presence-week.ts';

/** How a node was here in the last week, in the form that `contract/presence-week.ts` describes. Times are unix ms. */
export function presenceWeek(changes: readonly PresenceChange[], now: number): string {
  const slotMs = WEEK_MS / WEEK_SLOTS;
  const begin = now - WEEK_MS;
  const known = new Float64Array(WEEK_SLOTS);
  const here = new Float64Array(WEEK_SLOTS);
  for (const [index, { at, presence }] of changes.entries()) {
    const from = Math.max(at, begin);
    const to = Math.min(changes[index + 1]?.at ?? now, now);
    for (let slot = Math.floor((from - begin) / slotMs); slot < WEEK_SLOTS; slot++) {
      const start = begin + slot * slotMs;
      const ms = Math.min(to, start + slotMs) - Math.max(from, start);
      if (ms <= 0) break;
      known[slot]! += ms;
      if (presence === 'here') here[slot]! += ms;
    }
  }
  return Array.from(known, (ms, slot) => digitOf(here[slot]!, ms)).join('');
}

/** However short an absence or a presence is, it shows. */
function digitOf(hereMs: number, knownMs: number): string {
  if (knownMs === 0) return '-';
  if (hereMs === 0) return '0';
  if (hereMs === knownMs) return '9';
  return String(Math.min(8, Math.max(1, Math.round((hereMs / knownMs) * 9))));
}
