import { type Clock, wait } from '../../lib/clock.ts';
import { TemporaryError } from '../../lib/temporary-error.ts';
import { fitsLane, type QueuedMessage, type QueueFilter } from '../../message/queue-filter.ts';
import type { KeptTime } from '../../store/kept-clock.ts';
import { LANE_SPAN, type Store } from '../../store/store.ts';
import type { Lane } from '../lane/lane.ts';
import { readEntry, readForgotten, readOld } from '../lane/lane-rows.ts';
import type { Entry } from '../lane/lane-window.ts';
import type { EndState } from '../outbox-deps.ts';
import type { OutcomeWriter } from './outcome-writer.ts';

/** How many messages are ended at once. */
const SLICE_ROWS = 1000;
/** How long an answer to what is on its way is waited for before it is ended, and how often it is looked for. */
const ANSWER_PATIENCE_MS = 2000;
const LOOK_AGAIN_MS = 10;

/** A message that was ended before it was delivered, as far as this node knows. */
export interface CancelledMessage {
  readonly key: number;
  /** How often it was sent since this node started. */
  readonly attempts: number;
  /** Whether one of these attempts may have reached its target. */
  readonly mayHaveArrived: boolean;
}

interface UndeliveredDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly kept: KeptTime;
  readonly outcomes: OutcomeWriter;
  readonly lanes: Iterable<Lane>;
  /** Called before messages are cancelled. */
  onCancel(): void;
}

/** Finds undelivered messages, in memory or on disk, and ends them. */
export class Undelivered {
  readonly #deps: UndeliveredDeps;

  constructor(deps: UndeliveredDeps) {
    this.#deps = deps;
  }

  /** The messages that a filter means, in the order of their lanes; at most `limit`. */
  find(filter: QueueFilter, limit: number): QueuedMessage[] {
    const found: QueuedMessage[] = [];
    for (const lane of this.#deps.lanes) {
      if (found.length >= limit) break;
      if (fitsLane(filter, lane.subject)) found.push(...this.#findIn(lane, filter, limit - found.length));
    }
    return found;
  }

  /** Ends the messages that a filter means; resolves with how many that were when it is written down. */
  async cancel(filter: QueueFilter, reason: string): Promise<number> {
    const { outcomes } = this.#deps;
    this.#deps.onCancel();
    for (let count = 0; ; ) {
      await outcomes.idle();
      await this.#answersTo(this.find(filter, SLICE_ROWS));
      const found = this.find(filter, SLICE_ROWS);
      this.giveUpKeys(found, 'cancelled', reason);
      count += found.length;
      if (found.length < SLICE_ROWS || outcomes.fault !== undefined) {
        await outcomes.idle();
        return count;
      }
    }
  }

  /**
   * Ends the messages with these keys that are there; resolves with them when it is written down. Throws TemporaryError
   * where that cannot be.
   */
  async cancelKeys(keys: readonly number[], reason: string): Promise<ReadonlyMap<number, CancelledMessage>> {
    this.#deps.onCancel();
    const cancelled = new Map<number, CancelledMessage>();
    for (let start = 0; start < keys.length; start += SLICE_ROWS) {
      await this.#deps.outcomes.idle();
      const slice = keys.slice(start, start + SLICE_ROWS).map((key) => ({ key }));
      await this.#answersTo(slice);
      for (const one of this.giveUpKeys(slice, 'cancelled', reason)) cancelled.set(one.key, one);
    }
    await this.#deps.outcomes.idle();
    if (this.#deps.outcomes.fault !== undefined)
      throw new TemporaryError('what was cancelled could not be written down: is the disk full?');
    return cancelled;
  }

  /** Ends messages whose time is over by the given column; as many as go at once. */
  giveUp(column: 'expires_at' | 'budget_at', at: number, state: EndState, reason: string): void {
    const rows = this.#deps.store.all<{ key: number }>(
      `SELECT key FROM outbox WHERE ${column} BETWEEN 0 AND ? LIMIT ${SLICE_ROWS}`,
      at,
    );
    this.giveUpKeys(rows, state, reason);
  }

  /** Ends messages of a lane that were queued up to a time, and whose sender did not say how long they live; or those that live for `life`. */
  giveUpOld(lane: Lane, at: number, reason: string, life: number | null = null): void {
    const first = lane.queue.window.first;
    if (!first || first.queuedAt > at) return;
    this.giveUpKeys(
      readOld(this.#deps.store, { lane: lane.queue.id, at, life }, SLICE_ROWS),
      'expired',
      reason,
    );
  }

  /** Asks no longer what became of messages that were called off, once the ledger keeps nothing of them. */
  async forget(): Promise<void> {
    for (let found = SLICE_ROWS; found === SLICE_ROWS && this.#deps.outcomes.fault === undefined; ) {
      const rows = await readForgotten(this.#deps.store, SLICE_ROWS);
      found = this.giveUpKeys(rows, 'rejected', '').length;
      await this.#deps.outcomes.idle();
    }
  }

  #findIn(lane: Lane, filter: QueueFilter, limit: number): QueuedMessage[] {
    const { store, kept } = this.#deps;
    const rows = store.all<{ key: number; id: string; queued_at: number }>(
      `SELECT key, id, queued_at FROM outbox WHERE key BETWEEN ? AND ? AND queued_at <= ? AND (? IS NULL OR id = ?)
         AND coalesce(expires_at, 0) >= 0
       ORDER BY key LIMIT ?`,
      ...[
        lane.queue.key(0),
        lane.queue.key(LANE_SPAN - 1),
        Math.floor(kept.now()) - (filter.olderThanMs ?? 0),
      ],
      ...[filter.id ?? null, filter.id ?? null, limit],
    );
    const open = rows.filter(({ key }) => !lane.queue.isTakenOut(key % LANE_SPAN));
    return open.map(({ key, id, queued_at }) => {
      const entry = lane.queue.window.find(key % LANE_SPAN);
      return {
        ...{ key, id, toNode: lane.toNode, method: lane.method, queuedAt: kept.toWall(queued_at) },
        isOnItsWay: entry?.isSent === true,
        isSurelyHere: entry?.isUntried === true && !entry.isSent && !entry.mayHaveArrived,
      };
    });
  }

  /** Waits a moment for what the targets say of messages that are on their way: they may be taken already. */
  async #answersTo(rows: readonly { key: number }[]): Promise<void> {
    await untilAnswered(this.#entriesOf(rows), this.#deps.clock);
  }

  /** Ends the messages with these keys that are there. */
  giveUpKeys(rows: readonly { key: number }[], state: EndState, reason: string): CancelledMessage[] {
    if (rows.length === 0) return [];
    const found = this.#entriesOf(rows);
    const given = found.map(({ key, entry: { attempts, isSent, mayHaveArrived } }) => ({
      key,
      attempts,
      mayHaveArrived: isSent || mayHaveArrived,
    }));
    for (const [lane, inLane] of Map.groupBy(found, ({ lane }) => lane)) {
      const entries = inLane.map(({ entry }) => entry);
      lane.giveUp(entries, state, reason);
    }
    return given;
  }

  #entriesOf(rows: readonly { key: number }[]): { key: number; lane: Lane; entry: Entry }[] {
    const { store } = this.#deps;
    const lanes = new Map([...this.#deps.lanes].map((lane) => [lane.queue.id, lane]));
    return rows.flatMap(({ key }) => {
      const lane = lanes.get(Math.floor(key / LANE_SPAN));
      const seq = key % LANE_SPAN;
      if (lane?.queue.isTakenOut(seq)) return [];
      const entry = lane?.queue.window.find(seq) ?? readEntry(store, key);
      return lane && entry ? [{ key, lane, entry }] : [];
    });
  }
}

/** Waits a moment for what the targets say of messages that are on their way; resolves with those that are not answered. */
export async function untilAnswered<Place extends { readonly lane: Lane; readonly entry: Entry }>(
  places: readonly Place[],
  clock: Clock,
): Promise<readonly Place[]> {
  const until = clock.steadyNow() + ANSWER_PATIENCE_MS;
  const isHere = ({ lane, entry }: Place) => lane.queue.window.find(entry.seq) === entry;
  const isOnItsWay = (place: Place) => isHere(place) && place.entry.isSent;
  let left = places.filter(isOnItsWay);
  while (left.length > 0 && clock.steadyNow() < until) {
    await wait(clock, LOOK_AGAIN_MS);
    left = left.filter(isOnItsWay);
  }
  return places.filter(isHere);
}
