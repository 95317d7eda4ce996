import type { RunResult } from '../message/method-work.ts';
import type { Schedule } from '../message/schedule.ts';
import { type Statement, statement } from '../store/statement.ts';
import type { RowEnd } from './rows.ts';

/** How far a schedule has come: runs that have ended, those of them that failed, and times at which one still ran. */
export interface Progress {
  runs: number;
  failed: number;
  skipped: number;
}

interface Timed {
  readonly schedule: Schedule;
  readonly startedAt: number;
  readonly notAfter: number | null;
}

/** Statement that notes how far a schedule has come; `runAt` is the start of the run under way, unix ms. */
export function saveProgress(row: number, progress: Progress, runAt: number | null): Statement {
  const { runs, failed, skipped } = progress;
  const sql = 'INSERT OR REPLACE INTO schedules (row, runs, failed, skipped, run_at) VALUES (?, ?, ?, ?, ?)';
  return statement(sql, row, runs, failed, skipped, runAt);
}

/** Statement that forgets how far a schedule had come, as it has ended. */
export function deleteProgress(row: number): Statement {
  return statement('DELETE FROM schedules WHERE row = ?', row);
}

/** Whether no run may begin any more at a time (unix ms), or there is no time at all. */
export function timeIsOver({ schedule, startedAt, notAfter }: Timed, at: number | undefined): boolean {
  if (at === undefined || (notAfter !== null && at > notAfter)) return true;
  return typeof schedule !== 'string' && at >= startedAt + schedule[1] * 1000;
}

/** Whether a run counts as failed. */
export function isFailure(state: RunResult['state']): boolean {
  return state !== 'succeeded' && state !== 'cancelled';
}

/** How a schedule ends: as succeeded where any run did well. */
export function endOf(one: Progress & { readonly isCancelled: boolean }): RowEnd {
  const { runs, failed, skipped } = one;
  const counts = `${runs} ${runs === 1 ? 'run' : 'runs'}, ${failed} failed, ${skipped} skipped`;
  if (one.isCancelled) return { state: 'cancelled', reason: `it was cancelled: ${counts}` };
  if (runs === 0) return { state: 'expired', reason: 'its time was over before its first run' };
  return { state: failed === runs ? 'failed' : 'succeeded', reason: counts };
}
