import { formatOf } from '../message/body-format.ts';
import type { Finisher } from './finisher.ts';
import type { LaneQueue } from './lane-queue.ts';
import { deleteRows } from './lane-rows.ts';
import type { Entry } from './lane-window.ts';
import type { Ended, EndState, OutboxDeps } from './outbox-deps.ts';

/** How seldom the number of attempts is written down for a message that waits long. */
const ATTEMPT_NOTE_MS = 60_000;

interface LaneEndsDeps extends Pick<OutboxDeps, 'ledger' | 'now' | 'isDoneWhenAccepted' | 'onDelivered'> {
  readonly finisher: Finisher;
}

/** Takes a lane's messages out of the outbox when they are delivered, or will not be, and hands on what became of them. */
export class LaneEnds {
  readonly #method: string;
  readonly #queue: LaneQueue;
  readonly #deps: LaneEndsDeps;
  #notedAt = 0;

  constructor(lane: { method: string; queue: LaneQueue }, deps: LaneEndsDeps) {
    this.#method = lane.method;
    this.#queue = lane.queue;
    this.#deps = deps;
  }

  /** A run of messages is with its target. `unreported`: why nothing more will be heard of them. */
  taken(first: number, last: number, unreported?: string): void {
    if (first === 0) return;
    const at = this.#deps.now();
    const taken = this.#queue.take(first, last);
    const isDone = this.#deps.isDoneWhenAccepted(this.#method);
    const state = isDone ? 'succeeded' : 'accepted';
    const reason = isDone ? null : (unreported ?? null);
    const isEnd = isDone || unreported !== undefined;
    const keys = { first: this.#queue.key(first), last: this.#queue.key(last) };
    const sentAt = taken[0]?.firstSentAt ?? at;
    const delivered = this.#deps.ledger.delivered({
      ...keys,
      state,
      sentAt,
      at,
      endedAt: isEnd ? at : null,
      reason,
    });
    const ended = isEnd ? taken.map((entry) => this.#toEnded(entry, state, reason)) : [];
    this.#deps.finisher.add({
      statements: [delivered, deleteRows(keys.first, keys.last)],
      ended,
      changed: taken,
    });
    if (taken.length === 0) return;
    this.#deps.onDelivered({ method: this.#method, count: taken.length, waitedMs: at - taken[0]!.queuedAt });
  }

  /** Messages that were taken out of the queue have ended without being delivered. */
  ended(entries: readonly Entry[], state: EndState, reason: string): void {
    if (entries.length === 0) return;
    const keys = entries.map(({ seq }) => this.#queue.key(seq));
    this.#deps.finisher.add({
      statements: [
        this.#deps.ledger.ended(keys, state, reason, this.#deps.now()),
        { sql: 'DELETE FROM outbox WHERE key = ?', rows: keys.map((key) => [key]) },
      ],
      ended: entries.map((entry) => this.#toEnded(entry, state, reason)),
      changed: entries,
    });
  }

  /** Notes how often the lowest message was tried; seldom for one that waits long. */
  attempted(): void {
    const first = this.#queue.window.first;
    const now = this.#deps.now();
    if (!first || (first.attempts > 3 && now - this.#notedAt < ATTEMPT_NOTE_MS)) return;
    this.#notedAt = now;
    const key = this.#queue.key(first.seq);
    const note = this.#deps.ledger.attempted(key, first.attempts, first.firstSentAt ?? now);
    this.#deps.finisher.add({ statements: [note], ended: [], changed: [first] });
  }

  #toEnded(entry: Entry, state: Ended['state'], reason: string | null): Ended {
    const at = this.#deps.now();
    return {
      subject: this.#queue.subject,
      id: entry.id,
      state,
      reason,
      queuedAt: entry.queuedAt,
      sentAt: entry.firstSentAt,
      acceptedAt: state === 'accepted' || state === 'succeeded' ? at : null,
      endedAt: at,
      attempts: entry.attempts,
      format: formatOf(entry.format),
      body: entry.body,
    };
  }
}
