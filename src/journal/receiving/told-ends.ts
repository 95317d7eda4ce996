import { readEndHeader } from '../../message/end-in-reply.ts';
import type { ReportEntry } from '../../message/report.ts';
import type { Statement } from '../../store/store.ts';
import type { JournalDeps } from '../journal-deps.ts';
import type { LaneMessage } from './lane-record.ts';

type EndsDeps = Pick<JournalDeps, 'store' | 'ledger' | 'logger' | 'trust'>;

/**
 * What messages tell of requests of this node's own: replies in a header, reports in their data. It commits with the first
 * that is written of the messages, at the latest when these fail: an end is true whatever becomes of its reply.
 */
export class ToldEnds {
  readonly #deps: EndsDeps;
  /** What is not written yet, by its sender. */
  readonly #told = new Map<string, ReportEntry[]>();

  constructor(deps: EndsDeps) {
    this.#deps = deps;
  }

  /** Takes the ends in the headers of replies, where their senders may tell them. */
  takeReplies(messages: readonly LaneMessage[]): void {
    for (const one of messages)
      if (one.end !== null && this.#deps.trust.mayTellEnds(one.sender))
        this.take(one, this.#read(one, one.end));
  }

  /** Takes what a message tells. */
  take({ sender }: LaneMessage, entries: readonly ReportEntry[]): void {
    if (entries.length === 0 || sender === '') return;
    const known = this.#told.get(sender);
    if (known) known.push(...entries);
    else this.#told.set(sender, [...entries]);
  }

  /** Writes statements, and before them what is not written yet. */
  async write(statements: readonly Statement[]): Promise<void> {
    const { store, ledger } = this.#deps;
    await ledger.takeReports(this.#told, async (told) => {
      await store.write([...told, ...statements]);
      this.#told.clear();
    });
  }

  /** Writes what is not written yet. */
  async flush(): Promise<void> {
    if (this.#told.size > 0) await this.write([]);
  }

  #read({ id, message }: LaneMessage, header: string): ReportEntry[] {
    if (!message) return [];
    const entry = readEndHeader(header, message);
    if (typeof entry !== 'string') return [entry];
    this.#deps.logger.warn({ id }, `${message.method}: ${entry}`);
    return [];
  }
}
