import { pause } from '../lib/pause.ts';
import type { ReportEntry } from '../message/report.ts';
import type { JournalDeps } from './journal-deps.ts';
import { markReported } from './rows.ts';

/** How long ends are gathered before they are sent, and how many go into one message. */
const GATHER_MS = 10;
/** An end after such a silence is likely the only one, and somebody waits for it. */
const SILENCE_MS = 100;
const GATHER_AFTER_SILENCE_MS = 1;
const MAX_ENDS = 200;
/** How much output goes into one message, unless one end has more, bytes. */
const MAX_OUTPUT_BYTES = 256 * 1024;
const RETRY_MS = 1000;

interface Pending {
  /** The journal row that is reported; absent for a start. */
  readonly row: number | undefined;
  readonly end: ReportEntry;
}

/** Tells senders how their requests fare, many in one message, until it is durably queued. */
export class Reporter implements AsyncDisposable {
  readonly #deps: Pick<JournalDeps, 'sendReport' | 'logger'>;
  readonly #stop = new AbortController();
  readonly #pending = new Map<string, Pending[]>();
  readonly #loops = new Map<string, Promise<void>>();
  readonly #sentAt = new Map<string, number>();

  constructor(deps: Pick<JournalDeps, 'sendReport' | 'logger'>) {
    this.#deps = deps;
  }

  add(toNode: string, end: ReportEntry, row?: number): void {
    const pending = this.#pending.get(toNode) ?? [];
    pending.push({ row, end });
    this.#pending.set(toNode, pending);
    if (this.#loops.has(toNode)) return;
    this.#loops.set(toNode, this.#run(toNode, pending));
  }

  /** Queues what is left. What cannot be queued is reported after the next start. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#loops.values());
  }

  async #run(toNode: string, pending: Pending[]): Promise<void> {
    const silenceMs = performance.now() - (this.#sentAt.get(toNode) ?? -Infinity);
    await pause(silenceMs > SILENCE_MS ? GATHER_AFTER_SILENCE_MS : GATHER_MS, this.#stop.signal);
    while (pending.length > 0) {
      const some = firstOf(pending);
      const rows = some.flatMap(({ row }) => (row === undefined ? [] : [row]));
      try {
        await this.#deps.sendReport(
          toNode,
          some.map(({ end }) => end),
          [markReported(rows)],
        );
        pending.splice(0, some.length);
        this.#sentAt.set(toNode, performance.now());
      } catch (error) {
        this.#deps.logger.warn({ err: error, toNode }, 'a report could not be queued; trying again');
        if (this.#stop.signal.aborted) break;
        await pause(RETRY_MS, this.#stop.signal);
      }
    }
    // Not a moment later: what is added from now on needs a new run.
    this.#loops.delete(toNode);
    this.#pending.delete(toNode);
  }
}

/** As many as go into one message. */
function firstOf(pending: readonly Pending[]): Pending[] {
  let bytes = 0;
  const isTooMuch = ({ end }: Pending, index: number) => {
    bytes += end.stdout?.length ?? 0;
    return index > 0 && bytes > MAX_OUTPUT_BYTES;
  };
  const some = pending.slice(0, MAX_ENDS);
  const count = some.findIndex(isTooMuch);
  return count === -1 ? some : some.slice(0, count);
}
