import type { Clock } from '../lib/clock.ts';
import { formatLeft, type LinkLeft } from '../message/link-word.ts';
import { PRIORITIES } from '../message/priority.ts';
import { type Budget, LEAST_BYTES } from './budget.ts';
import { type BudgetDay, dayAt, firstDay, type Moment, nextDayAt, readDay } from './budget-day.ts';
import { FairShare, WINDOW_MS } from './fair-share.ts';

const [URGENT, NORMAL] = [PRIORITIES.indexOf('urgent'), PRIORITIES.indexOf('normal')];
/** What is urgent may go over the budget by this share of it. */
const URGENT_SHARE = 0.2;
/** What an idle node needs until the day is over: a share of the budget, and no more than this, bytes. */
const [IDLE_SHARE, MOST_IDLE_BYTES] = [0.03, 100_000];
/** What another node may send until it hears again how much is left: a share of the budget. */
const GRANT_SHARE = 1 / 32;
/** A node that sends counts as one of several for so long, ms. */
const SENDER_MS = 60_000;
/** What is written down is ahead of what went by this share, so that a crash forgets nothing and few writes are needed. */
const AHEAD_SHARE = 0.01;
/** What the end of a connection takes, bytes. */
const CLOSING_BYTES = 1000;
/** What was handed over for so long is in the count of the connection, whatever it was taken for; ms. */
const COUNTED_MS = 1000;
/** How often it is looked whether the day is over, ms. */
const LOOK_MS = 60_000;
const DAY_MS = 86_400_000;

export interface BudgetListener {
  /** The budget is used up, or there is a new one. */
  budgetChanged?(): void;
  /** What waited for the budget may go on. */
  onRoom?(): void;
}

interface LinkBudgetDeps {
  readonly clock: Pick<Clock, 'wallNow' | 'steadyNow' | 'every' | 'after'>;
  readonly kept: { now(): number };
  /** Bytes since the process started. */
  readonly traffic: { look(): { readonly inBytes: number; readonly outBytes: number } };
  /** What was saved last. */
  readonly saved: string | undefined;
  save(text: string): void;
}

/** What may still go over this node's link today. With no budget it only counts, so that one may be set in the midst of a day. */
export class LinkBudget implements Budget, Disposable {
  /** Bytes a day, both ways; 0 = no budget. */
  readonly bytesPerDay: number;
  readonly #deps: LinkBudgetDeps;
  #today: BudgetDay;
  #counted: ReturnType<LinkBudgetDeps['traffic']['look']> = { inBytes: 0, outBytes: 0 };
  /** What is on disk for today. */
  #savedBytes: number;
  /** What was handed over and may not be in the count yet: since `#handedAt`, and in the time before that. */
  #handed: readonly [now: number, before: number] = [0, 0];
  #handedAt = Number.NEGATIVE_INFINITY;
  /** Who sends, when each heard last what it may send, and how much of what is usual that was. */
  readonly #senders = new Map<string, { readonly at: number; readonly bytes: number }>();
  /** What of it is for what comes, and what for what goes. */
  readonly #fair = new FairShare();
  readonly #listeners: BudgetListener[] = [];
  #wasOpen = true;
  /** Whether somebody here waits for what others were let send, or may send. */
  #isShort = false;
  #isClosing = false;
  readonly #stopTimer: () => void;
  #stopWaiting: (() => void) | undefined;

  /** Throws RangeError where it is not said how much may go: a limit that is no number would hold up nothing. */
  constructor({ bytesPerDay }: { readonly bytesPerDay: number }, deps: LinkBudgetDeps) {
    if (!Number.isSafeInteger(bytesPerDay) || bytesPerDay < 0)
      throw new RangeError(
        `the budget of the link is ${bytesPerDay} bytes a day: it is a whole number of bytes, and 0 for none`,
      );
    this.bytesPerDay = bytesPerDay;
    this.#deps = deps;
    this.#today = readDay(deps.saved) ?? firstDay(this.#now);
    this.#savedBytes = this.#today.spentBytes;
    this.#fair.share(this.#room(NORMAL));
    this.#stopTimer = bytesPerDay > 0 ? deps.clock.every(LOOK_MS, this.#lookAgain) : () => {};
  }

  /** Calls a listener from now on. */
  listen(listener: BudgetListener): void {
    this.#listeners.push(listener);
  }

  /** Counts what went, and tells who listens where that closes or opens the way. */
  look(): BudgetDay {
    this.#count();
    const isOpen = this.#room(NORMAL) > 0;
    if (isOpen !== this.#wasOpen) {
      this.#wasOpen = isOpen;
      for (const listener of this.#listeners) listener.budgetChanged?.();
      for (const listener of this.#listeners) listener.onRoom?.();
    }
    return this.#today;
  }

  /** There is another connection: others may have waited for it too. */
  connected(): void {
    this.#fair.opened(this.#deps.clock.steadyNow());
  }

  /** Who asks this has something to send: where there is nothing for it, it hears when that may be over. */
  room(urgency: number): number {
    const room = this.#free(urgency);
    if (urgency === 0) return room;
    this.#fair.wants('out', this.#deps.clock.steadyNow());
    this.#isShort = room === 0;
    if (this.#isShort && this.#waitsForShare) this.#lookSoon();
    return room;
  }

  /** How much of a class may go, but for what others were let send, bytes. */
  #free(urgency: number): number {
    if (this.bytesPerDay === 0) return Number.POSITIVE_INFINITY;
    this.look();
    if (urgency === 0) return this.#room(urgency);
    const room = this.#room(urgency) - Math.max(this.#granted, this.#kept('in'));
    return room < LEAST_BYTES ? 0 : room;
  }

  /** Whether what is left is kept for what others may have to send. */
  get #waitsForShare(): boolean {
    return this.#room(NORMAL) - this.#granted >= LEAST_BYTES;
  }

  #kept(way: 'in' | 'out'): number {
    return this.#fair.kept(way, this.#deps.clock.steadyNow(), this.#leftMs);
  }

  /** What others were let send, which may be on its way. */
  get #granted(): number {
    return this.#senders.values().reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** What was granted long ago and did not come is free again: those here who wait for that hear of it. */
  readonly #lookAgain = (): void => {
    this.#forgetSilent();
    this.look();
    if (!this.#isShort) return;
    if (this.#free(NORMAL) === 0) return this.#waitsForShare ? this.#lookSoon() : undefined;
    this.#isShort = false;
    for (const listener of this.#listeners) listener.onRoom?.();
  };

  #lookSoon(): void {
    this.#stopWaiting ??= this.#deps.clock.after(WINDOW_MS, () => {
      this.#stopWaiting = undefined;
      this.#lookAgain();
    });
  }

  #forgetSilent(): void {
    const now = this.#deps.clock.steadyNow();
    for (const [name, { at }] of this.#senders) if (now - at > SENDER_MS) this.#senders.delete(name);
  }

  sent(bytes: number): void {
    const [now, before] = this.#handed;
    this.#handed = [now + bytes, before];
  }

  heldMs(urgency: number): number {
    if (this.#free(urgency) > 0) return 0;
    return urgency > 0 && this.#waitsForShare ? WINDOW_MS : this.#leftMs;
  }

  /** What is left of today's budget, bytes, and when the next one begins, unix ms; undefined where there is none. */
  get told():
    | { readonly bytesPerDay: number; readonly leftBytes: number; readonly until: number }
    | undefined {
    const { bytesPerDay } = this;
    if (bytesPerDay === 0) return undefined;
    const { spentBytes } = this.look();
    return {
      bytesPerDay,
      leftBytes: Math.max(0, Math.floor(bytesPerDay - spentBytes - this.#pending)),
      until: nextDayAt(this.#today, this.#now),
    };
  }

  /** What another node may send; undefined where there is no budget. */
  leftFor(node: string): LinkLeft | undefined {
    if (this.bytesPerDay === 0) return undefined;
    const at = this.#deps.clock.steadyNow();
    this.#senders.set(node, { at, bytes: 0 });
    this.#fair.wants('in', at);
    this.#forgetSilent();
    const bytes = this.#grant(NORMAL, this.#kept('out'));
    this.#senders.set(node, { at, bytes });
    return { bytes, urgentBytes: this.#grant(URGENT, 0), untilMs: this.#leftMs };
  }

  /** What one of those that send may send of a class until it hears again, so that so much is left. */
  #grant(urgency: number, keptBytes: number): number {
    this.look();
    const room = this.#room(urgency) - this.#granted;
    // The least that is of use to each of them would be more than is left.
    if (room < this.#senders.size * LEAST_BYTES) return 0;
    // Who hears that nothing is left waits for the next day: the least goes on.
    const share = Math.min(this.bytesPerDay * GRANT_SHARE, (room - keptBytes) / (2 * this.#senders.size));
    return Math.min(room, Math.max(share, LEAST_BYTES));
  }

  /** The header that tells a node what it may send. */
  header(node: string): string | undefined {
    const left = this.leftFor(node);
    return left && formatLeft(left);
  }

  /** What is to be written down with the kept clock. */
  get saved(): string {
    this.look();
    return this.#toSave();
  }

  [Symbol.dispose](): void {
    this.#isClosing = true;
    this.#stopTimer();
    this.#stopWaiting?.();
  }

  /** How long the day lasts. */
  get #leftMs(): number {
    const now = this.#now;
    return nextDayAt(this.#today, now) - now.wall;
  }

  get #now(): Moment {
    return { kept: this.#deps.kept.now(), wall: this.#deps.clock.wallNow() };
  }

  #count(): void {
    const { inBytes, outBytes } = this.#deps.traffic.look();
    const wentOut = outBytes - this.#counted.outBytes;
    const wentIn = inBytes - this.#counted.inBytes;
    this.#counted = { inBytes, outBytes };
    this.#settle(wentOut);
    const at = this.#deps.clock.steadyNow();
    this.#fair.went('in', wentIn, at);
    this.#fair.went('out', wentOut, at);
    const today = { ...this.#today, spentBytes: this.#today.spentBytes + wentIn + wentOut };
    this.#today = dayAt(today, this.#now);
    if (this.#today.beganAt !== today.beganAt) this.#beginDay(at);
    if (this.bytesPerDay > 0 && this.#today.spentBytes > this.#savedBytes) this.#deps.save(this.#toSave());
  }

  #beginDay(at: number): void {
    this.#savedBytes = 0;
    this.#fair.share(this.#room(NORMAL));
    this.#fair.opened(at);
  }

  /** So much more is in the count; what was taken for more than it was does not wait for that for ever. */
  #settle(wentOut: number): void {
    const at = this.#deps.clock.steadyNow();
    const [now, before] = this.#handed;
    const left = Math.max(0, before - wentOut);
    const young = Math.max(0, now - Math.max(0, wentOut - before));
    const isOver = at - this.#handedAt >= COUNTED_MS;
    if (isOver) this.#handedAt = at;
    this.#handed = isOver ? [0, young] : [young, left];
  }

  get #pending(): number {
    return this.#handed[0] + this.#handed[1];
  }

  #toSave(): string {
    const ahead = this.#isClosing ? CLOSING_BYTES : Math.ceil(this.bytesPerDay * AHEAD_SHARE);
    this.#savedBytes = this.#today.spentBytes + ahead;
    return JSON.stringify({ ...this.#today, spentBytes: this.#savedBytes });
  }

  #room(urgency: number): number {
    const budget = this.bytesPerDay;
    if (budget === 0) return Number.POSITIVE_INFINITY;
    const limit = urgency === 0 ? budget * (1 + URGENT_SHARE) : budget - this.#idleBytes;
    const room = limit - this.#today.spentBytes - this.#pending;
    return room < LEAST_BYTES ? 0 : room;
  }

  /** What an idle node still needs today. */
  get #idleBytes(): number {
    return Math.min(1, this.#leftMs / DAY_MS) * Math.min(this.bytesPerDay * IDLE_SHARE, MOST_IDLE_BYTES);
  }
}
