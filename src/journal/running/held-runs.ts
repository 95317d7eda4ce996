import { type Clock, wait } from '../../lib/clock.ts';
import { retryUntilStopped } from '../../lib/retry-until-stopped.ts';
import { countWords } from '../../lib/time-words.ts';
import type { ReportEntry } from '../../message/report.ts';
import { type HeldAnswer, MAX_IDS, stateSubject } from '../../message/state-question.ts';
import type { Store } from '../../store/store.ts';
import type { JournalDeps } from '../journal-deps.ts';
import { markEnded, type StoredRow, toRow } from '../journal-table.ts';
import type { RunQueues } from './run-queues.ts';
import type { Runner } from './runner.ts';
import type { Scheduler } from './scheduler.ts';

/** How long what waits is held where nobody answers and nothing shows that the database is a backup, ms. */
const PATIENCE_MS = 10_000;
/** Time between two questions, which doubles, ms. */
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [100, 15_000];
/** Runs begin in order: where the first ones have not begun, those behind them have not either. */
const FIRST_ASKED = 20;

/** Asks the node that sent requests how they stand there. */
export type AskSender = (node: string, held: readonly string[]) => Promise<HeldAnswer>;

/** A request that an earlier life of the node left open. */
export type LeftRun = Pick<
  StoredRow,
  'row' | 'id' | 'from_node' | 'subject' | 'state' | 'schedule' | 'lane'
> & { readonly bytes: number };

interface HeldRunsDeps extends Pick<JournalDeps, 'errorReporter'> {
  readonly store: Store;
  readonly clock: Clock;
  /** Aborted when the node stops. */
  readonly signal: AbortSignal;
  readonly logger: JournalDeps['logger'];
  readonly queues: Pick<RunQueues, 'of'>;
  readonly runner: Pick<Runner, 'finish'>;
  readonly scheduler: Pick<Scheduler, 'cancel'>;
}

/** What a sender is asked for together, in its order. */
interface Asked {
  readonly from: string;
  readonly lefts: readonly LeftRun[];
  /** Whether it is known that they came with a backup. */
  readonly isBackup: boolean;
}

/**
 * Holds what an earlier life of the node left waiting until its sender has said that it is still wanted: where the database is
 * older than that life was, it holds what has run since. What has ended there ends here without a run, and so does what had
 * begun. In a backup it waits for the answer however long that takes; otherwise, and where the sender cannot tell, it begins soon.
 */
export class HeldRuns {
  readonly #nodeName: string;
  readonly #deps: HeldRunsDeps;

  constructor({ nodeName }: { readonly nodeName: string }, deps: HeldRunsDeps) {
    this.#nodeName = nodeName;
    this.#deps = deps;
  }

  /** Has the queues wait in which something is left; their senders are asked when that is called which comes back. */
  hold(open: readonly LeftRun[], ask: AskSender, restoredRow: number): () => void {
    // Of its own requests a node knows no more than its database; who speaks no lanes knows nothing.
    const asked = open.filter(({ lane, from_node }) => lane !== null && from_node !== this.#nodeName);
    const groups = Map.groupBy(asked, (left) => `${left.from_node} ${isSchedule(left) || left.subject}`);
    const begins = [...groups.values()].map((lefts) => {
      const [{ from_node: from, subject, row }] = lefts as [LeftRun];
      const { promise, resolve } = Promise.withResolvers<void>();
      if (!isSchedule(lefts[0]!)) this.#deps.queues.of(from, subject).hold(promise);
      return () => void this.#settle({ from, lefts, isBackup: row <= restoredRow }, ask).then(resolve);
    });
    return () => {
      for (const begin of begins) begin();
    };
  }

  async #settle(asked: Asked, ask: AskSender): Promise<void> {
    try {
      await this.#askAll(asked, ask);
    } catch (error) {
      this.#deps.logger.warn({ err: error }, 'a sender could not be asked what it still wants');
    }
  }

  async #askAll({ lefts, ...more }: Asked, ask: AskSender): Promise<void> {
    for (let at = 0; at < lefts.length; ) {
      const some = lefts.slice(at, at + (more.isBackup || at > 0 ? MAX_IDS : FIRST_ASKED));
      const answer = await this.#answerFor({ lefts: some, ...more }, ask);
      if (answer === undefined || this.#deps.signal.aborted) return;
      const isNews = await this.#take(more.from, some, answer);
      if (!isNews && !more.isBackup) return;
      at += some.length;
    }
  }

  /** Asks until there is an answer; undefined where none is to be waited for any longer. */
  async #answerFor(
    { from, lefts, isBackup }: Asked,
    ask: AskSender,
  ): Promise<readonly ReportEntry[] | undefined> {
    const { clock, signal, errorReporter } = this.#deps;
    const ids = lefts.map(({ id }) => id);
    const until = clock.steadyNow() + PATIENCE_MS;
    let [pauseMs, isTold] = [FIRST_PAUSE_MS, false];
    while (!signal.aborted) {
      const answer = await this.#ask(ask, from, ids);
      if (typeof answer !== 'string') return answer;
      const isOver = clock.steadyNow() >= until;
      if (answer === 'older' || (isOver && !(isBackup && answer === 'silent'))) return undefined;
      if (isOver && !isTold) {
        const text = `info: ${lefts[0]!.subject}: requests of ${from} wait until ${from} says which of them it still wants, as the database is a backup: have ${from} run and connected, and its broker let this node ask it (${stateSubject(from)}), or cancel them there`;
        errorReporter.report(text);
        isTold = true;
      }
      await wait(clock, pauseMs, signal);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
    return undefined;
  }

  /** Asks once; a question that cannot be asked, as a connection that ends under it, is one without an answer. */
  async #ask(ask: AskSender, from: string, ids: readonly string[]): Promise<HeldAnswer> {
    try {
      return await ask(from, ids);
    } catch (error) {
      this.#deps.logger.warn({ err: error }, `${from} could not be asked what it still wants`);
      return 'silent';
    }
  }

  /** Ends what has ended or begun as its sender knows; true where there is any. */
  async #take(from: string, lefts: readonly LeftRun[], answer: readonly ReportEntry[]): Promise<boolean> {
    const byId = new Map(lefts.map((left) => [left.id, left]));
    const news = answer.filter(({ id, state }) => state !== 'running' || byId.get(id)?.state === 'accepted');
    let begun = 0;
    for (const entry of news) {
      const left = byId.get(entry.id);
      if (!left) continue;
      if (isSchedule(left)) this.#deps.scheduler.cancel(left.id);
      else if (this.#deps.queues.of(left.from_node, left.subject).remove(left.row))
        begun += await this.#end(left, entry, from);
    }
    if (begun > 0) {
      const text = `error: ${lefts[0]!.subject}: ${countWords(begun, 'request')} of ${from} had begun in a life of this node that its database (a backup) does not know: not run again`;
      this.#deps.errorReporter.report(text);
    }
    return news.length > 0;
  }

  /** Ends a request; how many of which it is not known how they went on. */
  async #end(left: LeftRun, entry: ReportEntry, from: string): Promise<number> {
    if (entry.state === 'running') return await this.#endBegun(left, from);
    await this.#endAs(left, entry);
    return 0;
  }

  async #endAs({ row }: LeftRun, { state, exitCode }: ReportEntry): Promise<void> {
    const end = { state, ...(exitCode !== undefined && { exitCode }), endedAt: this.#deps.clock.wallNow() };
    await retryUntilStopped(() => this.#deps.store.write([markEnded(row, end, true)]), this.#deps);
  }

  async #endBegun({ row }: LeftRun, from: string): Promise<number> {
    const stored = this.#deps.store.get<StoredRow>('SELECT * FROM journal WHERE row = ?', row);
    if (!stored) return 0;
    const reason = `${from} was told that it runs, and the database of this node (a backup) does not know of it: it is not run again, and how it ended is not known`;
    const more = { startedAt: stored.accepted_at, alongside: [] };
    await this.#deps.runner.finish(toRow(stored), { state: 'interrupted', reason }, more);
    return 1;
  }
}

/** Whether it is a schedule that has begun; one whose turn has not come waits as all others. */
export function isSchedule({ schedule, state }: Pick<LeftRun, 'schedule' | 'state'>): boolean {
  return schedule !== null && state === 'running';
}
