import { Cron } from 'croner';

const FIELDS = /^(@(yearly|annually|monthly|weekly|daily|midnight|hourly)|\S+( \S+){4,5})$/i;
const MAX_LENGTH = 200;
/** What the library puts before its reasons. */
const PREFIX = /^CronPattern: /;

/** Why a text is no cron expression of five fields, or of six with seconds in front; undefined where it is one. */
export function cronFault(expression: string): string | undefined {
  if (expression.length > MAX_LENGTH) return `it has more than ${MAX_LENGTH} characters`;
  if (!FIELDS.test(expression))
    return 'it needs five fields (minute hour day month weekday), or six with seconds in front';
  try {
    return nextCronTime(expression, Date.now()) === undefined ? 'no date ever fits it' : undefined;
  } catch (error) {
    return (error as Error).message.replace(PREFIX, '');
  }
}

/** The first time after `after` (both unix ms) that a cron expression means, in a time zone or that of this process, or none. */
export function nextCronTime(expression: string, after: number, timezone?: string): number | undefined {
  return new Cron(expression, { paused: true, ...(timezone === undefined ? {} : { timezone }) })
    .nextRun(new Date(after))
    ?.getTime();
}
