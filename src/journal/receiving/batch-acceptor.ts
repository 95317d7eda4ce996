import { retryUntilStopped } from '../../lib/retry-until-stopped.ts';
import { isTemporary, TemporaryError } from '../../lib/temporary-error.ts';
import type { Message } from '../../message/message.ts';
import type { Incoming } from '../../message/method-contract.ts';
import type { EffectMethod, Method } from '../../methods/method.ts';
import type { Statement } from '../../store/store.ts';
import type { JournalDeps, Judgement } from '../journal-deps.ts';
import { insertAccepted, type JournalRow, markRunning } from '../journal-table.ts';
import { type CrowdDeps, crowdReason } from './crowd.ts';
import type { LaneMessage, LaneRecord, Verdict } from './lane-record.ts';
import { ToldEnds } from './told-ends.ts';

export interface BatchAcceptorDeps
  extends Pick<
      JournalDeps,
      'store' | 'ledger' | 'clock' | 'kept' | 'relaying' | 'errorReporter' | 'logger' | 'trust'
    >,
    CrowdDeps {
  /** Aborted when the node stops. */
  readonly signal: AbortSignal;
  /**
   * Whether a request may begin with its acceptance, in one commit: nothing runs or waits before it. Then its place is kept
   * until it comes, or the commit fails.
   */
  beginsAtOnce(row: JournalRow): boolean;
  /** Takes over what was journalled; `isBegun` where the first of it has begun. */
  onAccepted(rows: readonly JournalRow[], messages: readonly Message[], isBegun: boolean): void;
  readonly queues: CrowdDeps['queues'] & {
    /** Where a request has the place that was kept for it; it is given up where the commit fails with which the request was to begin. */
    of(fromNode: string, subject: string): { releasePlace(): void };
    /** Changes the number of requests that are about to be taken over. */
    expect(change: number): void;
  };
}

/** How long it may wait that an effect is done, unless something else is written, and when that is tried again where it could not be written, ms. */
const [DONE_MS, DONE_AGAIN_MS] = [200, 5000];

interface Lane {
  readonly fromNode: string;
  readonly subject: string;
  readonly method: Method;
  readonly record: LaneRecord;
}

/** What came, what of it may be accepted, and what is decided so far; with the ends that it tells. */
interface Batch {
  readonly batch: readonly LaneMessage[];
  readonly good: readonly LaneMessage[];
  /** That, as methods see it. */
  readonly incoming: readonly Incoming[];
  readonly verdicts: Map<LaneMessage, Verdict>;
  readonly ends: ToldEnds;
}

/** What is decided about the messages of a batch; those that it does not name are accepted. */
export type Verdicts = ReadonlyMap<LaneMessage, Verdict>;

/**
 * Decides about the messages of one lane: makes their effects or journals them, and writes that down. What throws has
 * decided nothing: none of the batch counts, and all of it is to come again.
 */
export class BatchAcceptor {
  readonly #lane: Lane;
  readonly #deps: BatchAcceptorDeps;
  /** How many commits with an effect's end are under way. */
  #writing = 0;
  /** That the last effect is done: it commits with what is next written, or a moment later. */
  #done: readonly Statement[] = [];
  #cancelDone: () => void = () => {};

  constructor(lane: Lane, deps: BatchAcceptorDeps) {
    this.#lane = lane;
    this.#deps = deps;
  }

  /**
   * Whether each message of a batch that failed is to be tried alone: an effect that works must not pass for one that was not
   * made, and those without a place come from several nodes.
   */
  isWorthEach(error: unknown, [first]: readonly LaneMessage[]): boolean {
    return this.#lane.method.mode === 'effect' || first?.seq === 0 || !isTemporary(error);
  }

  /** Whether the database knows of all that was accepted. */
  get isWritten(): boolean {
    return this.#writing === 0 && this.#done.length === 0;
  }

  /** Resolves when the database knows of all that was accepted, or that could not be written: it is tried again then. */
  async flush(): Promise<void> {
    await this.#write([]).catch((error) =>
      this.#deps.logger.warn({ err: error }, 'that an effect is done could not be written down yet'),
    );
  }

  /** The node stops: what is not written now is found out at the next start. */
  [Symbol.dispose](): void {
    this.#cancelDone();
  }

  /** Resolves when the verdicts, and what was accepted, are on disk. */
  async accept(batch: readonly LaneMessage[]): Promise<Verdicts> {
    const now = this.#deps.kept.now();
    const verdicts = new Map<LaneMessage, Verdict>();
    const inTime: LaneMessage[] = [];
    for (const message of batch) {
      const isOver = message.fault === undefined && (message.expiresAt ?? now) < now;
      if (!message.isCalledOff && !isOver) inTime.push(message);
      else verdicts.set(message, { status: 'expired', reason: 'it came after its time was over' });
    }
    const good = await this.#judge(inTime, verdicts);
    const incoming = good.map(incomingOf);
    await this.#deps.relaying.beforeAccepted(incoming);
    const { method } = this.#lane;
    const ends = new ToldEnds(this.#deps);
    ends.takeReplies(good);
    const all = { batch, good, incoming, verdicts, ends };
    try {
      await (method.mode === 'effect' ? this.#applyEffects(method, all) : this.#journal(all));
    } catch (error) {
      await ends.flush();
      throw error;
    }
    for (const [message, verdict] of verdicts) this.#complain(message, verdict);
    return verdicts;
  }

  /** What may be taken of some messages; what may not is in the verdicts then, and what nobody asked for is kept apart. */
  async #judge(
    messages: readonly LaneMessage[],
    verdicts: Map<LaneMessage, Verdict>,
  ): Promise<readonly LaneMessage[]> {
    const { trust } = this.#deps;
    const unasked: LaneMessage[] = [];
    const good = messages.filter((item, index) => {
      const judgement = this.#judgementOf(item);
      // What comes before it is taken by itself then.
      if (judgement.do === 'later')
        throw index === 0 ? new TemporaryError(judgement.reason) : new Error(judgement.reason);
      if (judgement.do === 'refuse') verdicts.set(item, { status: 'rejected', reason: judgement.reason });
      if (judgement.do === 'keep') unasked.push(item);
      if (judgement.do !== 'take') return false;
      item.message = judgement.message ?? item.message;
      return true;
    });
    if (unasked.length > 0)
      await trust.keepUnasked(unasked.map((item) => ({ ...incomingOf(item), sender: item.sender })));
    for (const item of unasked) verdicts.set(item, { status: 'accepted' });
    return good;
  }

  #judgementOf(item: LaneMessage): Judgement {
    const { message, fault, proved, re, id, payload, lacks } = item;
    if (lacks)
      return { do: 'later', reason: 'the output that a reply leaves out is not here: it is to come whole' };
    const { trust } = this.#deps;
    const place = this.#lane.record.placeOf(item);
    const reason = fault === undefined && message ? crowdReason(item, this.#lane, this.#deps) : undefined;
    if (reason) return { do: 'later', reason };
    return fault === undefined && message
      ? trust.judge(message, { proved, re, id, place })
      : trust.judgeFault(fault ?? '', { proved, place, bytes: payload.length });
  }

  /** Gives up a message at which this node fails each time, for a reason that does not pass: the lane goes on. */
  async setAside(message: LaneMessage, error: Error): Promise<Verdicts> {
    const reason = `set aside: this node fails at it each time, and it may not have been done: ${error.message}; send it again once that is mended`;
    const verdicts: Verdicts = new Map([[message, { status: 'rejected', reason }]]);
    const { record } = this.#lane;
    await this.#deps.store.write([record.saveLane(nextAfter([message])), ...record.refused(verdicts)]);
    this.#deps.logger.warn({ err: error, id: message.id }, 'a message was set aside');
    this.#complain(message, { status: 'rejected', reason });
    return verdicts;
  }

  async #applyEffects(method: EffectMethod, { batch, good, incoming, verdicts, ends }: Batch): Promise<void> {
    const { record } = this.#lane;
    let intended: ReadonlySet<LaneMessage> | undefined;
    let noted = '';
    const write = async (note: string) => {
      const written = intended;
      noted = note;
      intended = new Set(verdicts.keys());
      await this.#write(
        [
          record.saveLane(batch[0]!.seq),
          record.intent(method.name, batch, note),
          ...record.refused(verdicts, written),
        ],
        ends,
      );
    };
    const withdraw = (note: string) => this.#deps.store.write([record.withdrawIntent(note)]);
    const forget = (note: string) => {
      this.#done = [...this.#done, record.withdrawIntent(note)];
      this.#flushLater(DONE_MS);
    };
    const intend = Object.assign(write, { withdraw, forget });
    const outcomes = good.length > 0 ? await method.apply(incoming, intend) : [];
    for (const [index, outcome] of outcomes.entries()) {
      const one = good[index]!;
      if (outcome.ends) ends.take(one, outcome.ends);
      if (!outcome.ok) verdicts.set(one, { status: 'rejected', reason: outcome.reason });
    }
    const statements = [record.saveLane(nextAfter(batch)), ...record.refused(verdicts, intended)];
    if (!intended) return await this.#write(statements, ends);
    const done = [...statements, record.withdrawIntent(noted)];
    if (verdicts.size > 0 || method.fades) return await this.#writeAfterIntent(() => this.#write(done, ends));
    // The effect itself proves what was taken, and the sender's floor carries the rest.
    this.#done = done;
    this.#flushLater(DONE_MS);
  }

  #flushLater(ms: number): void {
    this.#cancelDone();
    const { signal, clock, store } = this.#deps;
    if (signal.aborted) return;
    const flush = () => void this.flush();
    const [cancelTimer, leave] = [clock.after(ms, flush), ms === DONE_MS && store.withNext?.(flush)];
    this.#cancelDone = () => {
      cancelTimer();
      if (leave) leave();
    };
  }

  /** Writes statements, and before them what is not written yet of effects and of told ends. */
  async #write(statements: readonly Statement[], ends?: ToldEnds): Promise<void> {
    const done = this.#done;
    this.#done = [];
    this.#cancelDone();
    const all = [...done, ...statements];
    if (done.length > 0) this.#writing++;
    try {
      if (ends) await ends.write(all);
      else if (all.length > 0) await this.#deps.store.write(all);
    } catch (error) {
      // The end of a later effect of the lane says all that this one does.
      if (done.length > 0 && this.#done.length === 0) {
        this.#done = done;
        this.#flushLater(DONE_AGAIN_MS);
      }
      throw error;
    } finally {
      if (done.length > 0) this.#writing--;
    }
  }

  /** What was made once must not be made again, as it would be if the batch were refused now. */
  async #writeAfterIntent(write: () => Promise<void>): Promise<void> {
    if (!(await retryUntilStopped(write, this.#deps))) throw new TemporaryError('the node stops');
  }

  async #journal({ batch, good, verdicts, ends }: Batch): Promise<void> {
    const { record } = this.#lane;
    const rows = good.map(record.rowOf);
    this.#deps.queues.expect(rows.length);
    using _expected = { [Symbol.dispose]: () => this.#deps.queues.expect(-rows.length) };
    const statements = [record.saveLane(nextAfter(batch)), insertAccepted(rows), ...record.refused(verdicts)];
    const isBegun = await this.#writeBegun(rows[0], (begun) => this.#write([...statements, ...begun], ends));
    if (!isBegun) await this.#write(statements, ends);
    const messages = good.map(({ message }) => message!);
    this.#deps.onAccepted(rows, messages, isBegun);
  }

  /** Writes down what was accepted and that the first of it begins, where it may begin at once; false where nothing was written. */
  async #writeBegun(
    first: JournalRow | undefined,
    write: (begun: readonly Statement[]) => Promise<void>,
  ): Promise<boolean> {
    if (!first || !this.#deps.beginsAtOnce(first)) return false;
    try {
      await write([markRunning(first.row, first.acceptedAt)]);
      return true;
    } catch (error) {
      this.#deps.queues.of(first.fromNode, first.subject).releasePlace();
      if (isTemporary(error)) throw error;
      return false;
    }
  }

  #complain({ message, isCalledOff, proved }: LaneMessage, verdict: Verdict): void {
    if (verdict.status === 'accepted' || isCalledOff) return;
    const { method } = this.#lane;
    const { status, reason } = verdict;
    this.#deps.trust.tellRefused({ message, proved }, (fromNode) => {
      const text = `error: ${method.name}: a message from ${fromNode} was ${status}: ${reason}`;
      this.#deps.errorReporter.report(text, message && { ...message, fromNode });
    });
  }
}

function nextAfter(batch: readonly LaneMessage[]): number {
  const last = batch.at(-1)!.seq;
  return last === 0 ? 0 : last + 1;
}

function incomingOf({ id, seq, message }: LaneMessage): Incoming {
  return { id, message: message!, isFromOriginal: seq === 0 };
}
