import type { Clock } from '../../lib/clock.ts';
import { changedZone } from '../../lib/local-zone.ts';
import { retryUntilStopped } from '../../lib/retry-until-stopped.ts';
import { countWords, spanWords } from '../../lib/time-words.ts';
import { wholeMs } from '../../lib/whole-ms.ts';
import { parseSchedule, type Schedule } from '../../message/schedule.ts';
import { parseSubject } from '../../message/subject.ts';
import type { KeptTime } from '../../store/kept-clock.ts';
import type { Statement, Store } from '../../store/store.ts';
import type { JournalDeps, QueuedMethod } from '../journal-deps.ts';
import { type JournalRow, markRunning, type RowEnd, type StoredRow, toRow } from '../journal-table.ts';
import type { Cancellations } from './cancellations.ts';
import { type Due, DueTimes, type From, type Moment } from './due-times.ts';
import { RunRoom } from './run-room.ts';
import { LONG_RUN_MS, type Runner } from './runner.ts';
import {
  deleteProgress,
  endOf,
  isFailure,
  type Progress,
  saveProgress,
  saveStart,
} from './schedule-progress.ts';

/** The clock is looked at this often, as it may be set, and the machine may sleep, ms. */
const LONGEST_WAIT_MS = 60_000;
/** How many schedules a node keeps: each takes memory until it ends, and anybody may send them. */
const MOST_SCHEDULES = 10_000;
const TOO_MANY = `this node has as many schedules as it keeps (${MOST_SCHEDULES}): cancel some of them, or send it later`;

export interface SchedulerDeps extends Pick<JournalDeps, 'errorReporter' | 'logger'> {
  readonly store: Pick<Store, 'all' | 'write'>;
  readonly clock: Clock;
  readonly kept: KeptTime;
  /** How late a run may be without being skipped, ms. */
  readonly graceMs: number;
  readonly runner: Pick<Runner, 'runOnce' | 'cancel' | 'finish' | 'ends'>;
  /** Aborted when the node stops. */
  readonly signal: AbortSignal;
  readonly cancellations: Pick<Cancellations, 'ids'>;
  methodOf(subject: string): QueuedMethod | undefined;
  load(row: number): JournalRow | undefined;
}

/** What an earlier life of the node noted of a schedule. */
interface Before extends Progress {
  /** The start of the run that was under way. */
  readonly run_at: number | null;
  /** When it began, by the kept clock. */
  readonly started: number | null;
}

/** A schedule as lists show it. */
export interface ActiveSchedule extends Progress {
  readonly id: string;
  readonly fromNode: string;
  readonly method: string;
  readonly schedule: Schedule;
  /** Unix ms; undefined where only the end of the last run is awaited. */
  readonly nextAt: number | undefined;
}

/** A request that runs again and again. */
interface Active extends Progress {
  readonly row: number;
  readonly id: string;
  readonly fromNode: string;
  readonly subject: string;
  readonly schedule: Schedule;
  /** When it began, by the kept clock. */
  readonly keptStart: number;
  readonly times: DueTimes;
  /** Whether it is on disk that it goes on; before that it cannot end. */
  isBegun: boolean;
  isCancelled: boolean;
  isRunning: boolean;
  disarm: () => void;
}

/** Runs requests that have a schedule, each when it is due and never twice at once, until their time is over. */
export class Scheduler {
  readonly #deps: SchedulerDeps;
  readonly #active = new Map<number, Active>();
  /** Places for runs in their first second, as many schedules may be due at once. */
  readonly #room = new RunRoom();
  readonly #work = new Set<Promise<void>>();

  constructor(deps: SchedulerDeps) {
    this.#deps = deps;
    // A time that the clock is set to, or past, is not to wait for the next look.
    deps.kept.onSet?.(() => {
      for (const one of this.#active.values()) if (one.isBegun) this.#goOn(one);
    });
    deps.signal.addEventListener('abort', () => {
      for (const one of this.#active.values()) one.disarm();
    });
  }

  /** Takes over a request whose turn has come; resolves when that is on disk. */
  async begin(row: JournalRow): Promise<void> {
    if (this.#active.size >= MOST_SCHEDULES) return await this.#refuse(row);
    const now = this.#now();
    const startedAt = wholeMs(now.kept);
    // Its first time is the one at which it begins, by the same look at the clock.
    const begun = { keptStart: startedAt, from: 'before-now', now } as const;
    const one = this.#add(row, begun, { runs: 0, failed: 0, skipped: 0 });
    await this.#write([
      markRunning(row.row, now.wall),
      saveProgress(row.row, one, null),
      saveStart(row.row, startedAt),
    ]);
    if (this.#deps.signal.aborted) return;
    this.#deps.runner.ends.reportStart(row, now.wall);
    one.isBegun = true;
    this.#goOn(one);
  }

  /** Goes on with what an earlier life of the node had begun. Times that went by meanwhile are left out. */
  async recover(rows: readonly StoredRow[]): Promise<void> {
    if (rows.length === 0) return;
    const stored = this.#deps.store.all<Before & { readonly row: number }>(
      'SELECT s.*, b.started FROM schedules s LEFT JOIN schedule_starts b ON b.row = s.row',
    );
    const progress = new Map(stored.map((one) => [one.row, one]));
    for (const row of rows) await this.#recoverOne(row, progress.get(row.row));
  }

  /** Ends a schedule and its run, if one is under way; false where there is none of this id. */
  cancel(id: string): boolean {
    const one = [...this.#active.values()].find((active) => active.id === id);
    if (!one) return false;
    one.isCancelled = true;
    if (one.isRunning) this.#deps.runner.cancel(id);
    else if (one.isBegun) this.#goOn(one);
    return true;
  }

  /** All schedules whose time is not over, in the order in which they came. */
  list(): ActiveSchedule[] {
    return [...this.#active.values()].map((one) => {
      const { id, fromNode, subject, schedule, times, runs, failed, skipped } = one;
      const method = parseSubject(subject)?.method ?? '';
      return { id, fromNode, method, schedule, nextAt: times.nextAt(this.#now()), runs, failed, skipped };
    });
  }

  /** Resolves when no run is under way any more and all is written down. */
  async idle(): Promise<void> {
    while (this.#work.size > 0) await Promise.all(this.#work);
  }

  async #recoverOne(stored: StoredRow, before: Before | undefined): Promise<void> {
    const { runs = 0, failed = 0, skipped = 0 } = before ?? {};
    const startedAt = stored.started_at ?? stored.accepted_at;
    // What an older version began has its start as a date alone.
    const keptStart = before?.started ?? startedAt + this.#deps.kept.now() - this.#deps.clock.wallNow();
    const row = { ...toRow(stored), expiresAt: stored.not_after };
    const hasRun = runs > 0 || before?.run_at != null;
    const from: From = hasRun || typeof parseSchedule(row.schedule ?? '') === 'string' ? 'now' : 'first';
    const begun = { keptStart, from, now: this.#now() };
    const one = this.#add(row, begun, { runs, failed, skipped });
    one.isBegun = true;
    one.isCancelled = this.#deps.cancellations.ids.has(one.id);
    if (before?.run_at != null) {
      one.runs++;
      one.failed++;
      const text = `error: ${one.subject}: the node stopped while a run of the schedule ${JSON.stringify(one.schedule)} was under way; that run is not repeated, the schedule goes on`;
      this.#deps.errorReporter.report(text);
      await this.#write([saveProgress(one.row, one, null)]);
    }
    this.#goOn(one);
  }

  #add(
    row: JournalRow,
    start: {
      readonly keptStart: number;
      readonly from: From;
      readonly now: Moment;
    },
    progress: Progress,
  ): Active {
    const { id, fromNode, subject, expiresAt } = row;
    const schedule = parseSchedule(row.schedule ?? '') ?? ([1, 0] as const);
    const timed = { schedule, startedAt: start.keptStart, expiresAt };
    const one: Active = {
      ...{ row: row.row, id, fromNode, subject, schedule, keptStart: start.keptStart, ...progress },
      ...{ isBegun: false, isCancelled: false, isRunning: false, disarm: () => {} },
      times: new DueTimes(timed, start.now, { from: start.from, zone: changedZone }),
    };
    this.#active.set(row.row, one);
    return one;
  }

  /** Runs what is due, waits for what is not yet, and ends what is over. */
  #goOn(one: Active): void {
    one.disarm();
    if (this.#deps.signal.aborted) return;
    const now = this.#now();
    if (!one.isCancelled) this.#runDue(one, one.times.take(now));
    if (!one.isCancelled && !one.times.isOver(now)) {
      const waitMs = Math.min(one.times.leftMs(now), LONGEST_WAIT_MS);
      one.disarm = this.#deps.clock.after(waitMs, () => this.#goOn(one));
    } else if (!one.isRunning) this.#track(this.#finish(one));
  }

  #runDue(one: Active, { count, lateMs }: Due): void {
    if (count === 0) return;
    const isLate = lateMs > this.#deps.graceMs;
    const isRun = !one.isRunning && !isLate;
    one.skipped += count - (isRun ? 1 : 0);
    if (isRun) this.#track(this.#run(one));
    if (isLate) this.#reportLate(one, count, lateMs);
  }

  #reportLate({ id, subject, schedule }: Active, count: number, lateMs: number): void {
    const late = `${spanWords(lateMs)} late, as the machine slept or its clock was set`;
    const text = `info: ${subject}: ${countWords(count, 'run')} of the schedule ${JSON.stringify(schedule)} (request ${id}) skipped: ${late}`;
    this.#deps.errorReporter.report(text);
  }

  #now(): Moment {
    return { wall: this.#deps.clock.wallNow(), kept: this.#deps.kept.now() };
  }

  #refuse(row: JournalRow): Promise<void> {
    const end: RowEnd = { state: 'rejected', reason: TOO_MANY };
    return this.#deps.runner.ends.write({ row, message: undefined, startedAt: undefined, end });
  }

  /** Resolves with what frees a place for a run; a run that goes on frees it after a second. */
  async #takePlace(sender: string): Promise<() => void> {
    const turn = this.#room.take(0, sender);
    if (turn) await turn;
    let isFree = false;
    const free = () => {
      if (!isFree) this.#room.started(0);
      if (!isFree) this.#room.ended(sender);
      isFree = true;
    };
    const cancel = this.#deps.clock.after(LONG_RUN_MS, free);
    return () => {
      cancel();
      free();
    };
  }

  async #run(one: Active): Promise<void> {
    one.isRunning = true;
    const freePlace = await this.#takePlace(one.fromNode);
    try {
      const row = one.isCancelled || this.#deps.signal.aborted ? undefined : this.#deps.load(one.row);
      if (!row) return;
      await this.#deps.runner.runOnce(row, this.#deps.methodOf(one.subject), {
        count: one.runs + 1,
        begun: saveProgress(one.row, one, this.#deps.clock.wallNow()),
        ended: (state) => {
          one.runs++;
          if (isFailure(state)) one.failed++;
          return saveProgress(one.row, one, null);
        },
      });
    } finally {
      freePlace();
      one.isRunning = false;
      if (one.isCancelled || one.times.isOver(this.#now())) this.#goOn(one);
    }
  }

  async #finish(one: Active): Promise<void> {
    if (!this.#active.delete(one.row)) return;
    const row = this.#deps.load(one.row);
    const startedAt = this.#deps.kept.toWall(one.keptStart);
    if (row)
      await this.#deps.runner.finish(row, endOf(one), { startedAt, alongside: deleteProgress(one.row) });
  }

  #write(statements: readonly Statement[]): Promise<boolean> {
    return retryUntilStopped(() => this.#deps.store.write(statements), this.#deps);
  }

  #track(work: Promise<void>): void {
    const tracked = work
      .catch((error) => {
        this.#deps.logger.warn({ err: error }, 'a schedule could not go on');
        this.#deps.errorReporter.report(
          `error: a run of a schedule was left out: ${(error as Error).message}`,
        );
      })
      .finally(() => this.#work.delete(tracked));
    this.#work.add(tracked);
  }
}
