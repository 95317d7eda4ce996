import { receiverOf } from '../message/subject.ts';
import type { Delivery } from '../store/inspect-database.ts';
import { type Finding, finding } from './finding.ts';

const FIRST_YEAR = 2025;
const LAST_YEAR = 2100;
/** From here on expiry and times in reports go wrong in a way that people notice. */
const MOST_DIFFERENCE_MS = 5000;
const OLDEST_MS = 86_400_000;

/**
 * Whether the clock can be right, and how it compares with those of other nodes, by what they said when they took
 * messages: between the sending and the answer it was that time there.
 */
export function checkClock(now: number, deliveries: readonly Delivery[]): Finding[] {
  const date = new Date(now);
  const year = date.getUTCFullYear();
  const shown = `${date.toISOString().slice(0, 19)}Z`;
  if (year < FIRST_YEAR || year > LAST_YEAR) {
    const advice = 'set it: certificates, expiresIn and the age of what is kept depend on it';
    return [finding('clock', 'fail', `it is ${shown} here, which cannot be`, advice)];
  }
  const recent = deliveries.filter(({ acceptedAt }) => now - acceptedAt < OLDEST_MS && acceptedAt <= now);
  const nodes = [...new Set(recent.map(({ subject }) => receiverOf(subject)))];
  if (nodes.length === 0)
    return [finding('clock', 'ok', `${shown}; no node has told its time in the last day to compare it with`)];
  const wrong = nodes.flatMap((node) => {
    const differenceMs = differenceTo(recent.filter(({ subject }) => receiverOf(subject) === node));
    return Math.abs(differenceMs) > MOST_DIFFERENCE_MS ? [{ node, differenceMs }] : [];
  });
  const compared = `${shown}, compared with ${nodes.length === 1 ? nodes[0] : `${nodes.length} nodes`}`;
  if (wrong.length === 0) return [finding('clock', 'ok', `${compared}: no difference that matters`)];
  return wrong.slice(0, 5).map(({ node, differenceMs }) => {
    const seconds = Math.round(Math.abs(differenceMs) / 1000);
    const text = `the clock of ${node} is ${seconds} s ${differenceMs > 0 ? 'ahead of' : 'behind'} this one (${shown})`;
    return finding(
      'clock',
      'warn',
      text,
      'set the clock that is wrong (NTP): dates of each node are shown at the other, and cron schedules go by them',
    );
  });
}

/** The least difference that explains a delivery, ms; that of the one which says most. Positive: the other is ahead. */
function differenceTo(deliveries: readonly Delivery[]): number {
  const differences = deliveries.map(({ sentAt, acceptedAt, thereAt }) => {
    if (thereAt > acceptedAt) return thereAt - acceptedAt;
    return thereAt < sentAt ? thereAt - sentAt : 0;
  });
  // The newest ones come first; an older one may be from before a clock was set.
  return differences[0] ?? 0;
}
