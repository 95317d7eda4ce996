import type { Clock } from '../lib/clock.ts';
import { nextRunAt, parseSchedule, type Schedule } from '../message/schedule.ts';
import { parseSubject } from '../message/subject.ts';
import type { Statement } from '../store/statement.ts';
import type { Store } from '../store/store.ts';
import { insist } from './insist.ts';
import type { JournalDeps, QueuedMethod } from './journal-deps.ts';
import { type JournalRow, markRunning } from './rows.ts';
import type { Runner } from './runner.ts';
import {
  deleteProgress,
  endOf,
  isFailure,
  type Progress,
  saveProgress,
  timeIsOver,
} from './schedule-progress.ts';
import { type StoredRow, toRow } from './stored-row.ts';

/** The clock is looked at this often, as it may be set, and the machine may sleep, ms. */
const LONGEST_WAIT_MS = 60_000;

export interface SchedulerDeps extends Pick<JournalDeps, 'reportError' | 'logger'> {
  readonly store: Pick<Store, 'all' | 'write'>;
  readonly clock: Clock;
  readonly runner: Pick<Runner, 'runOnce' | 'cancel' | 'finish' | 'reportStart'>;
  /** Aborted when the node stops. */
  readonly signal: AbortSignal;
  isCancelled(id: string): boolean;
  methodOf(subject: string): QueuedMethod | undefined;
  load(row: number): JournalRow | undefined;
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
  readonly startedAt: number;
  readonly notAfter: number | null;
  nextAt: number | undefined;
  /** Whether it is on disk that it goes on; before that it cannot end. */
  isBegun: boolean;
  isCancelled: boolean;
  isRunning: boolean;
  disarm: () => void;
}

/** Runs requests that have a schedule, each when it is due and never beside itself, until their time is over. */
export class Scheduler {
  readonly #deps: SchedulerDeps;
  readonly #active = new Map<number, Active>();
  readonly #work = new Set<Promise<void>>();

  constructor(deps: SchedulerDeps) {
    this.#deps = deps;
    deps.signal.addEventListener('abort', () => {
      for (const one of this.#active.values()) one.disarm();
    });
  }

  /** Takes over a request whose turn has come; resolves when that is on disk. */
  async begin(row: JournalRow): Promise<void> {
    const now = this.#deps.clock.now();
    const one = this.#add(row, now, { runs: 0, failed: 0, skipped: 0 });
    await this.#write([markRunning(row.row, now), saveProgress(row.row, one, null)]);
    if (this.#deps.signal.aborted) return;
    this.#deps.runner.reportStart(row, now);
    one.isBegun = true;
    one.nextAt = nextRunAt(one.schedule, { startedAt: now, after: now - 1 });
    this.#goOn(one);
  }

  /** Goes on with what an earlier life of the node had begun. Times that went by meanwhile are left out. */
  async recover(rows: readonly StoredRow[]): Promise<void> {
    if (rows.length === 0) return;
    const stored = this.#deps.store.all<Progress & { row: number; run_at: number | null }>(
      'SELECT * FROM schedules',
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
      const { id, fromNode, subject, schedule, nextAt, runs, failed, skipped } = one;
      const method = parseSubject(subject)?.method ?? '';
      const next = timeIsOver(one, nextAt) ? undefined : nextAt;
      return { id, fromNode, method, schedule, nextAt: next, runs, failed, skipped };
    });
  }

  /** Resolves when no run is under way any more and all is written down. */
  async idle(): Promise<void> {
    while (this.#work.size > 0) await Promise.all(this.#work);
  }

  async #recoverOne(
    stored: StoredRow,
    before: (Progress & { readonly run_at: number | null }) | undefined,
  ): Promise<void> {
    const now = this.#deps.clock.now();
    const { runs = 0, failed = 0, skipped = 0 } = before ?? {};
    const startedAt = stored.started_at ?? stored.accepted_at;
    const row = { ...toRow(stored), notAfter: stored.not_after };
    const one = this.#add(row, startedAt, { runs, failed, skipped });
    one.isBegun = true;
    one.isCancelled = this.#deps.isCancelled(one.id);
    if (before?.run_at != null) {
      one.runs++;
      one.failed++;
      const text = `error: ${one.subject}: the node stopped while a run of the schedule ${JSON.stringify(one.schedule)} was under way; that run is not repeated, the schedule goes on`;
      this.#deps.reportError(text);
      await this.#write([saveProgress(one.row, one, null)]);
    }
    const isNew = one.runs === 0 && typeof one.schedule !== 'string';
    one.nextAt = nextRunAt(one.schedule, { startedAt, after: isNew ? startedAt - 1 : now });
    this.#goOn(one);
  }

  #add(row: JournalRow, startedAt: number, progress: Progress): Active {
    const { id, fromNode, subject, notAfter } = row;
    const state = { nextAt: undefined, isBegun: false, isCancelled: false, isRunning: false };
    const one: Active = {
      ...{ row: row.row, id, fromNode, subject, notAfter, startedAt, ...progress, ...state },
      schedule: parseSchedule(row.schedule ?? '') ?? [1, 0],
      disarm: () => {},
    };
    this.#active.set(row.row, one);
    return one;
  }

  /** Runs what is due, waits for what is not yet, and ends what is over. */
  #goOn(one: Active): void {
    one.disarm();
    if (this.#deps.signal.aborted) return;
    const now = this.#deps.clock.now();
    if (!one.isCancelled && one.nextAt !== undefined && one.nextAt <= now && !timeIsOver(one, now)) {
      if (one.isRunning) one.skipped++;
      else this.#track(this.#run(one));
      one.nextAt = nextRunAt(one.schedule, { startedAt: one.startedAt, after: now });
    }
    if (!one.isCancelled && !timeIsOver(one, one.nextAt)) this.#wait(one, now);
    else if (!one.isRunning) this.#track(this.#finish(one));
  }

  #wait(one: Active, now: number): void {
    const left = (one.nextAt ?? now) - now;
    // Where the clock was set back, the next run is no further away for it.
    const most = typeof one.schedule === 'string' ? left : one.schedule[0] * 1000;
    if (left > most) one.nextAt = now + most;
    const waitMs = Math.min(Math.max(0, left), most, LONGEST_WAIT_MS);
    one.disarm = this.#deps.clock.after(waitMs, () => this.#goOn(one));
  }

  async #run(one: Active): Promise<void> {
    const row = this.#deps.load(one.row);
    if (!row) return;
    one.isRunning = true;
    await this.#deps.runner.runOnce(row, this.#deps.methodOf(one.subject), {
      begun: saveProgress(one.row, one, this.#deps.clock.now()),
      ended: (state) => {
        one.runs++;
        if (isFailure(state)) one.failed++;
        return saveProgress(one.row, one, null);
      },
    });
    one.isRunning = false;
    if (one.isCancelled || timeIsOver(one, one.nextAt)) this.#goOn(one);
  }

  async #finish(one: Active): Promise<void> {
    if (!this.#active.delete(one.row)) return;
    const row = this.#deps.load(one.row);
    const { startedAt } = one;
    if (row)
      await this.#deps.runner.finish(row, endOf(one), { startedAt, alongside: [deleteProgress(one.row)] });
  }

  #write(statements: readonly Statement[]): Promise<boolean> {
    return insist(() => this.#deps.store.write(statements), this.#deps);
  }

  #track(work: Promise<void>): void {
    const tracked = work
      .catch((error) => this.#deps.logger.warn({ err: error }, 'a schedule could not go on'))
      .finally(() => this.#work.delete(tracked));
    this.#work.add(tracked);
  }
}
