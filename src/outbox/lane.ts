import { parseSubject } from '../message/subject.ts';
import { ANSWER_STATUSES, type AnswerStatus, HEADER, parsePair } from '../message/wire-headers.ts';
import type { Finisher } from './finisher.ts';
import { LaneEnds } from './lane-ends.ts';
import { LaneQueue, type LaneRow } from './lane-queue.ts';
import { LaneSender } from './lane-sender.ts';
import type { Entry } from './lane-window.ts';
import type { Answer, EndState, OutboxDeps } from './outbox-deps.ts';

/** What is known of the node at the other end, shared by all lanes to it. */
export interface Peer {
  /** Undefined until it has answered; a reference node does not speak lanes. */
  speaksLanes: boolean | undefined;
}

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
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** Unanswered attempts after which a message in parts is refused, where its target never gave a lane's answer. */
const MAX_PART_ATTEMPTS = 5;
/** How seldom the number of attempts is written down for a message that waits long. */
const ATTEMPT_NOTE_MS = 60_000;
const REFERENCE_NODE = 'taken by a node that sends no reports: what became of it there is not known';

/** The ordered stream of messages to one subject: sends them, and acts on what comes back. */
export class Lane {
  readonly subject: string;
  readonly toNode: string;
  readonly method: string;
  readonly queue: LaneQueue;
  readonly #deps: LaneDeps;
  readonly #sender: LaneSender;
  readonly #ends: LaneEnds;
  /** Whether the last attempt got no answer: then one message at a time asks whether somebody is there. */
  #isProbing = false;
  /** Whether the pause is because nobody listened, and ends at a sign of life. */
  #isAway = false;
  #pausedUntil = 0;
  #pauseMs = FIRST_PAUSE_MS;
  /** Whether a place is missing that only a higher floor can bridge. */
  #awaitsFloor = false;
  #sawPlainAnswer = false;
  #isRenewing = false;
  /** Answers to generations before this one are about an epoch that has ended. */
  #firstGeneration = 0;
  #notedAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #fail: ((error: Error) => void) | undefined;

  constructor(
    row: LaneRow,
    options: { nodeName: string; instance: string; hasRows: boolean },
    deps: LaneDeps,
  ) {
    const parsed = parseSubject(row.subject);
    this.subject = row.subject;
    this.toNode = parsed?.toNode ?? row.subject;
    this.method = parsed?.method ?? '';
    this.#deps = deps;
    this.queue = new LaneQueue(row, { store: deps.store, hasRows: options.hasRows });
    this.#sender = new LaneSender({ ...options, subject: row.subject }, deps.transport);
    this.#ends = new LaneEnds({ method: this.method, queue: this.queue }, deps);
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
    this.#pausedUntil = 0;
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
    if (!this.#isAway) return;
    this.#isAway = false;
    this.#pausedUntil = 0;
    this.#pauseMs = FIRST_PAUSE_MS;
    this.pump();
  }

  /** Sends what may be sent now. */
  pump(): void {
    if (!this.#fail || !this.#deps.transport.isConnected || this.#isRenewing) return;
    try {
      if (this.#deps.finisher.isFailing) return this.#arm(1000);
      if (this.#deps.now() < this.#pausedUntil) return this.#arm(this.#pausedUntil - this.#deps.now());
      this.#pausedUntil = 0;
      this.#isAway = false;
      this.queue.refill();
      if (this.queue.window.length === 0) return;
      if (!this.#sender.isListening) return this.#listen();
      this.#sendWindow();
      this.#watchAnswers();
    } catch (error) {
      this.#fail?.(error as Error);
    }
  }

  /** Takes messages out that are not to be delivered any more, in memory and on disk. */
  giveUp(entries: readonly Entry[], state: EndState, reason: string): void {
    for (const { seq } of entries) this.queue.take(seq, seq);
    this.#ends.ended(entries, state, reason);
    this.pump();
  }

  #listen(): void {
    this.#pausedUntil = this.#deps.now() + LONGEST_PAUSE_MS;
    this.#sender
      .listen((answer) => this.#onAnswer(answer))
      .then(() => {
        if (!this.#fail) this.#sender.silence();
        this.#pausedUntil = 0;
        this.pump();
      })
      .catch((error) => this.#fail?.(error as Error));
  }

  #sendWindow(): void {
    const { window } = this.queue;
    const isOpen = this.#deps.peer.speaksLanes === true && !this.#isProbing;
    const limit = isOpen ? WINDOW_MESSAGES : 1;
    for (let entry = window.next; entry && window.inFlight < limit; entry = window.next) {
      const parts = this.#sender.partsOf(entry);
      if (parts > 1 && this.#refusesParts(entry)) continue;
      const bytes = this.#sender.bytesOfPart(entry, entry.partsSent, parts);
      if (window.bytesInFlight > 0 && (window.bytesInFlight + bytes > WINDOW_BYTES || !isOpen)) break;
      if (!this.#send(entry, parts, bytes)) break;
    }
    this.queue.refill();
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

  /** A reference node cannot put parts together: what is too large for the broker ends here. */
  #refusesParts(entry: Entry): boolean {
    const { speaksLanes } = this.#deps.peer;
    if (speaksLanes || (speaksLanes === undefined && entry.attempts < MAX_PART_ATTEMPTS)) return false;
    const limit = this.#deps.transport.maxPayload;
    const reason = `its ${entry.body.length} bytes are more than the broker takes at once (${limit}), and ${this.toNode} does not put parts together`;
    this.queue.take(entry.seq, entry.seq);
    this.#ends.ended([entry], 'rejected', reason);
    return true;
  }

  #onAnswer(answer: Answer): void {
    const generation = this.#sender.generationOf(answer, this.queue.window);
    if (generation === undefined || generation < this.#firstGeneration || !this.#fail) return;
    const isStale = generation !== this.#sender.generation;
    if (answer.noResponders) {
      if (!isStale) this.#onAway();
      return;
    }
    const status = answer.header(HEADER.status);
    if (status === undefined) this.#onPlain(generation);
    else if (ANSWER_STATUSES.includes(status as AnswerStatus))
      this.#onStatus(status as AnswerStatus, answer, isStale);
    this.#deps.onAlive(this.toNode);
  }

  #onStatus(status: AnswerStatus, answer: Answer, isStale: boolean): void {
    this.#deps.peer.speaksLanes = true;
    this.#sawPlainAnswer = false;
    this.#isProbing = false;
    this.#pauseMs = FIRST_PAUSE_MS;
    const [first, last] = parsePair(answer.header(HEADER.range) ?? '', '-') ?? [0, 0];
    const reason = answer.header(HEADER.reason) ?? '';
    if (status === 'accepted') this.#ends.taken(first, last);
    else if (status === 'duplicate') this.#onDuplicate(first, last, answer.header(HEADER.seenId));
    else if (status === 'rejected' || status === 'expired')
      this.#ends.ended(this.queue.take(first, last), status, reason);
    else if (status === 'part') this.#onPart(first, answer);
    else if (status === 'busy' && !isStale) this.#pause(`${this.toNode} is busy: ${reason}`);
    else if (status === 'gap' && !isStale) this.#onGap(Number(answer.header(HEADER.expects)));
    if (this.#awaitsFloor && status !== 'gap' && status !== 'part') this.#rewind();
    this.pump();
  }

  /** An answer as a reference node gives it: its text confirms the one message that is on its way. */
  #onPlain(generation: number): void {
    if (this.#deps.peer.speaksLanes) {
      this.#sawPlainAnswer = true;
      return;
    }
    const entry = this.queue.window.oldestInFlight;
    if (!entry || generation < entry.firstGeneration) return;
    this.#deps.peer.speaksLanes = false;
    this.#isProbing = false;
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#ends.taken(entry.seq, entry.seq, REFERENCE_NODE);
    this.pump();
  }

  /** Nobody listens: ask again soon at first, then once per ACKTimeout, unless there is a sign of life before. */
  #onAway(): void {
    this.#missed();
    const longest = this.queue.window.first?.ackTimeoutMs ?? LONGEST_PAUSE_MS;
    this.#rewind();
    this.#isAway = true;
    this.#pausedUntil = this.#deps.now() + Math.min(this.#pauseMs, longest);
    this.#pauseMs = Math.min(this.#pauseMs * 2, longest);
    this.pump();
  }

  #onDuplicate(first: number, last: number, seenId: string | undefined): void {
    const entry = this.queue.window.find(first);
    const isForeign = seenId !== undefined && entry !== undefined && seenId !== entry.id;
    if (entry && (isForeign || (entry.isUntried && entry.attempts === 1))) void this.#renew();
    else this.#ends.taken(first, last);
  }

  #onPart(seq: number, answer: Answer): void {
    const entry = this.queue.window.find(seq);
    const part = parsePair(answer.header(HEADER.part) ?? '', '/');
    if (entry && part)
      this.queue.window.arrived(entry, this.#sender.bytesOfPart(entry, part[0] - 1, part[1]));
    if (entry) entry.lastSentAt = this.#deps.now();
  }

  /** The receiver misses a place. Where we no longer have it, it is bridged once all below it is answered. */
  #onGap(expected: number): void {
    const first = this.queue.window.first;
    if (first && first.seq < expected && !this.queue.window.find(expected)) this.#awaitsFloor = true;
    else this.#rewind();
  }

  #pause(reason: string): void {
    this.#deps.logger.debug({ subject: this.subject }, reason);
    this.#rewind();
    this.#pausedUntil = this.#deps.now() + this.#pauseMs;
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
  }

  /** The receiver knows these places from a life that this database does not remember: begin a new epoch. */
  async #renew(): Promise<void> {
    if (this.#isRenewing) return;
    this.#isRenewing = true;
    this.#deps.logger.warn(
      { subject: this.subject },
      `${this.toNode} remembers messages that this node's database does not (a restored backup?): starting a new epoch, nothing is skipped`,
    );
    try {
      await this.#deps.finisher.idle();
      await this.queue.renew(this.#deps.allocateLane(), (first, last, offset) =>
        this.#deps.ledger.moved(first, last, offset),
      );
      this.#isRenewing = false;
      this.#rewind();
      this.#firstGeneration = this.#sender.generation;
      this.pump();
    } catch (error) {
      this.#isRenewing = false;
      this.#fail?.(error as Error);
    }
  }

  #rewind(): void {
    this.#awaitsFloor = false;
    this.queue.window.rewind();
    this.#sender.newGeneration();
  }

  /** Acts when the oldest message on its way has had no answer for its ACKTimeout. */
  #watchAnswers(): void {
    const oldest = this.queue.window.oldestInFlight;
    if (!oldest) return;
    const left = oldest.lastSentAt + oldest.ackTimeoutMs - this.#deps.now();
    if (left > 0) return this.#arm(left);
    this.#missed();
    if (this.#sawPlainAnswer) this.#deps.peer.speaksLanes = undefined;
    this.#rewind();
    this.#sendWindow();
    this.#arm(oldest.ackTimeoutMs);
  }

  #arm(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.pump(), Math.max(1, ms));
  }

  #missed(): void {
    this.#isProbing = true;
    this.#deps.onMissedAnswer();
    const first = this.queue.window.first;
    const now = this.#deps.now();
    if (!first || (first.attempts > 3 && now - this.#notedAt < ATTEMPT_NOTE_MS)) return;
    this.#notedAt = now;
    const note = this.#deps.ledger.attempted(
      this.queue.key(first.seq),
      first.attempts,
      first.firstSentAt ?? now,
    );
    this.#deps.finisher.add({ statements: [note], ended: [] });
  }
}
