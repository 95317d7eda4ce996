import { cronFault, nextCronTime } from '../lib/cron-times.ts';
import { showText, showValue } from '../lib/show-value.ts';

/**
 * When a request runs again and again: every few seconds, for some time; at the times of a cron expression; or once, at
 * a time of ISO 8601.
 */
export type Schedule = readonly [intervalSeconds: number, totalSeconds: number] | string;

const FORM = 'must be [interval, total] in whole seconds, or a cron expression or a time in quotes';
/** Without a zone it is a time of the node that runs the request. */
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?$/;
const MAX_SECONDS = 2 ** 31 - 1;

/** A schedule from JSON, or why it is none. */
export function readSchedule(
  value: unknown,
): { readonly ok: true; readonly value: Schedule } | { readonly ok: false; readonly reason: string } {
  if (typeof value === 'string')
    return MOMENT.test(value.trim()) ? readMoment(value.trim()) : readCron(value);
  if (!Array.isArray(value) || value.length !== 2 || !value.every(isSeconds)) {
    return { ok: false, reason: `${FORM}, but is ${showValue(value)}` };
  }
  const [interval, total] = value as [number, number];
  if (interval < 1) return { ok: false, reason: `${FORM}; the interval must be 1 second at least` };
  if (total < interval) {
    return {
      ok: false,
      reason: `${FORM}; the total of ${total} s is less than the interval of ${interval} s`,
    };
  }
  return { ok: true, value: [interval, total] };
}

/** Reads what `JSON.stringify` made of a schedule; undefined where that is none. */
export function parseSchedule(json: string): Schedule | undefined {
  try {
    const reading = readSchedule(JSON.parse(json));
    return reading.ok ? reading.value : undefined;
  } catch {
    return undefined;
  }
}

/** What decides whether a schedule can run a method. */
export interface Schedulable {
  readonly mode: string;
  readonly isOpenEnded?: boolean;
  readonly isResumable?: boolean;
}

/** Why a method cannot be run by a schedule, or undefined. */
export function unschedulable(name: string, method: Schedulable | undefined): string | undefined {
  const isOneRun = !method?.isOpenEnded && !method?.isResumable;
  if (method?.mode === 'run' && isOneRun) return undefined;
  const why = isOneRun ? 'is no method that is run' : 'goes on by itself, also after a restart';
  return `${name} ${why}, so it cannot have a schedule`;
}

/**
 * The first time after `after` at which a schedule that began at `startedAt` means a run; undefined where its total
 * is over by then. The first run of an interval is at `startedAt` itself. Times are unix ms. `zone` is the time zone of a
 * cron expression, where it is not that of this process.
 */
export function nextRunAt(
  schedule: Schedule,
  { startedAt, after, zone }: { startedAt: number; after: number; zone?: string | undefined },
): number | undefined {
  if (typeof schedule === 'string') {
    const isHere = MOMENT.exec(schedule)?.[3] === undefined;
    if (!MOMENT.test(schedule) || (isHere && zone !== undefined)) return nextCronTime(schedule, after, zone);
    const at = Date.parse(schedule);
    return at > after ? at : undefined;
  }
  const [interval, total] = schedule;
  if (after < startedAt) return startedAt;
  const next = startedAt + (Math.floor((after - startedAt) / (interval * 1000)) + 1) * interval * 1000;
  return next < startedAt + total * 1000 ? next : undefined;
}

function readMoment(text: string): ReturnType<typeof readSchedule> {
  if (!Number.isNaN(Date.parse(text))) return { ok: true, value: text };
  return { ok: false, reason: `${showText(text)} is no time: there is no such day or hour` };
}

function readCron(text: string): ReturnType<typeof readSchedule> {
  const expression = text.trim().replace(/\s+/g, ' ');
  const fault = cronFault(expression);
  if (fault === undefined) return { ok: true, value: expression };
  return { ok: false, reason: `${showText(text)} is no cron expression: ${fault}` };
}

function isSeconds(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_SECONDS;
}
