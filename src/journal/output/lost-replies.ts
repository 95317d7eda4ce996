import { LOST } from '../../message/output.ts';
import type { Statement, Store } from '../../store/store.ts';
import { markOutputLost, type StoredRow, toReport } from '../journal-table.ts';
import type { Reporter } from './reporter.ts';

/** A message that ended; `re` is the request that it was the reply to. */
interface EndedMessage {
  readonly subject: string;
  readonly state: string;
  readonly reason: string | null;
  readonly re?: string | null;
}

/** How a reply ends that does not get to who asked. */
const LOST_STATES: ReadonlySet<string> = new Set(['rejected', 'expired', 'undelivered', 'cancelled']);

/** Tells who asked for a run when the reply to it was given up: what it printed is lost, or a part of that. It listens to the outbox. */
export class LostReplies {
  readonly #deps: { readonly store: Pick<Store, 'get'>; readonly reporter: Pick<Reporter, 'add'> };

  constructor(deps: { store: Pick<Store, 'get'>; reporter: Pick<Reporter, 'add'> }) {
    this.#deps = deps;
  }

  /** Statements that note it with requests that have ended: these count as not reported then. */
  alongside(ended: readonly EndedMessage[]): Statement[] {
    return lossesIn(ended).map(({ re, loss }) => markOutputLost(re, loss));
  }

  /** Reports it, once for each request of those that end together. */
  written(ended: readonly EndedMessage[]): void {
    for (const [re, loss] of new Map(lossesIn(ended).map((one) => [one.re, one.loss])))
      this.#report(re, loss);
  }

  #report(re: string, loss: string): void {
    const { store, reporter } = this.#deps;
    const row = store.get<StoredRow & { reported: number }>('SELECT * FROM journal WHERE id = ?', re);
    // Nobody reports to a node that speaks no lanes.
    if (!row || row.lane === null) return;
    if (row.ended_at === null) reporter.add(row.from_node, { ...toReport(row), reason: loss });
    else if (row.reported === 0) reporter.add(row.from_node, toReport(row), row.row);
  }
}

/** The requests whose replies are lost. A file is no reply: the request for it says itself how it ended. */
function lossesIn(ended: readonly EndedMessage[]): { readonly re: string; readonly loss: string }[] {
  return ended.flatMap(({ re, state, reason, subject }) => {
    if (!re || !LOST_STATES.has(state) || subject.includes('.REQCopyFileTo.')) return [];
    const loss = reason?.startsWith(LOST) ? reason : `${LOST}the reply was ${state}: ${reason ?? ''}`;
    return [{ re, loss }];
  });
}
