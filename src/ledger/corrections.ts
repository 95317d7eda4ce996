import { isEnd, type RequestState } from '../contract/states.ts';
import type { ReportEntry } from '../message/report.ts';
import type { Statement, Store } from '../store/store.ts';
import { stepStatement } from './batch-rows.ts';
import { isOpen, type LedgerRow, reportsEnd } from './reported.ts';

/** How often a node may take back its word on one message; after that no more than a certain end counts. */
const MOST = 10;

/** States in which a request may still be asked for, as one whose time is over by that alone. */
const CALLED_OFF: ReadonlySet<string> = new Set(['cancelled', 'superseded']);

/** Follows what some reports make of messages, and what of it was given up here and had arrived after all. */
export class Corrections {
  readonly #store: Pick<Store, 'get'>;
  readonly #states = new Map<string, RequestState>();
  readonly #counts = new Map<string, number>();
  readonly #statements: Statement[] = [];

  constructor(store: Pick<Store, 'get'>) {
    this.#store = store;
  }

  /** Statements that note the corrections. */
  get statements(): readonly Statement[] {
    return this.#statements;
  }

  /** The row as the reports before this entry have left it; undefined where the entry is not to count. */
  take(stored: LedgerRow, entry: ReportEntry, at: number): LedgerRow | undefined {
    const state = this.#states.get(stored.id);
    // A copy of a row costs more than all the rest of this.
    const row = state === undefined ? stored : { ...stored, state };
    if (CALLED_OFF.has(row.state) && entry.state === 'expired') return undefined;
    if (!isOpen(row.state)) return row;
    if (isCorrection(row, entry) && !this.#correct(row, entry, at)) return undefined;
    this.#states.set(row.id, entry.state);
    return row;
  }

  #correct({ id, state, reason }: LedgerRow, entry: ReportEntry, at: number): boolean {
    const count = this.#counts.get(id) ?? this.#countOf(id);
    if (count >= MOST && isOpen(entry.state)) return false;
    this.#counts.set(id, count + 1);
    const note = `it was ${state} as far as was known${reason ? `: ${reason}` : ''}`;
    this.#statements.push(stepStatement([{ id, at, what: 'corrected', note }]));
    return true;
  }

  #countOf(id: string): number {
    const sql = "SELECT count(*) AS count FROM steps WHERE id = ? AND what = 'corrected'";
    return this.#store.get<{ count: number }>(sql, id)?.count ?? 0;
  }
}

/** Whether an entry says otherwise of what was given up here; that something runs says nothing of a cancelled one. */
function isCorrection({ state }: LedgerRow, entry: ReportEntry): boolean {
  return isEnd(state) && entry.state !== state && (reportsEnd(entry) || state !== 'cancelled');
}
