import type { RunResult } from '../../message/method-contract.ts';
import { type Statement, statement } from '../../store/store.ts';
import type { RowEnd } from '../journal-table.ts';

/** How far a schedule has come: runs that have ended, those of them that failed, and times at which one still ran. */
export interface Progress {
  runs: number;
  failed: number;
  skipped: number;
}

/** Statement that notes how far a schedule has come; `runAt` is the start of the run under way, unix ms. */
export function saveProgress(row: number, progress: Progress, runAt: number | null): Statement {
  const { runs, failed, skipped } = progress;
  const sql = 'INSERT OR REPLACE INTO schedules (row, runs, failed, skipped, run_at) VALUES (?, ?, ?, ?, ?)';
  return statement(sql, row, runs, failed, skipped, runAt);
}

/** Statement that notes when a schedule began, by the kept clock. */
export function saveStart(row: number, started: number): Statement {
  return statement('INSERT OR REPLACE INTO schedule_starts (row, started) VALUES (?, ?)', row, started);
}

/** Statements that forget how far a schedule had come, as it has ended. */
export function deleteProgress(row: number): Statement[] {
  return [
    statement('DELETE FROM schedules WHERE row = ?', row),
    statement('DELETE FROM schedule_starts WHERE row = ?', row),
  ];
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
