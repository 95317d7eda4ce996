import type { Statement, Store } from '../../store/store.ts';
import { endForwarded, type ForwardEnd, type StoredRow, toReport } from '../journal-table.ts';
import type { Reporter } from '../output/reporter.ts';

/** What is new of a message: it has ended, or it runs since `startedAt` (unix ms). */
export interface ForwardMoved {
  readonly id: string;
  readonly startedAt?: number;
}

/** Requests that went on as other messages, and are reported to their senders as those fare: it listens to outbox and ledger. */
export class RelayedRequests {
  readonly #store: Pick<Store, 'get'>;
  readonly #reporter: Pick<Reporter, 'add'>;
  /** A node that never relays is not slowed down by looking. */
  #isUsed: boolean;

  constructor(deps: { store: Pick<Store, 'get'>; reporter: Pick<Reporter, 'add'> }) {
    this.#store = deps.store;
    this.#reporter = deps.reporter;
    this.#isUsed = this.#store.get('SELECT 1 FROM journal WHERE forward IS NOT NULL LIMIT 1') !== undefined;
  }

  /** Requests begin to go on. */
  use(): void {
    this.#isUsed = true;
  }

  /** The row of a request, as it is now. */
  rowOf(id: string): StoredRow | undefined {
    return this.#store.get<StoredRow>('SELECT * FROM journal WHERE id = ?', id);
  }

  /** Statements that end requests with the messages that they went on as. */
  alongside(ended: readonly ForwardEnd[]): Statement[] {
    return this.#isUsed ? [endForwarded(ended)] : [];
  }

  /** Reports requests that went on as these messages. */
  written(moved: readonly ForwardMoved[]): void {
    if (!this.#isUsed) return;
    for (const { id, startedAt } of moved) {
      const row = this.#store.get<StoredRow & { reported: number }>(
        'SELECT * FROM journal WHERE forward = ?',
        id,
      );
      if (!row || row.lane === null) continue;
      if (startedAt !== undefined) {
        const start = { id: row.id, state: 'running', acceptedAt: row.accepted_at, startedAt } as const;
        this.#reporter.add(row.from_node, start);
      } else if (row.reported === 0) this.#reporter.add(row.from_node, toReport(row), row.row);
    }
  }
}

/** Whether this node relayed a request with this key. */
export function wasRelayed(store: Pick<Store, 'get'>, replyKey: string): boolean {
  return store.get('SELECT 1 FROM journal WHERE reply_key = ? LIMIT 1', replyKey) !== undefined;
}
