import { formatOf } from '../../message/codec/body-format.ts';
import { unpackedBytes } from '../../message/codec/compression.ts';
import { readMeta, saveMeta } from '../../store/meta.ts';
import type { Statement, Store } from '../../store/store.ts';
import type { JournalDeps, QueuedMethod } from '../journal-deps.ts';
import { type StoredRow, toReport, toRow } from '../journal-table.ts';
import type { OutputRests } from '../output/output-rests.ts';
import type { Reporter } from '../output/reporter.ts';
import { LARGE_BYTES } from '../perils.ts';
import { type AskSender, HeldRuns, isSchedule, type LeftRun } from './held-runs.ts';
import { findOpenRuns, giveMissingIds, runIdOf } from './run-id.ts';
import type { Runner } from './runner.ts';
import type { Scheduler } from './scheduler.ts';

/** The row of `meta` that holds the last row of the journal that came with a backup. */
const RESTORED_ROW = 'restored_row';

interface LeftRunsOptions {
  readonly nodeName: string;
  readonly instance: string;
}

interface LeftRunsDeps
  extends Pick<JournalDeps, 'perils' | 'killLeftovers' | 'newId'>,
    Omit<ConstructorParameters<typeof HeldRuns>[1], 'runner' | 'scheduler'> {
  readonly reporter: Pick<Reporter, 'add'>;
  readonly rests: Pick<OutputRests, 'goOn'>;
  readonly runner: Pick<Runner, 'finish' | 'interrupt'>;
  readonly scheduler: Pick<Scheduler, 'recover' | 'cancel'>;
  methodOf(subject: string): QueuedMethod | undefined;
}

const OPEN = `SELECT row, id, from_node, subject, state, schedule, lane, length(body) AS bytes FROM journal
  WHERE state IN ('accepted', 'running') ORDER BY row`;

/** Statement that notes that all there is in the journal came with a backup. */
export function saveRestored(store: Pick<Store, 'get'>): Statement {
  const last = store.get<{ row: number | null }>('SELECT max(row) AS row FROM journal')?.row ?? 0;
  return saveMeta(RESTORED_ROW, String(last));
}

/** What an earlier life of the node left in the journal. */
export class LeftRuns {
  readonly #options: LeftRunsOptions;
  readonly #deps: LeftRunsDeps;

  constructor(options: LeftRunsOptions, deps: LeftRunsDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Ends what was under way, reports what was not, and has the rest wait for its turn, and its sender's word where it can be asked. */
  async recover(ask: AskSender | undefined): Promise<void> {
    const { store, newId, reporter, rests } = this.#deps;
    const missing = giveMissingIds(store, newId);
    if (missing.length > 0) await store.write(missing);
    const open = store.all<LeftRun>(OPEN);
    const restoredRow = Number(readMeta(store, RESTORED_ROW) ?? 0);
    const found = await this.#endProcesses(restoredRow);
    const begin = ask && new HeldRuns(this.#options, this.#deps).hold(open, ask, restoredRow);
    const unreported = store.all<StoredRow>('SELECT * FROM journal WHERE reported = 0 ORDER BY row');
    for (const row of unreported) if (!rests.goOn(row)) reporter.add(row.from_node, toReport(row), row.row);
    await this.#deps.scheduler.recover(open.filter(isSchedule).map(({ row }) => this.#stored(row)));
    const hasBegun = (left: LeftRun) =>
      left.state === 'running' || found.has(runIdOf(left, this.#options.instance));
    const [begun, waiting] = [
      open.filter((left) => hasBegun(left) && !isSchedule(left)),
      open.filter((left) => !hasBegun(left)),
    ];
    for (const left of begun) await this.#endBegun(left);
    for (const left of waiting) if (!(await this.#endPerilous(left))) this.#wait(left);
    begin?.();
  }

  /** Ends the processes of what was under way; the runs that were found. */
  async #endProcesses(restoredRow: number): Promise<ReadonlySet<string>> {
    const { store, killLeftovers } = this.#deps;
    const { runIds, requestIds } = findOpenRuns(store, this.#options.instance, restoredRow);
    return runIds.size > 0 ? await killLeftovers(runIds, { requestIds }) : new Set();
  }

  async #endBegun(left: LeftRun): Promise<void> {
    if (await this.#endPerilous(left)) return;
    const method = this.#deps.methodOf(left.subject);
    const isResumable = method?.mode === 'run' && method.isResumable;
    if (isResumable && left.state === 'running') return this.#wait(left);
    const stored = this.#stored(left.row);
    const bytes = unpackedBytes(stored.body ?? new Uint8Array(0), formatOf(stored.format).cmp, LARGE_BYTES);
    const release = this.#deps.perils?.hold(left.id, bytes);
    await this.#deps.runner.interrupt(stored);
    release?.();
  }

  /** Ends a request in which the node itself ended too often; true where it did. */
  async #endPerilous({ row, id, state: left, bytes }: LeftRun): Promise<boolean> {
    const reason = this.#deps.perils?.faultOf(id, bytes ?? 0);
    if (reason === undefined) return false;
    const stored = this.#stored(row);
    const startedAt = stored.started_at ?? stored.accepted_at;
    this.#deps.errorReporter.report(`error: ${stored.subject}: request ${id}: ${reason}`);
    const state = left === 'running' ? 'interrupted' : 'rejected';
    await this.#deps.runner.finish(toRow(stored), { state, reason }, { startedAt, alongside: [] });
    return true;
  }

  #wait({ from_node, subject, row }: LeftRun): void {
    this.#deps.queues.of(from_node, subject).add(row);
  }

  #stored(row: number): StoredRow {
    return this.#deps.store.get<StoredRow>('SELECT * FROM journal WHERE row = ?', row)!;
  }
}
