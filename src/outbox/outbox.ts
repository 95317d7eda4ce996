import { randomBytes } from 'node:crypto';
import { type BodyFormat, formatNumber } from '../message/body-format.ts';
import { receiverOf } from '../message/subject.ts';
import type { SqlValue, Statement } from '../store/statement.ts';
import { ConnectedClock } from './connected-clock.ts';
import { Finisher } from './finisher.ts';
import { Lane, type LaneDeps } from './lane.ts';
import { type LaneRow, newEpoch } from './lane-queue.ts';
import { LANE_SPAN, newEntry, wholeMs } from './lane-rows.ts';
import { type LaneStatus, laneStatus } from './lane-status.ts';
import type { Entry } from './lane-window.ts';
import type { OutboxDeps } from './outbox-deps.ts';
import { Peers } from './peers.ts';
import type { QueuedMessage, QueueFilter } from './queue-filter.ts';
import { type CancelledMessage, Undelivered } from './undelivered.ts';

export interface OutboxOptions {
  readonly nodeName: string;
  /** How long a message without a budget and a life of its own is kept, ms. */
  readonly messageTtlMs: number;
}

/** A message to deliver. Times are ms. */
export interface Parcel {
  readonly id: string;
  readonly batch: string | null;
  readonly subject: string;
  readonly format: BodyFormat;
  readonly body: Uint8Array;
  readonly ackTimeoutMs: number;
  /** Connected time within which it is to be delivered; undefined means as long as it lives. */
  readonly budgetMs?: number;
  /** Unix ms after which it must not be executed. */
  readonly expiresAt?: number;
  /** When it is to run again and again, as JSON. */
  readonly schedule?: string;
  /** What its sender wants of its output, where that is not the usual. */
  readonly output?: string;
}

const SWEEP_MS = 500;
const CLOCK_SAVE_MS = 5000;

const INSERT_ROW = `INSERT INTO outbox (key, id, queued_at, expires_at, budget_at, ack_timeout, format, body, schedule, output)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const TOO_LATE = 'its time was over before it could be delivered';
/** The reference's words for a message that was given up. */
const MAX_RETRIES =
  'max retries reached, check if node is up and running and if it got a subscriber for the given REQ type';

/** The durable queue of all that this node has to deliver, one lane for each subject. */
export class Outbox implements AsyncDisposable {
  readonly #options: OutboxOptions;
  readonly #deps: OutboxDeps;
  readonly #lanes = new Map<string, Lane>();
  readonly #peers = new Peers();
  readonly #clock: ConnectedClock;
  readonly #finisher: Finisher;
  readonly #undelivered: Undelivered;
  readonly #instance = randomBytes(5).toString('hex');
  readonly #timers: NodeJS.Timeout[] = [];
  #nextLane = 1;
  #isSweeping = false;

  constructor(options: OutboxOptions, deps: OutboxDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#clock = new ConnectedClock({ store: deps.store, now: deps.monotonicNow });
    this.#finisher = new Finisher(deps);
    this.#undelivered = new Undelivered({ ...deps, finisher: this.#finisher, lanes: this.#lanes });
    this.#load();
    this.#timers.push(setInterval(() => void this.#sweep(), SWEEP_MS));
    this.#timers.push(setInterval(() => void this.#clock.save().catch(() => {}), CLOCK_SAVE_MS));
  }

  /** How many messages lie on disk, to be delivered. */
  get length(): number {
    let count = 0;
    for (const lane of this.#lanes.values()) count += lane.queue.length;
    return count;
  }

  /** How many messages lie on disk for one subject. */
  waitingFor(subject: string): number {
    return this.#lanes.get(subject)?.queue.length ?? 0;
  }

  /** How many messages are not delivered yet, and how many of them are on their way. */
  get depth(): { queued: number; sent: number } {
    let sent = 0;
    for (const lane of this.#lanes.values()) sent += lane.inFlight;
    return { queued: Math.max(0, this.length - sent), sent };
  }

  /** How many messages lie in memory. */
  get inMemory(): number {
    let count = 0;
    for (const lane of this.#lanes.values()) count += lane.queue.window.length;
    return count;
  }

  /**
   * Takes messages in, together with other statements, in one transaction. Resolves when all is on disk; throws
   * StoreError, and then none of it is.
   */
  async enqueue(parcels: readonly Parcel[], alongside: readonly Statement[] = []): Promise<void> {
    const now = this.#deps.now();
    const outboxRows: SqlValue[][] = [];
    const ledgerRows: [number, string, string | null, number][] = [];
    const byLane = new Map<Lane, Entry[]>();
    for (const parcel of parcels) {
      const lane = this.#laneTo(parcel.subject);
      const seq = lane.queue.allocate();
      const key = lane.queue.key(seq);
      const { id, budgetMs, body, schedule = null, output = null } = parcel;
      const expiresAt = parcel.expiresAt === undefined ? null : wholeMs(parcel.expiresAt);
      const budgetAt = budgetMs === undefined ? null : wholeMs(this.#clock.read() + budgetMs);
      const ackTimeoutMs = wholeMs(parcel.ackTimeoutMs);
      const format = formatNumber(parcel.format);
      outboxRows.push([key, id, now, expiresAt, budgetAt, ackTimeoutMs, format, body, schedule, output]);
      ledgerRows.push([key, parcel.id, parcel.batch, now]);
      const times = { queuedAt: now, expiresAt, ackTimeoutMs };
      const entry = newEntry({ id, body, schedule, output, seq, format, isUntried: true, ...times });
      const entries = byLane.get(lane);
      if (entries) entries.push(entry);
      else byLane.set(lane, [entry]);
    }
    await this.#deps.store.write([
      ...alongside,
      ...[...byLane.keys()].map((lane) => lane.queue.save()),
      { sql: INSERT_ROW, rows: outboxRows },
      this.#deps.ledger.queued(ledgerRows),
    ]);
    this.#deps.onChanged?.([parcels]);
    for (const [lane, entries] of byLane) {
      lane.queue.committed(entries);
      if (lane.isStarted) lane.pump();
      else this.#deps.onLane(lane);
    }
  }

  connected(): void {
    this.#clock.start();
    for (const lane of this.#lanes.values()) lane.connected();
  }

  disconnected(): void {
    this.#clock.stop();
    for (const lane of this.#lanes.values()) lane.disconnected();
  }

  /** The undelivered messages that a filter means, in the order of their lanes; at most `limit`. */
  find(filter: QueueFilter, limit: number): QueuedMessage[] {
    return this.#undelivered.find(filter, limit);
  }

  /**
   * Ends the undelivered messages that a filter means; resolves with how many that were when it is written down.
   * What is on its way may still arrive.
   */
  cancel(filter: QueueFilter, reason: string): Promise<number> {
    return this.#undelivered.cancel(filter, reason);
  }

  /** Ends the messages with these keys that are not delivered yet; resolves with them when it is written down. */
  cancelKeys(keys: readonly number[], reason: string): Promise<ReadonlyMap<number, CancelledMessage>> {
    return this.#undelivered.cancelKeys(keys, reason);
  }

  /** How the lanes stand that something waits in, and which of them are known at all. */
  lanes(): LaneStatus[] {
    return [...this.#lanes.values()].map((lane) => this.#statusOf(lane));
  }

  /** How the lane of a subject stands; undefined where there is none. */
  lane(subject: string): LaneStatus | undefined {
    const lane = this.#lanes.get(subject);
    return lane && this.#statusOf(lane);
  }

  /**
   * A node was heard of: lanes that wait for it go on at once. A hello also tells what it speaks; where that is
   * not what it spoke before, its next answer decides.
   */
  alive(node: string, hello?: { speaksLanes: boolean }): void {
    this.#peers.alive(node, hello);
  }

  /** Whether a node speaks lanes; undefined where it has not answered yet. */
  speaksLanes(node: string): boolean | undefined {
    return this.#peers.speaksLanes(node);
  }

  /** The broker does not allow a subscription: if a lane's answers come through it, another way is found. */
  subscriptionRefused(subject: string): void {
    const at = subject.lastIndexOf('.reply');
    if (at > 0) this.#lanes.get(subject.slice(0, at))?.answersRefused();
  }

  /** Writes down what is known by now and forgets the lanes. Messages stay on disk. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#clock.stop();
    await this.#finisher[Symbol.asyncDispose]();
    await this.#clock.save().catch(() => {});
  }

  #statusOf(lane: Lane): LaneStatus {
    const { transport, now } = this.#deps;
    return laneStatus(lane, {
      isConnected: transport.isConnected,
      isFailing: this.#finisher.isFailing,
      now: now(),
    });
  }

  #load(): void {
    const { store } = this.#deps;
    this.#nextLane = (store.get<{ id: number | null }>('SELECT max(id) AS id FROM lanes')?.id ?? 0) + 1;
    const rows = store.all<LaneRow & { has_rows: number }>(
      `SELECT id, subject, epoch, next_seq AS nextSeq, EXISTS (
         SELECT 1 FROM outbox o WHERE o.key BETWEEN lanes.id * ${LANE_SPAN} AND (lanes.id + 1) * ${LANE_SPAN} - 1) AS has_rows
       FROM lanes WHERE retired_at IS NULL ORDER BY id`,
    );
    for (const row of rows) {
      const lane = this.#addLane(row, row.has_rows === 1);
      if (row.has_rows === 1) this.#deps.onLane(lane);
    }
  }

  #laneTo(subject: string): Lane {
    const known = this.#lanes.get(subject);
    return known ?? this.#addLane({ id: this.#nextLane++, subject, epoch: newEpoch(), nextSeq: 1 }, false);
  }

  #addLane(row: LaneRow, hasRows: boolean): Lane {
    const toNode = receiverOf(row.subject);
    const known = this.#peers.of(toNode);
    const deps: LaneDeps = {
      ...this.#deps,
      peer: known.peer,
      finisher: this.#finisher,
      allocateLane: () => this.#nextLane++,
      onAlive: () => {
        this.#deps.signs?.answered(toNode, row.subject);
        this.alive(toNode);
      },
    };
    const lane = new Lane(row, { nodeName: this.#options.nodeName, instance: this.#instance, hasRows }, deps);
    known.lanes.push(lane);
    this.#lanes.set(row.subject, lane);
    return lane;
  }

  /** Ends messages whose time is over. */
  async #sweep(): Promise<void> {
    if (this.#isSweeping || this.#finisher.isFailing) return;
    this.#isSweeping = true;
    try {
      this.#undelivered.giveUp('expires_at', this.#deps.now(), 'expired', TOO_LATE);
      this.#undelivered.giveUp('budget_at', Math.floor(this.#clock.read()), 'undelivered', MAX_RETRIES);
      for (const lane of this.#lanes.values()) this.#endOld(lane);
      await this.#finisher.idle();
      if (!this.#finisher.isFailing) for (const lane of this.#lanes.values()) lane.queue.forgetGivenUp();
    } catch (error) {
      this.#deps.logger.warn({ err: error }, 'the outbox could not look for messages whose time is over');
    }
    this.#isSweeping = false;
  }

  #endOld(lane: Lane): void {
    const { messageTtlMs } = this.#options;
    const old = lane.queue.window.queuedBefore(this.#deps.now() - messageTtlMs);
    if (old.length === 0) return;
    lane.giveUp(old, 'expired', `it could not be delivered within messageTTL, ${messageTtlMs / 1000} s`);
  }
}
