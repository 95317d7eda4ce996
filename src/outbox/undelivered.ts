import { TemporaryError } from '../lib/temporary-error.ts';
import type { Store } from '../store/store.ts';
import type { Finisher } from './finisher.ts';
import type { Lane } from './lane.ts';
import { LANE_SPAN, readEntry } from './lane-rows.ts';
import type { Entry } from './lane-window.ts';
import type { EndState } from './outbox-deps.ts';
import { fitsLane, type QueuedMessage, type QueueFilter } from './queue-filter.ts';

/** How many messages are ended at once. */
const SLICE_ROWS = 1000;

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
  readonly now: () => number;
  readonly finisher: Finisher;
  readonly lanes: ReadonlyMap<string, Lane>;
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
    for (const lane of this.#deps.lanes.values()) {
      if (found.length >= limit) break;
      if (fitsLane(filter, lane.subject)) found.push(...this.#findIn(lane, filter, limit - found.length));
    }
    return found;
  }

  /** Ends the messages that a filter means; resolves with how many that were when it is written down. */
  async cancel(filter: QueueFilter, reason: string): Promise<number> {
    const { finisher } = this.#deps;
    for (let count = 0; ; ) {
      await finisher.idle();
      const found = this.find(filter, SLICE_ROWS);
      this.#giveUpKeys(found, 'cancelled', reason);
      count += found.length;
      if (found.length < SLICE_ROWS || finisher.isFailing) {
        await finisher.idle();
        return count;
      }
    }
  }

  /**
   * Ends the messages with these keys that are there; resolves with them when it is written down. Throws TemporaryError
   * where that cannot be.
   */
  async cancelKeys(keys: readonly number[], reason: string): Promise<ReadonlyMap<number, CancelledMessage>> {
    const cancelled = new Map<number, CancelledMessage>();
    for (let start = 0; start < keys.length; start += SLICE_ROWS) {
      await this.#deps.finisher.idle();
      const slice = keys.slice(start, start + SLICE_ROWS).map((key) => ({ key }));
      for (const one of this.#giveUpKeys(slice, 'cancelled', reason)) cancelled.set(one.key, one);
    }
    await this.#deps.finisher.idle();
    if (this.#deps.finisher.isFailing)
      throw new TemporaryError('what was cancelled could not be written down: is the disk full?');
    return cancelled;
  }

  /** Ends messages whose time is over by the given column; as many as go at once. */
  giveUp(column: 'expires_at' | 'budget_at', at: number, state: EndState, reason: string): void {
    const rows = this.#deps.store.all<{ key: number }>(
      `SELECT key FROM outbox WHERE ${column} <= ? LIMIT ${SLICE_ROWS}`,
      at,
    );
    this.#giveUpKeys(rows, state, reason);
  }

  #findIn(lane: Lane, filter: QueueFilter, limit: number): QueuedMessage[] {
    const { store, now } = this.#deps;
    const rows = store.all<{ key: number; id: string; queued_at: number }>(
      `SELECT key, id, queued_at FROM outbox WHERE key BETWEEN ? AND ? AND queued_at <= ? AND (? IS NULL OR id = ?)
       ORDER BY key LIMIT ?`,
      ...[lane.queue.key(0), lane.queue.key(LANE_SPAN - 1), now() - (filter.olderThanMs ?? 0)],
      ...[filter.id ?? null, filter.id ?? null, limit],
    );
    return rows.map(({ key, id, queued_at }) => ({
      ...{ key, id, toNode: lane.toNode, method: lane.method, queuedAt: queued_at },
      isOnItsWay: (lane.queue.window.find(key % LANE_SPAN)?.partsSent ?? 0) > 0,
    }));
  }

  #giveUpKeys(rows: readonly { key: number }[], state: EndState, reason: string): CancelledMessage[] {
    if (rows.length === 0) return [];
    const found = this.#entriesOf(rows);
    const given = found.map(({ key, entry: { attempts, partsSent, mayHaveArrived } }) => ({
      key,
      attempts,
      mayHaveArrived: partsSent > 0 || mayHaveArrived,
    }));
    for (const [lane, inLane] of Map.groupBy(found, ({ lane }) => lane)) {
      const entries = inLane.map(({ entry }) => entry);
      lane.giveUp(entries, state, reason);
    }
    return given;
  }

  #entriesOf(rows: readonly { key: number }[]): { key: number; lane: Lane; entry: Entry }[] {
    const { store } = this.#deps;
    const lanes = new Map([...this.#deps.lanes.values()].map((lane) => [lane.queue.id, lane]));
    return rows.flatMap(({ key }) => {
      const lane = lanes.get(Math.floor(key / LANE_SPAN));
      const entry = lane?.queue.window.find(key % LANE_SPAN) ?? readEntry(store, key);
      return lane && entry ? [{ key, lane, entry }] : [];
    });
  }
}
