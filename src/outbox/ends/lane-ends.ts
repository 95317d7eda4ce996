import { formatOf } from '../../message/codec/body-format.ts';
import { AWAITS_REPLY } from '../../message/desk-reply.ts';
import { ENDLESS } from '../../store/endless.ts';
import type { Statement } from '../../store/store.ts';
import type { LaneQueue } from '../lane/lane-queue.ts';
import { callOffRow, deleteRows, readBody } from '../lane/lane-rows.ts';
import type { Entry } from '../lane/lane-window.ts';
import type { Ended, EndState, OutboxDeps } from '../outbox-deps.ts';
import type { OutcomeWriter } from './outcome-writer.ts';

/** How seldom the number of attempts is written down for a message that waits long. */
const ATTEMPT_NOTE_MS = 60_000;

interface Taken {
  readonly unreported?: string;
  readonly awaitsReply?: boolean;
  readonly isSaid?: boolean;
  readonly takesEnds?: boolean;
}

interface LaneEndsDeps
  extends Pick<OutboxDeps, 'store' | 'ledger' | 'clock' | 'kept' | 'methods' | 'metrics'> {
  readonly outcomes: OutcomeWriter;
}

/** What is to be known of a node before it is asked what became of a message. */
interface AskedPeer {
  readonly speaksLanes: boolean | undefined;
  readonly hasWords: boolean;
}

/** Takes a lane's messages out of the outbox when they are delivered, or will not be, and hands on what became of them. */
export class LaneEnds {
  readonly #method: string;
  readonly #queue: LaneQueue;
  readonly #peer: AskedPeer;
  readonly #deps: LaneEndsDeps;
  #notedAt = Number.NEGATIVE_INFINITY;

  constructor(lane: { method: string; queue: LaneQueue; peer: AskedPeer }, deps: LaneEndsDeps) {
    this.#method = lane.method;
    this.#queue = lane.queue;
    this.#peer = lane.peer;
    this.#deps = deps;
  }

  /**
   * A run of messages is with its target. `unreported`: why no report will be heard of them;
   * `awaitsReply`: whether a reply will; `isSaid`: whether the target says so of just these, so that it counts also for what
   * was cancelled in the meantime; `takesEnds`: whether it reads the ends in replies.
   */
  taken(first: number, last: number, about: Taken = {}): void {
    if (first === 0) return;
    const at = this.#deps.clock.wallNow();
    const taken = this.#queue.take(first, last);
    const isDone = this.#deps.methods.get(this.#method)?.mode === 'effect';
    const state = isDone ? 'succeeded' : takenState(about);
    const reason = isDone ? null : about.awaitsReply ? AWAITS_REPLY : (about.unreported ?? null);
    const keys = { first: this.#queue.key(first), last: this.#queue.key(last) };
    const sentAt = taken[0]?.firstSentAt ?? at;
    const run = { state, sentAt, at, endedAt: state === 'accepted' ? null : at, reason } as const;
    const delivered = (from: number, to: number, isSure: boolean) =>
      this.#deps.ledger.delivered({ ...run, first: from, last: to, isSaid: isSure });
    // Of just these the target says that it has them, although they were cancelled.
    const corrected = taken.filter(({ isCalledOff }) => isCalledOff).map(({ seq }) => this.#queue.key(seq));
    const ended = state === 'accepted' ? [] : taken.map((entry) => this.#toEnded(entry, state, reason));
    this.#deps.outcomes.add({
      statements: [
        delivered(keys.first, keys.last, about.isSaid === true),
        ...corrected.map((key) => delivered(key, key, true)),
        deleteRows(keys.first, keys.last),
        ...(about.takesEnds ? endsTaken(taken) : []),
      ],
      ended,
      changed: taken,
      // Sending again what was taken does no harm, so only who asked for an end waits for this.
      mayWait:
        taken.length > 0 && !about.awaitsReply && taken.every(({ isOwn }) => state === 'accepted' || isOwn),
    });
    if (taken.length === 0) return;
    const waitedMs = this.#deps.kept.now() - taken[0]!.queuedAt;
    this.#deps.metrics.delivered(this.#method, waitedMs / 1000, taken.length);
  }

  /** Messages that were taken out of the queue have ended without being delivered. */
  ended(entries: readonly Entry[], state: EndState, reason: string): void {
    if (entries.length === 0) return;
    const keys = entries.map(({ seq }) => this.#queue.key(seq));
    // What was called off has ended before.
    const open = entries.filter(({ isCalledOff }) => !isCalledOff);
    const openKeys = open.map(({ seq }) => this.#queue.key(seq));
    this.#deps.outcomes.add({
      statements: [
        this.#deps.ledger.ended(openKeys, state, reason, this.#deps.clock.wallNow()),
        { sql: 'DELETE FROM outbox WHERE key = ?', rows: keys.map((key) => [key]) },
      ],
      ended: open.map((entry) => this.#toEnded(entry, state, reason)),
      changed: open,
    });
  }

  /** Calls off the messages that are given up and may have arrived, and answers the others; no more parts of one go. */
  callOff(
    entries: readonly Entry[],
    { state, reason, lane }: { state: EndState; reason: string; lane: { rewind(): void } },
  ): readonly Entry[] {
    // Of one of which nothing is known yet its words are asked for before anything goes to it.
    const speaksLanes = this.#peer.speaksLanes ?? true;
    // Of what runs there are reports, and whether a cancellation came nobody asks.
    const isAsked = this.#deps.methods.get(this.#method)?.mode === 'effect' && this.#method !== 'REQCancel';
    if (state === 'rejected' || !speaksLanes || !isAsked) return entries;
    // Output that has to make room leaves nothing behind.
    const mayAsk = ({ expiresAt }: Entry) => state !== 'expired' || expiresAt !== ENDLESS;
    // What was called off already is asked for, whoever calls it off once more.
    const open = entries.filter(({ isCalledOff }) => !isCalledOff);
    const doubtful = new Set(open.filter((entry) => mayAsk(entry) && this.#queue.mayBeThere(entry)));
    for (const entry of doubtful) this.#callOffOne(entry, state, reason);
    const isStranger = this.#peer.speaksLanes === undefined && !this.#peer.hasWords;
    if ([...doubtful].some(({ pieceBytes, wholeBytes }) => isStranger || pieceBytes < wholeBytes))
      lane.rewind();
    return open.filter((entry) => !doubtful.has(entry));
  }

  /** Ends a message that its target may have, and asks on what became of it. */
  #callOffOne(entry: Entry, state: EndState, reason: string): void {
    const key = this.#queue.key(entry.seq);
    this.#deps.outcomes.add({
      statements: [
        this.#deps.ledger.ended([key], state, reason, this.#deps.clock.wallNow()),
        callOffRow(key),
      ],
      ended: [this.#toEnded(entry, state, reason)],
      changed: [entry],
    });
    entry.isCalledOff = true;
    this.#queue.callOff(entry.seq);
  }

  /** Notes how often the lowest message was tried; seldom for one that waits long. */
  attempted(): void {
    const first = this.#queue.window.first;
    const now = this.#deps.clock.steadyNow();
    if (!first || (first.attempts > 3 && now - this.#notedAt < ATTEMPT_NOTE_MS)) return;
    this.#notedAt = now;
    const key = this.#queue.key(first.seq);
    const note = this.#deps.ledger.attempted(
      key,
      first.attempts,
      first.firstSentAt ?? this.#deps.clock.wallNow(),
    );
    this.#deps.outcomes.add({ statements: [note], ended: [], changed: [first] });
  }

  #toEnded(entry: Entry, state: Ended['state'], reason: string | null): Ended {
    const at = this.#deps.clock.wallNow();
    const ended = new EndedEntry(entry, this.#deps.store, this.#queue.key(entry.seq));
    return Object.assign(ended, {
      subject: this.#queue.subject,
      id: entry.id,
      state,
      reason,
      queuedAt: this.#deps.kept.toWall(entry.queuedAt),
      sentAt: entry.firstSentAt,
      acceptedAt: state === 'handed-over' || state === 'succeeded' ? at : null,
      endedAt: at,
      attempts: entry.attempts,
      format: formatOf(entry.format),
      re: entry.re,
    });
  }
}

/** Has the body of a message that has ended. A getter in each object would take as much as all else of it. */
class EndedEntry {
  readonly #entry: Entry;
  readonly #store: OutboxDeps['store'];
  readonly #key: number;

  constructor(entry: Entry, store: OutboxDeps['store'], key: number) {
    this.#entry = entry;
    this.#store = store;
    this.#key = key;
  }

  get body(): Uint8Array | undefined {
    return this.#entry.body ?? readBody(this.#store, this.#key);
  }
}

/** What becomes of a run that its target has taken. */
function takenState({ unreported, awaitsReply }: Taken): 'accepted' | 'handed-over' {
  return unreported !== undefined && !awaitsReply ? 'handed-over' : 'accepted';
}

/** The ends that travelled with messages are where they belong; statements that write that down. */
function endsTaken(taken: readonly Entry[]): Statement[] {
  const statements: Statement[] = [];
  for (const { rider } of taken) {
    if (!rider) continue;
    rider.onTaken();
    statements.push(rider.taken);
  }
  return statements;
}
