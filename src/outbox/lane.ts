import { pause } from '../lib/pause.ts';
import { parseSubject, receiverOf } from '../message/subject.ts';
import type { Finisher } from './finisher.ts';
import { LaneAnswers, type Peer } from './lane-answers.ts';
import { LaneEnds } from './lane-ends.ts';
import { LanePace } from './lane-pace.ts';
import { LaneQueue, type LaneRow } from './lane-queue.ts';
import { LaneSender, partsRefusal } from './lane-sender.ts';
import type { Entry } from './lane-window.ts';
import type { EndState, OutboxDeps } from './outbox-deps.ts';

export interface LaneDeps extends OutboxDeps {
  readonly finisher: Finisher;
  readonly peer: Peer;
  /** Gives a lane number that was never used. */
  allocateLane(): number;
  /** Called when the node at the other end shows that it is there. */
  onAlive(node: string): void;
}

const WINDOW_MESSAGES = 256;
const WINDOW_BYTES = 1024 * 1024;
/** How long nothing is sent while outcomes cannot be written down. */
const WRITE_PATIENCE_MS = 1000;
/** Unanswered attempts after which a message in parts is refused, where its target never gave a lane's answer. */
const MAX_PART_ATTEMPTS = 5;
/** Time between two new epochs, should one not help. */
const RENEW_PAUSE_MS = 10_000;
/** The longest that a timer can wait; the lane looks again then. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The ordered stream of messages to one subject: sends them, and acts on what comes back. */
export class Lane {
  readonly subject: string;
  readonly toNode: string;
  readonly method: string;
  readonly queue: LaneQueue;
  readonly pace = new LanePace();
  readonly #deps: LaneDeps;
  readonly #sender: LaneSender;
  readonly #ends: LaneEnds;
  readonly #answers: LaneAnswers;
  /** Whether the lane waits to hear answers, or for a new epoch, before it sends. */
  #isBeginning = false;
  #renewedAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #fail: ((error: Error) => void) | undefined;

  constructor(
    row: LaneRow,
    options: { nodeName: string; instance: string; hasRows: boolean },
    deps: LaneDeps,
  ) {
    this.subject = row.subject;
    this.toNode = receiverOf(row.subject);
    this.method = parseSubject(row.subject)?.method ?? '';
    this.#deps = deps;
    this.queue = new LaneQueue(row, { store: deps.store, hasRows: options.hasRows });
    this.#sender = new LaneSender({ ...options, subject: row.subject }, deps.transport);
    this.#ends = new LaneEnds({ method: this.method, queue: this.queue }, deps);
    this.#answers = new LaneAnswers(
      {
        toNode: this.toNode,
        queue: this.queue,
        sender: this.#sender,
        pace: this.pace,
        ends: this.#ends,
        peer: deps.peer,
      },
      {
        onAway: () => this.#onAway(),
        onAlive: () => deps.onAlive(this.toNode),
        rewind: () => this.#rewind(),
        pump: () => this.pump(),
        renew: () => void this.#renew(),
        now: deps.now,
        logger: deps.logger,
      },
    );
  }

  /** Begins to send; what it resolves with stops it again, and tells when it cannot go on. */
  async start(): Promise<AsyncDisposable & { readonly failed: Promise<Error> }> {
    const failed = new Promise<Error>((resolve) => {
      this.#fail = resolve;
    });
    this.pump();
    return {
      failed,
      [Symbol.asyncDispose]: async () => {
        this.#fail = undefined;
        clearTimeout(this.#timer);
        this.#sender.silence();
        this.#rewind();
      },
    };
  }

  get isStarted(): boolean {
    return this.#fail !== undefined;
  }

  /** How many messages are on their way. */
  get inFlight(): number {
    return this.queue.window.inFlight;
  }

  connected(): void {
    this.pace.resume();
    this.pump();
  }

  /** The broker does not allow (any more) what the answers come through: look for another way. */
  answersRefused(): void {
    if (!this.#sender.isListening) return;
    this.#sender.silence();
    this.#rewind();
    this.pump();
  }

  disconnected(): void {
    this.#rewind();
    clearTimeout(this.#timer);
  }

  /** The node at the other end was heard of: what waits for it need not wait any longer. */
  alive(): void {
    if (this.pace.wake()) this.pump();
  }

  /** Sends what may be sent now. */
  pump(): void {
    if (!this.#fail || !this.#deps.transport.isConnected || this.#isBeginning) return;
    try {
      const waitMs = this.#deps.finisher.isFailing ? WRITE_PATIENCE_MS : this.pace.waitMs(this.#deps.now());
      if (waitMs > 0) return this.#arm(waitMs);
      this.queue.refill();
      if (this.queue.window.length === 0) return;
      if (!this.#sender.isListening) return this.#listen();
      this.#sendWindow();
      this.#watchAnswers();
    } catch (error) {
      this.#giveIn(error as Error);
    }
  }

  /** Takes messages out that are not to be delivered any more, in memory and on disk. */
  giveUp(entries: readonly Entry[], state: EndState, reason: string): void {
    for (const { seq } of entries) this.queue.giveUp(seq);
    this.#ends.ended(entries, state, reason);
    this.queue.refill();
    this.pump();
  }

  /** Does nothing more until it is started again. */
  #giveIn(error: Error): void {
    const fail = this.#fail;
    this.#fail = undefined;
    clearTimeout(this.#timer);
    fail?.(error);
  }

  #listen(): void {
    if (this.#isBeginning) return;
    this.#isBeginning = true;
    this.#sender
      .listen((answer) => {
        if (this.#fail) this.#answers.take(answer);
      })
      .then(() => {
        if (!this.#fail) this.#sender.silence();
      })
      .catch((error) => this.#giveIn(error as Error))
      .finally(() => {
        this.#isBeginning = false;
        this.pump();
      });
  }

  #sendWindow(): void {
    const { window } = this.queue;
    const limits = this.#limits();
    for (let entry = window.next; entry && window.inFlight < limits.messages; entry = window.next) {
      const parts = this.#sender.partsOf(entry);
      if (parts > 1 && this.#refusesParts(entry)) continue;
      const bytes = this.#sender.bytesOfPart(entry, entry.partsSent, parts);
      if (window.bytesInFlight > 0 && window.bytesInFlight + bytes > limits.bytes) break;
      if (!this.#send(entry, parts, bytes)) break;
    }
    this.queue.refill();
  }

  /** What may be on its way at once: one message, or one piece of it, until somebody answers who speaks lanes. */
  #limits(): { messages: number; bytes: number } {
    const isOpen = this.#deps.peer.speaksLanes === true && !this.pace.isProbing;
    return isOpen ? { messages: WINDOW_MESSAGES, bytes: WINDOW_BYTES } : { messages: 1, bytes: 0 };
  }

  #send(entry: Entry, parts: number, bytes: number): boolean {
    if (entry.partsSent === 0 && this.#deps.peer.speaksLanes !== true) this.#sender.newGeneration();
    const place = {
      epoch: this.queue.epoch,
      floor: this.queue.window.first!.seq,
      part: entry.partsSent,
      parts,
    };
    if (!this.#sender.send(entry, place)) return false;
    const now = this.#deps.now();
    if (entry.partsSent === 0) {
      entry.attempts++;
      entry.firstSentAt ??= now;
      entry.firstGeneration = Math.min(entry.firstGeneration, this.#sender.generation);
    }
    entry.lastSentAt = now;
    this.queue.window.sent(entry, { bytes, isLast: entry.partsSent + 1 === parts });
    return true;
  }

  /** A reference node cannot put parts together: what is too large for the broker, or has a schedule, ends here. */
  #refusesParts(entry: Entry): boolean {
    const { speaksLanes } = this.#deps.peer;
    const tries = Math.min(entry.attempts, this.pace.silences);
    if (speaksLanes || (speaksLanes === undefined && tries < MAX_PART_ATTEMPTS)) return false;
    const reason = partsRefusal(entry, this.toNode, this.#deps.transport.maxPayload);
    this.queue.take(entry.seq, entry.seq);
    this.#ends.ended([entry], 'rejected', reason);
    return true;
  }

  /** Nobody listens: ask again soon at first, then once per ACKTimeout, unless there is a sign of life before. */
  #onAway(): void {
    if (!this.pace.isProbing) this.#deps.onStalled(this.queue.window.length);
    this.#deps.signs?.nobodyListens(this.toNode, this.subject);
    this.#missed();
    const first = this.queue.window.first;
    this.queue.window.rewind(false);
    this.#rewind();
    if (first) this.pace.away(this.#deps.now(), first.ackTimeoutMs);
    this.pump();
  }

  /** The receiver knows these places from a life that this database does not remember: begin a new epoch. */
  async #renew(): Promise<void> {
    if (this.#isBeginning) return;
    this.#isBeginning = true;
    this.#deps.logger.warn(
      { subject: this.subject },
      `${this.toNode} remembers messages that this node's database does not (a restored backup?): starting a new epoch, nothing is skipped`,
    );
    try {
      const waitMs = this.#renewedAt + RENEW_PAUSE_MS - this.#deps.now();
      if (waitMs > 0) await pause(waitMs);
      this.#renewedAt = this.#deps.now();
      await this.#deps.finisher.idle();
      await this.queue.renew(this.#deps.allocateLane(), (first, last, offset) =>
        this.#deps.ledger.moved(first, last, offset),
      );
      this.#isBeginning = false;
      this.#rewind();
      this.#answers.beginEpoch();
      this.pump();
    } catch (error) {
      this.#isBeginning = false;
      this.#giveIn(error as Error);
    }
  }

  #rewind(): void {
    this.#answers.forgetGap();
    this.queue.window.rewind();
    this.#sender.newGeneration();
  }

  /** Acts when the oldest message on its way has had no answer for its ACKTimeout. */
  #watchAnswers(): void {
    const oldest = this.queue.window.oldestInFlight;
    if (!oldest) return;
    const left = oldest.lastSentAt + oldest.ackTimeoutMs - this.#deps.now();
    if (left > 0) return this.#arm(left);
    this.#deps.signs?.unanswered(this.toNode, oldest.lastSentAt);
    this.#missed();
    this.#answers.missed();
    this.#rewind();
    this.#sendWindow();
    this.#arm(oldest.ackTimeoutMs);
  }

  #arm(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.pump(), Math.min(Math.max(1, ms), MAX_TIMER_MS));
  }

  #missed(): void {
    this.pace.missed();
    this.#deps.onMissedAnswer();
    this.#ends.attempted();
  }
}
