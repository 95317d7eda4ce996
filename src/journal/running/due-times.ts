import { nextRunAt, type Schedule } from '../../message/schedule.ts';

/** A moment by both clocks, ms: the wall clock's date, and the kept clock, which no step of the other changes. */
export interface Moment {
  readonly wall: number;
  readonly kept: number;
}

/** A schedule with the moments that it goes by, ms on the kept clock. */
interface Timed {
  readonly schedule: Schedule;
  readonly startedAt: number;
  /** The end of its life; null where it has none. */
  readonly expiresAt: number | null;
}

/** Where the times of a schedule begin. */
export type From = 'now' | 'before-now' | 'first';

/** What is due at a moment. */
export interface Due {
  /** How many times have come since the last look; 0 where none has. */
  readonly count: number;
  /** How late the first of them is, ms. */
  readonly lateMs: number;
}

/** Clocks may be apart by this much without a step, ms. */
const SLACK_MS = 1000;
/** After a step back of more than this the new time counts: what has run by the old one may come again, ms. */
const MAX_BACK_MS = 3 * 3_600_000;
/** At most this many missed times of a cron expression are counted. */
const MOST_COUNTED = 1000;
const NOTHING_DUE: Due = { count: 0, lateMs: 0 };

/**
 * The times at which a schedule means a run. Intervals go by the kept clock, so that a clock that is set makes them
 * neither denser nor longer. Cron expressions go by the wall clock: where that is set back by less than 3 h, times that
 * have run are not repeated, but expressions with a star for minute or hour go on at once; beyond that the new time counts.
 * They follow the time zone of the machine.
 */
export class DueTimes {
  readonly #timed: Timed;
  readonly #isInterval: boolean;
  readonly #readZone: () => string | undefined;
  #zone: string | undefined;
  /** On the clock that the schedule goes by. */
  #next: number | undefined;
  /** How far the wall clock was ahead of the kept one at the last look. */
  #ahead: number;

  /** `from`: whether now is a time that can be due, or times come after it alone; `first`: a run is due at once. */
  constructor(
    timed: Timed,
    now: Moment,
    { from, zone }: { readonly from: From; readonly zone: () => string | undefined },
  ) {
    this.#timed = timed;
    this.#readZone = zone;
    this.#zone = zone();
    this.#isInterval = typeof timed.schedule !== 'string';
    this.#ahead = now.wall - now.kept;
    const at = this.#at(now);
    // A first run that did not come about is made up for.
    this.#next = from === 'first' ? at : this.#nextAfter(from === 'now' ? at : at - 1);
  }

  /** The next time, unix ms by today's wall clock; undefined where there is none within its life. */
  nextAt(now: Moment): number | undefined {
    if (this.isOver(now)) return undefined;
    return this.#isInterval ? Math.round(this.#next! + now.wall - now.kept) : this.#next;
  }

  /** How long it is to the next time, ms. */
  leftMs(now: Moment): number {
    return Math.max(0, (this.#next ?? 0) - this.#at(now));
  }

  /** Whether no run may begin any more. */
  isOver(now: Moment): boolean {
    return this.#next === undefined || this.#isPast(this.#next, now);
  }

  /** Takes what is due at a moment; the next time is then one to come. */
  take(now: Moment): Due {
    this.#follow(now);
    const at = this.#at(now);
    const first = this.#next;
    if (first === undefined || first > at) return NOTHING_DUE;
    let count = 0;
    for (; this.#next !== undefined && this.#next <= at && !this.#isPast(this.#next, now); count++)
      this.#next = count < MOST_COUNTED ? this.#nextAfter(this.#next) : this.#nextAfter(at);
    if (this.#next !== undefined && this.#next <= at) this.#next = undefined;
    return { count, lateMs: at - first };
  }

  /** Goes on from where the wall clock was set to. */
  #follow({ wall, kept }: Moment): void {
    const { schedule } = this.#timed;
    const backMs = this.#ahead - (wall - kept);
    this.#ahead = wall - kept;
    if (typeof schedule !== 'string') return;
    const zone = this.#readZone();
    const isElsewhere = zone !== this.#zone;
    this.#zone = zone;
    const isBack = backMs >= SLACK_MS && (backMs > MAX_BACK_MS || hasStarInTime(schedule));
    if (isBack || (isElsewhere && this.#next !== undefined && this.#next > wall))
      this.#next = this.#nextAfter(wall - 1);
  }

  #nextAfter(after: number): number | undefined {
    const { schedule, startedAt } = this.#timed;
    return nextRunAt(schedule, { startedAt, after, zone: this.#zone });
  }

  #isPast(at: number, now: Moment): boolean {
    const { expiresAt, schedule, startedAt } = this.#timed;
    const kept = this.#isInterval ? at : at - now.wall + now.kept;
    if (expiresAt !== null && kept > expiresAt) return true;
    return typeof schedule !== 'string' && at >= startedAt + schedule[1] * 1000;
  }

  #at(now: Moment): number {
    return this.#isInterval ? now.kept : now.wall;
  }
}

/** Whether an expression has a star for its minute or its hour: such a run comes again and again within a day. */
function hasStarInTime(expression: string): boolean {
  if (expression.startsWith('@')) return /^@hourly$/i.test(expression);
  const fields = expression.split(' ');
  const [minute = '', hour = ''] = fields.length === 6 ? fields.slice(1) : fields;
  return minute.startsWith('*') || hour.startsWith('*');
}
