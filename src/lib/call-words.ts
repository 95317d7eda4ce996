import { clockWords } from './time-words.ts';

/** A call may be late by this much before it is overdue, ms: links take their time, and clocks differ. */
export const CALL_GRACE_MS = 300_000;

/** When a node that is away calls next, for people: `calls at 06:00`, `call of 06:00 overdue`; empty where it does not call. */
export function callWords(callsAt: number | null | undefined, now: number): string {
  if (callsAt === null || callsAt === undefined) return '';
  const at = clockWords(callsAt, now).replace(/^(\d\d:\d\d):\d\d$/, '$1');
  return now > callsAt + CALL_GRACE_MS ? `call of ${at} overdue` : `calls at ${at}`;
}
