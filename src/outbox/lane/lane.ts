import { wait } from '../../lib/clock.ts';
import type { Source } from '../../link/scheduler.ts';
import type { Waiting } from '../../link/waiting.ts';
import type { OutboundMessage, Sent } from '../../link/way-out.ts';
import { parseSubject, receiverOf } from '../../message/subject.ts';
import { CALLS } from '../../message/words.ts';
import { LaneEnds } from '../ends/lane-ends.ts';
import type { EndState, LaneProcess } from '../outbox-deps.ts';
import { LaneAnswers } from './lane-answers.ts';
import type { LaneDeps } from './lane-deps.ts';
import { awayMs, LanePace } from './lane-pace.ts';
import { LaneQueue } from './lane-queue.ts';
import { LaneReplies } from './lane-replies.ts';
import type { LaneRow } from './lane-rows.ts';
import { LaneSource } from './lane-source.ts';
import type { Entry } from './lane-window.ts';
import type { Peer } from './peer.ts';
import { PlainAnswers } from './plain-answers.ts';

/** How long nothing is sent while outcomes cannot be written down; the time between two new epochs, should one not help. */
const [WRITE_PATIENCE_MS, RENEW_PAUSE_MS] = [1000, 10_000];
/** A message of this size that went whole, as to an original node, is not sent again for so long, and twice the time that it takes. */
const [LARGE_BYTES, WHOLE_MS] = [64 * 1024, 60_000];

/** The ordered stream of messages to one subject: offers them to the link, and acts on what comes back. */
export class Lane implements Source, Waiting, LaneProcess, AsyncDisposable {
  readonly kind = 'publisher';
  readonly name: string;
  readonly subject: string;
  readonly toNode: string;
  readonly method: string;
  readonly queue: LaneQueue;
  readonly pace = new LanePace();
  readonly #deps: LaneDeps;
  readonly #peer: Peer;
  readonly #replies: LaneReplies;
  readonly #ends: LaneEnds;
  readonly #source: LaneSource;
  readonly #answers: LaneAnswers;
  /** Whether the lane waits to hear answers, or for a new epoch, before it sends. */
  #isBeginning = false;
  #renewedAt = Number.NEGATIVE_INFINITY;
  #cancelTimer: (() => void) | undefined;
  #fail: ((error: Error) => void) | undefined;
  /** Why it does not go on until it is started again. */
  fault: string | undefined;

  constructor(row: LaneRow, options: { peer: Peer; first?: Entry; isDoubtful: boolean }, deps: LaneDeps) {
    [this.name, this.subject] = [row.subject, row.subject];
    this.toNode = receiverOf(row.subject);
    this.method = parseSubject(row.subject)?.method ?? '';
    this.#deps = deps;
    this.#peer = options.peer;
    this.queue = new LaneQueue(row, options, deps);
    this.#replies = new LaneReplies(row.subject, deps);
    const [{ toNode, method, queue, pace }, { peer }] = [this, options];
    this.#ends = new LaneEnds({ method, queue, peer }, deps);
    const [replies, ends, plain] = [this.#replies, this.#ends, new PlainAnswers()];
    const parts = { toNode, method, queue, replies, plain, pace, peer, ends, bodies: deps.bodies };
    this.#source = new LaneSource(parts, this, deps);
    this.#answers = new LaneAnswers(parts, this, deps);
  }

  /** Begins to send; what it resolves with stops it again. `onFailed` hears when it cannot go on. */
  async start(onFailed: (error: Error) => void): Promise<AsyncDisposable> {
    this.#fail = onFailed;
    this.pump();
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#fail = this.fault = undefined;
    this.#deps.link.withdraw(this);
    this.disconnected();
  }

  /** Whether its target has named a word. */
  readonly knows = (word: string): boolean => this.#deps.knows(this.toNode, word);

  /** Sends nothing more. Whether an original node, as far as is known, owes an answer still. */
  hush(): boolean {
    return this.isStarted && this.#source.hush();
  }

  get urgency(): number {
    return this.queue.urgency;
  }
  get nextBytes(): number {
    return this.queue.window.next ? this.#source.sizeOf(this.queue.window.next) : 0;
  }
  get isStarted(): boolean {
    return this.#fail !== undefined;
  }

  /** Whether nothing waits in it, or is about to. */
  get isIdle(): boolean {
    return this.queue.length === 0 && this.queue.coming === 0 && !this.#isBeginning;
  }

  connected(): void {
    this.pace.resume();
    this.pump();
  }

  /** The broker does not allow (any more) what the answers come through: look for another way. */
  answersRefused(): void {
    if (!this.#replies.isListening) return;
    this.disconnected();
    this.pump();
  }

  disconnected(): void {
    this.#replies.silence();
    this.rewind();
    this.#cancelTimer?.();
  }

  /** There is room again in memory, or on the way to the target; or it is time to look. */
  readonly onRoom = (): void => this.pump();

  /** The node at the other end was heard of: what waits for it need not wait any longer. */
  alive(hasConnected = false): void {
    this.queue.window.progress.release();
    const isWoken = this.pace.wake(hasConnected);
    if (hasConnected && this.#source.mayBeLost) this.rewind();
    else if (!isWoken) return;
    this.pump();
  }

  /** Offers what may be sent now. */
  pump(): void {
    if (!this.#maySend) return;
    try {
      this.queue.flow(this.#peer.speaksLanes === true && !this.pace.isProbing);
      const waitMs = this.#waitMs;
      if (waitMs > 0) return this.#arm(waitMs);
      if (this.queue.isMoving) return void this.#begin(() => this.queue.finishMove());
      this.queue.refill();
      if (this.queue.needsEpoch) return void this.renew('this database may be older than what it sent');
      if (this.queue.window.length === 0) return;
      const introduction = this.#deps.introduction(this.toNode, this.queue);
      if (introduction) return void introduction.then(() => this.pump());
      if (!this.#replies.isListening) return this.#listen();
      if (this.#source.isReady) this.#deps.link.offer(this);
      this.#watchAnswers();
    } catch (error) {
      this.failed(error as Error);
    }
  }

  /** The next messages, when the link has room for them. Where none may go by now, it is looked what comes next, and when. */
  pull(roomBytes: number, linkBytes?: number): readonly OutboundMessage[] {
    const mayPull = this.#maySend && this.#waitMs === 0 && this.#replies.isListening;
    const messages = mayPull ? this.#source.pull(roomBytes, linkBytes) : [];
    if (messages.length === 0 && (this.queue.needsEpoch || this.#waitMs > 0)) this.pump();
    return messages;
  }

  /** Notes what went out; answers whether more may go. */
  sent(sent: readonly Sent[]): boolean {
    this.#source.sent(sent);
    this.queue.refill();
    this.#watchAnswers();
    return this.#source.isReady && this.#deps.transport.isConnected;
  }

  /** How long the budget of a link holds it up, ms, and whether it is that of its target; 0 where none does. */
  get held(): { readonly ms: number; readonly isThere: boolean } {
    return this.#source.held(this.#deps.link.heldMs(this.urgency));
  }

  get #maySend(): boolean {
    return this.#fail !== undefined && this.#deps.transport.isConnected && !this.#isBeginning;
  }

  get #waitMs(): number {
    if (this.#deps.outcomes.fault !== undefined) return WRITE_PATIENCE_MS;
    return Math.max(this.pace.waitMs(this.#deps.clock.steadyNow()), this.#source.heldMs);
  }

  /** Takes messages out that are not to be delivered any more, in memory and on disk. */
  giveUp(entries: readonly Entry[], state: EndState, reason: string): void {
    const rest = this.#ends.callOff(entries, { state, reason, lane: this });
    for (const { seq } of rest) this.queue.giveUp(seq);
    this.#ends.ended(rest, state, reason);
    this.queue.refill();
    this.pump();
  }

  /** Does nothing more until it is started again. */
  failed(error: Error): void {
    this.#cancelTimer?.();
    this.#fail?.(error);
    [this.#fail, this.fault] = [undefined, error.message];
  }

  #listen(): void {
    if (this.#isBeginning) return;
    this.#isBeginning = true;
    this.#replies
      .listen((answer) => this.#fail && this.#answers.take(answer))
      .then(() => this.#fail || this.#replies.silence())
      .catch((error) => this.failed(error as Error))
      .finally(() => {
        this.#isBeginning = false;
        this.pump();
      });
  }

  /** Nobody listens: ask again soon at first, then seldom, unless there is a sign of life before. */
  onAway(): void {
    if (!this.pace.isProbing) this.#deps.metrics.stalled(this.queue.window.length);
    this.#deps.onAway(this);
    this.#missed();
    const first = this.queue.window.first;
    // Of several, some may have gone out while somebody was there.
    this.queue.window.rewind(this.queue.window.hasMany);
    this.rewind();
    const { progress } = this.queue.window;
    if (this.#deps.knows(this.toNode, CALLS)) progress.hold();
    else progress.release();
    if (first) this.pace.away(this.#deps.clock.steadyNow(), ...awayMs(first, this.#deps.laneCount()));
    this.pump();
  }

  /** The receiver knows places from a life that this database does not remember, or may do so: begin a new epoch. */
  async renew(
    reason = `${this.toNode} remembers messages that this node's database does not (a restored backup?)`,
  ): Promise<void> {
    if (this.#isBeginning) return;
    this.#deps.logger.warn({ subject: this.subject }, `${reason}: starting a new epoch, nothing is skipped`);
    await this.#begin(async () => {
      const waitMs = this.#renewedAt + RENEW_PAUSE_MS - this.#deps.clock.steadyNow();
      if (waitMs > 0) await wait(this.#deps.clock, waitMs);
      this.#renewedAt = this.#deps.clock.steadyNow();
      // What has an outcome that is not on disk yet is still in the table whose rows are moved.
      if (!(await this.#deps.outcomes.settled())) return false;
      return this.queue.renew(this.#deps.allocateLane(), this.#deps.ledger.moved);
    });
  }

  /** Sends nothing until a new epoch has begun; `begin` resolves false where the node stops before. */
  async #begin(begin: () => Promise<unknown>): Promise<void> {
    this.#isBeginning = true;
    try {
      if ((await begin()) === false) return;
      this.#isBeginning = false;
      this.rewind();
      this.#answers.beginEpoch();
      this.pump();
    } catch (error) {
      this.#isBeginning = false;
      this.failed(error as Error);
    }
  }

  /** Everything is to be sent again. */
  rewind(): void {
    this.#answers.forgetGap();
    this.#replies.newGeneration();
    this.queue.window.rewind();
    this.queue.freeBodies();
  }

  /** Acts when the oldest message on its way has had no answer for its ACKTimeout. */
  #watchAnswers(): void {
    const { oldestInFlight: oldest, bytesInFlight } = this.queue.window;
    if (!oldest || bytesInFlight === 0) return; // Of what waits for room nothing is awaited.
    // Behind much that is on its way the answer takes longer than it would alone; of a node of which nothing is known its time is kept.
    const { speaksLanes, window } = this.#peer;
    const goesWhole = speaksLanes === false || !this.knows('offset-parts');
    const wholeMs = goesWhole && window.bytesOut > LARGE_BYTES ? WHOLE_MS + window.patienceMs : 0;
    // What is out may not have left this node's own link yet, however fast the way to the target was.
    const ownMs = speaksLanes === false ? 0 : this.#deps.link.patienceMs();
    const overdueMs = speaksLanes === undefined && goesWhole ? 0 : window.overdueMs;
    const awaitedMs = Math.max(oldest.ackTimeoutMs, overdueMs, wholeMs, ownMs);
    const left = oldest.lastSentAt + awaitedMs - this.#deps.clock.steadyNow();
    if (left > 0) return this.#arm(Math.min(left, this.#source.heldMs || left));
    this.#deps.presence?.unanswered(this.toNode, oldest.lastSentAt);
    window.missed();
    this.#missed();
    this.#answers.missed();
    this.rewind();
    this.queue.flow(false);
    this.#deps.link.offer(this);
    if (!this.queue.window.oldestInFlight) this.#arm(oldest.ackTimeoutMs);
  }

  #arm(ms: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#deps.clock.after(Math.max(1, ms), this.onRoom);
  }

  #missed(): void {
    this.pace.missed();
    this.#deps.metrics.ackMissed();
    this.#ends.attempted();
  }
}
