import { wait } from '../../lib/clock.ts';
import { type RetryOptions, retryUntilStopped } from '../../lib/retry-until-stopped.ts';
import type { ReportEntry } from '../../message/report.ts';
import type { EndWay, JournalDeps, JournalSending, ReplyEnd } from '../journal-deps.ts';
import { markReported } from '../journal-table.ts';

/** How long ends are gathered before they are sent, and how many go into one message. */
const GATHER_MS = 10;
/** An end after such a silence is likely the only one, and somebody waits for it. */
const SILENCE_MS = 100;
const GATHER_AFTER_SILENCE_MS = 1;
const MAX_ENDS = 200;
/** Of how many nodes it is known when they were sent something. */
const MOST_NOTED = 1000;
/** How long an end may be on its way with its reply until it is reported, and where a thin link makes that longer. */
const [RIDE_MS, MOST_RIDE_MS] = [1000, 900_000];
/** How much output goes into one message, unless one end has more, bytes. */
const MAX_OUTPUT_BYTES = 256 * 1024;

interface Pending {
  /** The journal row that is reported; absent for a start. */
  readonly row: number | undefined;
  readonly end: ReportEntry;
}

interface ReporterDeps extends Pick<JournalDeps, 'clock' | 'errorReporter' | 'logger'> {
  readonly sending: Pick<JournalSending, 'report'>;
}

/** Tells senders how their requests fare, many in one message, until it is durably queued. */
export class Reporter implements AsyncDisposable {
  readonly #deps: ReporterDeps;
  readonly #stop = new AbortController();
  readonly #retry: RetryOptions;
  readonly #pending = new Map<string, Pending[]>();
  readonly #loops = new Map<string, Promise<void>>();
  readonly #sentAt = new Map<string, number>();
  /** Ends that are on their way with their replies: what calls off that they are reported, by their rows. */
  readonly #riding = new Map<number, () => void>();

  constructor(deps: ReporterDeps) {
    this.#deps = deps;
    const what = 'a report could not be queued';
    this.#retry = { clock: deps.clock, signal: this.#stop.signal, logger: deps.logger, what };
  }

  add(toNode: string, end: ReportEntry, row?: number): void {
    const pending = this.#pending.get(toNode) ?? [];
    pending.push({ row, end });
    this.#pending.set(toNode, pending);
    if (this.#loops.has(toNode)) return;
    this.#loops.set(toNode, this.#run(toNode, pending));
  }

  /**
   * Has the end of a run sent with its reply: `send` resolves with how it goes. It is reported where it does not go yet, and
   * where it was not taken in the reply within a second, or what the reply may take on its way; until then the row counts as not reported.
   */
  async sendWith(
    toNode: string,
    { row, end, mayRide }: { readonly row: number; readonly end: ReportEntry; readonly mayRide: boolean },
    send: (end: ReplyEnd) => Promise<EndWay>,
  ): Promise<void> {
    const isSingle = this.#isSilent(toNode) && !this.#loops.has(toNode);
    let isTaken = false;
    const onTaken = () => {
      isTaken = true;
      this.#riding.get(row)?.();
      this.#riding.delete(row);
    };
    const way = await send({ toNode, end, mayRide, isSingle, taken: markReported([row]), onTaken });
    if (way === 'left') return this.add(toNode, end, row);
    if (way === 'reported') return this.#note(toNode);
    if (isTaken || this.#stop.signal.aborted) return;
    const { clock } = this.#deps;
    const since = clock.steadyNow();
    const report = () => {
      const leftMs = since + Math.min(way.ridesMs(), MOST_RIDE_MS) - clock.steadyNow();
      this.#riding.delete(row);
      if (leftMs <= 0) this.add(toNode, end, row);
      else this.#riding.set(row, clock.after(Math.max(RIDE_MS, leftMs), report));
    };
    this.#riding.set(row, clock.after(RIDE_MS, report));
  }

  /** Queues what is left. What cannot be queued is reported after the next start. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    for (const cancel of this.#riding.values()) cancel();
    await Promise.all(this.#loops.values());
  }

  #isSilent(toNode: string): boolean {
    return this.#deps.clock.steadyNow() - (this.#sentAt.get(toNode) ?? -Infinity) > SILENCE_MS;
  }

  async #run(toNode: string, pending: Pending[]): Promise<void> {
    const gatherMs = this.#isSilent(toNode) ? GATHER_AFTER_SILENCE_MS : GATHER_MS;
    await wait(this.#deps.clock, gatherMs, this.#stop.signal);
    let most = MAX_ENDS;
    while (pending.length > 0) {
      let some: readonly Pending[] = [];
      const send = () => {
        some = firstOf(pending, most);
        return this.#send(toNode, some);
      };
      try {
        if (!(await retryUntilStopped(send, this.#retry))) break;
        this.#note(toNode);
      } catch (error) {
        // What one of them does to the database is not the others' matter.
        if (some.length > 1) {
          most = 1;
          continue;
        }
        this.#setAside(toNode, some[0]!, error as Error);
      }
      pending.splice(0, some.length);
    }
    // Not a moment later: what is added from now on needs a new run.
    this.#loops.delete(toNode);
    this.#pending.delete(toNode);
  }

  /** When something was sent last: of those who got nothing lately that need not be known. */
  #note(toNode: string): void {
    if (this.#sentAt.size >= MOST_NOTED) this.#sentAt.clear();
    this.#sentAt.set(toNode, this.#deps.clock.steadyNow());
  }

  #send(toNode: string, some: readonly Pending[]): Promise<void> {
    const rows = some.flatMap(({ row }) => (row === undefined ? [] : [row]));
    const ends = some.map(({ end }) => end);
    return this.#deps.sending.report(toNode, ends, [markReported(rows)]);
  }

  /** It stays in the journal as not reported, and the next start reports it. */
  #setAside(toNode: string, { end: { id, state } }: Pending, error: Error): void {
    this.#deps.logger.warn({ err: error, toNode, id }, 'a report was set aside');
    const text = `error: the report to ${toNode} that request ${id} is ${state} was set aside until the next start of this node: ${error.message}`;
    this.#deps.errorReporter.report(text);
  }
}

/** As many as go into one message. */
function firstOf(pending: readonly Pending[], most: number): Pending[] {
  let bytes = 0;
  const isTooMuch = ({ end }: Pending, index: number) => {
    bytes += end.stdout?.length ?? 0;
    return index > 0 && bytes > MAX_OUTPUT_BYTES;
  };
  const some = pending.slice(0, most);
  const count = some.findIndex(isTooMuch);
  return count === -1 ? some : some.slice(0, count);
}
