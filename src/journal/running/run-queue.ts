import type { ByteBudget } from '../../lib/byte-budget.ts';
import type { Clock } from '../../lib/clock.ts';
import { retryUntilStopped } from '../../lib/retry-until-stopped.ts';
import { formatOf } from '../../message/codec/body-format.ts';
import { unpackedBytes } from '../../message/codec/compression.ts';
import type { Message } from '../../message/message.ts';
import { messageBytes } from '../../message/message-bytes.ts';
import type { JournalDeps, QueuedMethod } from '../journal-deps.ts';
import type { JournalRow } from '../journal-table.ts';
import { LARGE_BYTES } from '../perils.ts';
import { FIRST_BYTES, type RunRoom, WAITS_BYTES } from './run-room.ts';
import type { Runner } from './runner.ts';

/** How many long runs of one sender and method may go on side by side. */
const MAX_SIDE_BY_SIDE = 100;
/** The same for runs that only wait for something most of the time, such as the growth of a file. */
const MAX_OPEN_ENDED = 1000;

/** How often it is told that requests wait for others of their sender, ms. */
const TELL_EVERY_MS = 600_000;

/** What a request is taken for that an earlier life of the node left, until it is read, bytes. */
const UNREAD_BYTES = 64 * 1024;

interface Waiting {
  readonly row: number;
  /** Present where there was room for it in memory. */
  known: { row: JournalRow; message: Message; bytes: number } | undefined;
  /** Whether it is on disk that it begins; then it has a place. */
  readonly isBegun: boolean;
  /** What it takes in memory besides that, and while it runs. */
  readonly bytes: number;
  readonly size: number;
}

/** Whose requests for what a queue is of. */
interface QueueOf {
  readonly fromNode: string;
  readonly subject: string;
}

export interface RunQueueDeps extends Pick<JournalDeps, 'errorReporter'> {
  readonly clock: Clock;
  readonly runner: Runner;
  readonly signal: AbortSignal;
  /** Memory for waiting requests, which all queues share. */
  readonly memory: ByteBudget;
  /** Places and room that all queues share. */
  readonly room: RunRoom;
  methodOf(subject: string): QueuedMethod | undefined;
  load(row: number): JournalRow | undefined;
  readonly logger: JournalDeps['logger'];
  readonly perils?: JournalDeps['perils'];
}

/**
 * The requests of one sender for one method, run one after the other in their order. One that takes longer than a
 * second lets its successor start in parallel: a long command does not keep the others waiting.
 */
export class RunQueue {
  readonly sender: string;
  readonly #subject: string;
  readonly #deps: RunQueueDeps;
  readonly #waiting: Waiting[] = [];
  readonly #running = new Set<Promise<void>>();
  #head = 0;
  #loop: Promise<void> | undefined;
  /** Whether the next place is for a request that begins with its acceptance. */
  #isKept = false;
  #waitingBytes = 0;
  #held: Promise<void> | undefined;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor({ fromNode, subject }: QueueOf, deps: RunQueueDeps) {
    this.#subject = subject;
    this.sender = fromNode;
    this.#deps = deps;
  }

  add(row: JournalRow | number, message?: Message): void {
    const isKnown = typeof row !== 'number' && message !== undefined;
    const size = isKnown ? sizeOf(row, message) : UNREAD_BYTES;
    const known = isKnown ? this.#keep(row, message, size) : undefined;
    const id = typeof row === 'number' ? row : row.row;
    this.#waiting.push({ row: id, known, isBegun: false, bytes: this.#wait(), size });
    this.#goOn();
  }

  /** Has all wait that is not running yet, until this resolves. */
  hold(until: Promise<void>): void {
    this.#held = until;
    void until.then(() => {
      this.#held = undefined;
    });
  }

  /** Keeps the next place for a request that begins with its acceptance; false where others run or wait. */
  keepPlace(): boolean {
    if (this.#deps.signal.aborted || !this.isIdle || this.#waiting.length > this.#head) return false;
    this.#isKept = this.#deps.room.takeNow(0, this.sender);
    return this.#isKept;
  }

  /** The request for which the next place was kept has begun. */
  addBegun(row: JournalRow, message: Message): void {
    const known = this.#keep(row, message, sizeOf(row, message));
    // It has a place already.
    this.#waiting.splice(this.#head, 0, { row: row.row, known, isBegun: true, bytes: this.#wait(), size: 0 });
    this.#isKept = false;
    this.#goOn();
  }

  /** No place is kept any more. */
  releasePlace(): void {
    this.#isKept = false;
    this.#giveBack(0);
    if (this.#waiting.length > this.#head) this.#goOn();
  }

  /** What its requests that wait take in memory, bytes. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Takes a request out that still waits for its turn; false where it does not wait. */
  remove(row: number): boolean {
    const index = this.#waiting.findIndex((waiting, index) => index >= this.#head && waiting.row === row);
    if (index === -1) return false;
    const [removed] = this.#waiting.splice(index, 1);
    this.#forget(removed);
    return true;
  }

  /** Whether nothing runs or waits, nor is to wait. */
  get isIdle(): boolean {
    return !this.#loop && this.#running.size === 0 && !this.#isKept && !this.#held;
  }

  /** Resolves when nothing runs any more; after the signal, what waits stays in the journal. */
  async idle(): Promise<void> {
    while (this.#loop || this.#running.size > 0) await Promise.all([this.#loop, ...this.#running]);
  }

  #goOn(): void {
    if (!this.#isKept) this.#loop ??= this.#run();
  }

  async #run(): Promise<void> {
    await this.#held;
    const { signal } = this.#deps;
    for (let first = this.#first; first && !signal.aborted; first = this.#first) {
      const method = this.#deps.methodOf(this.#subject);
      await this.#untilPlace(first, method);
      // It may have been taken out meanwhile. Where memory is short it is read now that it has a place.
      const next = signal.aborted ? undefined : this.#take();
      const row = next && (next.known?.row ?? (await this.#load(next.row)));
      if (row) await this.#runOne(row, method, { ...next, size: first.size });
      else this.#giveBack(first.size);
    }
    // Its start is on disk, and nothing was begun.
    if (this.#first?.isBegun) await this.#deps.runner.putBack(this.#first.row);
    // Not a moment later: what is added from now on needs a new run.
    this.#loop = undefined;
  }

  async #untilPlace({ isBegun, size }: Waiting, method: QueuedMethod | undefined): Promise<void> {
    const limit = isOpenEnded(method) ? MAX_OPEN_ENDED : MAX_SIDE_BY_SIDE;
    const { room } = this.#deps;
    this.#tellFull(this.#running.size >= limit ? this.#running.size : room.fullOf(this.sender));
    while (this.#running.size >= limit) await Promise.race(this.#running);
    if (!isBegun) await room.take(size, this.sender);
  }

  /** Says that what waits here waits for runs of its own sender, and how many those are; once a while, where it is so. */
  #tellFull(running: number | undefined): void {
    const now = this.#deps.clock.steadyNow();
    if (running === undefined || now - this.#toldAt < TELL_EVERY_MS) return;
    this.#toldAt = now;
    const text = `info: ${this.#subject}: requests of ${this.sender} wait: ${running} of its commands are running, which is as many as one sender may have`;
    this.#deps.errorReporter.report(text);
  }

  /** Reads a request whose turn has come; should the database fail, until it does not. */
  async #load(row: number): Promise<JournalRow | undefined> {
    let found: JournalRow | undefined;
    try {
      await retryUntilStopped(async () => {
        found = this.#deps.load(row);
      }, this.#deps);
    } catch (error) {
      this.#deps.runner.ends.setAside({ id: `in the journal's row ${row}`, subject: 'the journal' }, error);
    }
    return found;
  }

  async #runOne(
    row: JournalRow,
    method: QueuedMethod | undefined,
    { known, isBegun, size }: Waiting,
  ): Promise<void> {
    const { perils, room, runner } = this.#deps;
    const long = Promise.withResolvers<void>();
    const bytes = known?.bytes ?? unpackedBytes(row.body, formatOf(row.format).cmp, LARGE_BYTES);
    const release = perils?.hold(row.id, bytes) ?? (() => {});
    let isStarting = true;
    const started = () => {
      if (isStarting) room.started(size);
      isStarting = false;
    };
    const onBegin = () => {
      release();
      if (isOpenEnded(method)) started();
    };
    const onLong = () => {
      started();
      long.resolve();
    };
    const hasNext = () => this.#first !== undefined;
    const ended = runner.run(row, method, { known: known?.message, isBegun, onBegin, onLong, hasNext });
    const tracked = this.#untilWritten(row, ended).then(() => {
      this.#running.delete(tracked);
      started();
      room.ended(this.sender);
    });
    this.#running.add(tracked);
    // What waits for the disk has not begun, and is not long: nothing may overtake it.
    const isOver = ended.then(release, release);
    if (!isOpenEnded(method)) await Promise.race([isOver, long.promise]);
  }

  /** What a run leaves undone is set aside. */
  async #untilWritten(row: JournalRow, ended: ReturnType<Runner['run']>): Promise<void> {
    try {
      await (await ended).written;
    } catch (error) {
      this.#deps.runner.ends.setAside(row, error);
    }
  }

  get #first(): Waiting | undefined {
    return this.#waiting[this.#head];
  }

  #take(): Waiting | undefined {
    const first = this.#first;
    if (!first) return undefined;
    const next = { ...first };
    this.#forget(first);
    if (++this.#head === this.#waiting.length || this.#head > 1000) {
      this.#waiting.splice(0, this.#head);
      this.#head = 0;
    }
    return next;
  }

  #keep(row: JournalRow, message: Message, bytes: number): Waiting['known'] {
    return this.#deps.memory.hold(bytes) ? { row, message, bytes } : undefined;
  }

  #wait(): number {
    const bytes = this.#waiting.length === this.#head ? FIRST_BYTES : WAITS_BYTES;
    this.#count(bytes);
    return bytes;
  }

  #count(bytes: number): void {
    this.#waitingBytes += bytes;
    this.#deps.room.wait(bytes);
  }

  #giveBack(size: number): void {
    this.#deps.room.started(size);
    this.#deps.room.ended(this.sender);
  }

  #forget(waiting: Waiting | undefined): void {
    if (!waiting) return;
    this.#count(-waiting.bytes);
    if (waiting.known) this.#deps.memory.release(waiting.known.bytes);
    waiting.known = undefined;
  }
}

function sizeOf({ body }: JournalRow, message: Message): number {
  return body.length + messageBytes(message);
}

function isOpenEnded(method: QueuedMethod | undefined): boolean {
  return method?.mode === 'run' && method.isOpenEnded === true;
}
