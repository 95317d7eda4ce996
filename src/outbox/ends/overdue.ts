import type { Clock } from '../../lib/clock.ts';
import { ENDLESS } from '../../store/endless.ts';
import type { KeptTime } from '../../store/kept-clock.ts';
import { LANE_SPAN, type Statement, type Store, statement } from '../../store/store.ts';
import type { ConnectedClock } from '../connected-clock.ts';
import { IDLE_MS, type Lanes } from '../lanes.ts';
import type { Undelivered } from './cancel-queued.ts';
import type { OutcomeWriter } from './outcome-writer.ts';
import { STRANGER_MS, type Strangers } from './strangers.ts';

interface OverdueDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly kept: KeptTime;
  readonly connected: ConnectedClock;
  readonly lanes: Lanes;
  readonly undelivered: Undelivered;
  readonly strangers: Pick<Strangers, 'has'>;
  readonly outcomes: OutcomeWriter;
  readonly logger: { warn(fields: object, text: string): void };
}

/** How long a message may take, where its sender said so, ms. */
interface Lives {
  readonly expiresInMs?: number;
  readonly budgetMs?: number;
}

/** Two looks are apart by this much at least, ms. */
const LEAST_MS = 500;
/** How often the connected time is saved while a budget is measured with it, ms. */
const CLOCK_SAVE_MS = 5000;
const TOO_LATE = 'its time was over before it could be delivered';
const STRANGER = 'no node of this name ever answered or said hello: replies to it are kept for 1 h';
/** The reference's words for a message that was given up. */
const MAX_RETRIES =
  'max retries reached, check if node is up and running and if it got a subscriber for the given REQ type';

/**
 * Ends messages whose time is over, and forgets lanes that nobody uses. It looks when the next deadline comes, and once a
 * minute while there are lanes, since timers stand still while a machine sleeps; an outbox that is empty has no timer.
 */
export class Overdue implements Disposable {
  readonly #messageTtlMs: number;
  readonly #deps: OverdueDeps;
  #cancelTimer: (() => void) | undefined;
  /** When it looks next, ms of the steady clock. */
  #looksAt = Number.POSITIVE_INFINITY;
  #savedAt = Number.NEGATIVE_INFINITY;
  #isLooking = false;
  #isStopped = false;

  constructor({ messageTtlMs }: { readonly messageTtlMs: number }, deps: OverdueDeps) {
    this.#messageTtlMs = messageTtlMs;
    this.#deps = deps;
  }

  /** Messages are in the outbox now, and their time runs. */
  queued(messages: readonly Lives[]): void {
    let soonest = Math.min(this.#messageTtlMs, IDLE_MS);
    for (const { expiresInMs = soonest, budgetMs } of messages) {
      const savedMs = budgetMs === undefined ? soonest : CLOCK_SAVE_MS;
      soonest = Math.min(soonest, expiresInMs, budgetMs ?? soonest, savedMs);
    }
    this.lookWithin(soonest);
  }

  /** Looks after this time at the latest, ms; 0 means as soon as it may. */
  lookWithin(ms: number): void {
    const at = this.#deps.clock.steadyNow() + Math.max(LEAST_MS, ms);
    if (this.#isStopped || at >= this.#looksAt) return;
    this.#cancelTimer?.();
    this.#looksAt = at;
    this.#cancelTimer = this.#deps.clock.after(Math.max(LEAST_MS, ms), () => void this.#look());
  }

  [Symbol.dispose](): void {
    this.#isStopped = true;
    this.#cancelTimer?.();
  }

  async #look(): Promise<void> {
    this.#looksAt = Number.POSITIVE_INFINITY;
    const { outcomes, lanes, logger } = this.#deps;
    if (this.#isLooking || outcomes.fault !== undefined) return this.lookWithin(0);
    this.#isLooking = true;
    try {
      await this.#prolong();
      this.#endAll();
      await outcomes.idle();
      if (outcomes.fault === undefined) for (const lane of lanes) lane.queue.forgetGivenUp();
      lanes.forgetIdle();
      lanes.askStrangers();
      this.lookWithin(this.#nextMs());
    } catch (error) {
      logger.warn({ err: error }, 'the outbox could not look for messages whose time is over');
      this.lookWithin(0);
    }
    this.#isLooking = false;
  }

  /** Time that is over does not count for as long as the target kept answering, as the message is behind others or on its way, nor while a link has no budget left. */
  async #prolong(): Promise<void> {
    const { store, connected, lanes } = this.#deps;
    const now = Math.floor(connected.read());
    const kept = Math.floor(this.#deps.kept.now());
    if (this.#first('budget_at') > now) return;
    const sql = `SELECT DISTINCT key / ${LANE_SPAN} AS lane FROM outbox WHERE budget_at BETWEEN 0 AND ?`;
    const due = new Set(store.all<{ lane: number }>(sql, now).map(({ lane }) => lane));
    const statements: Statement[] = [];
    for (const { queue, held } of lanes) {
      const progressMs = due.has(queue.id) ? queue.window.progress.take() : 0;
      const ms = due.has(queue.id) ? Math.floor(Math.max(progressMs, held.ms)) : 0;
      if (ms > 0) statements.push(prolong(queue.id, { ms, until: now + ms, kept }));
    }
    if (statements.length > 0) await store.write(statements);
  }

  #endAll(): void {
    const { undelivered, kept, connected, lanes } = this.#deps;
    undelivered.giveUp('expires_at', Math.floor(kept.now()), 'expired', TOO_LATE);
    undelivered.giveUp('budget_at', Math.floor(connected.read()), 'undelivered', MAX_RETRIES);
    const reason = `it could not be delivered within messageTTL, ${this.#messageTtlMs / 1000} s`;
    // Ends never expire: nobody else could say them.
    for (const lane of lanes)
      if (lane.method !== 'REQReport')
        undelivered.giveUpOld(lane, Math.floor(kept.now()) - this.#messageTtlMs, reason);
    this.#endForStrangers();
  }

  /** What was made for a name that is likely made up does not wait for as long as there is room. */
  #endForStrangers(): void {
    const { undelivered, kept, lanes, strangers } = this.#deps;
    const at = Math.floor(kept.now()) - STRANGER_MS;
    for (const lane of lanes) {
      const { first } = lane.queue.window;
      if (first?.expiresAt !== ENDLESS || first.queuedAt > at || !strangers.has(lane.toNode)) continue;
      undelivered.giveUpOld(lane, at, STRANGER, ENDLESS);
    }
  }

  /** How long nothing is to be done. */
  #nextMs(): number {
    const { kept, connected, lanes } = this.#deps;
    const now = kept.now();
    let next = Number.POSITIVE_INFINITY;
    for (const { method, queue } of lanes) {
      const { first } = queue.window;
      const isTimed = method !== 'REQReport' && first?.expiresAt === null && !first.isCalledOff;
      next = Math.min(next, IDLE_MS, isTimed ? first.queuedAt + this.#messageTtlMs - now : IDLE_MS);
    }
    next = Math.min(next, this.#first('expires_at') - now);
    const budgetAt = this.#first('budget_at');
    if (!connected.isRunning || budgetAt === Number.POSITIVE_INFINITY) return next;
    return Math.min(next, budgetAt - connected.read(), this.#saveClock());
  }

  #first(column: 'expires_at' | 'budget_at'): number {
    const sql = `SELECT min(${column}) AS at FROM outbox WHERE ${column} >= 0`;
    return this.#deps.store.get<{ at: number | null }>(sql)?.at ?? Number.POSITIVE_INFINITY;
  }

  /** Saves the connected time if it is long ago that that was done; how long it need not be done again, ms. */
  #saveClock(): number {
    const now = this.#deps.clock.steadyNow();
    if (now - this.#savedAt >= CLOCK_SAVE_MS) {
      this.#savedAt = now;
      void this.#deps.connected.save().catch(() => {});
    }
    return this.#savedAt + CLOCK_SAVE_MS - now;
  }
}

/** Gives the messages of a lane whose budgets are over by then so much more time, none more than its age. */
function prolong(
  lane: number,
  { ms, until, kept }: { readonly ms: number; readonly until: number; readonly kept: number },
): Statement {
  const sql = `UPDATE outbox SET budget_at = budget_at + min(?, max(0, ? - queued_at))
    WHERE key BETWEEN ? AND ? AND budget_at BETWEEN 0 AND ?`;
  return statement(sql, ms, kept, lane * LANE_SPAN, (lane + 1) * LANE_SPAN - 1, until);
}
