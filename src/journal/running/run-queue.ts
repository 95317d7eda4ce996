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
import type { Runner } from './runner.ts';

/** How many long runs of one sender and method may go on side by side. */
const MAX_SIDE_BY_SIDE = 100;
/** The same for runs that only wait for something most of the time, such as the growth of a file. */
const MAX_OPEN_ENDED = 1000;

interface Waiting {
  readonly row: number;
  /** Present where there was room for it in memory. */
  known: { row: JournalRow; message: Message; bytes: number } | undefined;
  /** Whether it is on disk that it begins. */
  readonly isBegun: boolean;
}

export interface RunQueueDeps {
  readonly clock: Clock;
  readonly runner: Runner;
  readonly signal: AbortSignal;
  /** Memory for waiting requests, which all queues share. */
  readonly memory: ByteBudget;
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
  readonly #deps: RunQueueDeps;
  readonly #waiting: Waiting[] = [];
  readonly #running = new Set<Promise<void>>();
  #head = 0;
  #loop: Promise<void> | undefined;
  /** Whether the next place is for a request that begins with its acceptance. */
  #isKept = false;

  constructor(deps: RunQueueDeps) {
    this.#deps = deps;
  }

  add(row: JournalRow | number, message?: Message): void {
    const known = typeof row === 'number' || !message ? undefined : this.#keep(row, message);
    this.#waiting.push({ row: typeof row === 'number' ? row : row.row, known, isBegun: false });
    this.#goOn();
  }

  /** Keeps the next place for a request that begins with its acceptance; false where others run or wait. */
  keepPlace(): boolean {
    if (this.#deps.signal.aborted || !this.isIdle || this.#waiting.length > this.#head) return false;
    this.#isKept = true;
    return true;
  }

  /** The request for which the next place was kept has begun. */
  addBegun(row: JournalRow, message: Message): void {
    const next = { row: row.row, known: this.#keep(row, message), isBegun: true };
    this.#waiting.splice(this.#head, 0, next);
    this.releasePlace();
  }

  /** No place is kept any more. */
  releasePlace(): void {
    this.#isKept = false;
    if (this.#waiting.length > this.#head) this.#goOn();
  }

  /** Takes a request out that still waits for its turn; false where it does not wait. */
  remove(row: number): boolean {
    const index = this.#waiting.findIndex((waiting, index) => index >= this.#head && waiting.row === row);
    if (index === -1) return false;
    const [removed] = this.#waiting.splice(index, 1);
    this.#forget(removed);
    return true;
  }

  /** Whether nothing runs or waits. */
  get isIdle(): boolean {
    return !this.#loop && this.#running.size === 0 && !this.#isKept;
  }

  /** Resolves when nothing runs any more; after the signal, what waits stays in the journal. */
  async idle(): Promise<void> {
    while (this.#loop || this.#running.size > 0) await Promise.all([this.#loop, ...this.#running]);
  }

  #goOn(): void {
    if (!this.#isKept) this.#loop ??= this.#run();
  }

  async #run(): Promise<void> {
    await null;
    let next = this.#take();
    for (; next && !this.#deps.signal.aborted; next = this.#take()) {
      const row = next.known?.row ?? (await this.#load(next.row));
      if (!row) continue;
      const method = this.#deps.methodOf(row.subject);
      const limit = isOpenEnded(method) ? MAX_OPEN_ENDED : MAX_SIDE_BY_SIDE;
      while (this.#running.size >= limit) await Promise.race(this.#running);
      await this.#runOne(row, method, next);
    }
    // Its start is on disk, and nothing was begun.
    if (next?.isBegun) await this.#deps.runner.putBack(next.row);
    // Not a moment later: what is added from now on needs a new run.
    this.#loop = undefined;
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
    { known, isBegun }: Waiting,
  ): Promise<void> {
    const long = Promise.withResolvers<void>();
    const bytes = known?.bytes ?? unpackedBytes(row.body, formatOf(row.format).cmp, LARGE_BYTES);
    const release = this.#deps.perils?.hold(row.id, bytes) ?? (() => {});
    const ended = this.#deps.runner.run(row, method, {
      ...{ known: known?.message, isBegun, onBegin: release, onLong: long.resolve },
    });
    const tracked = this.#untilWritten(row, ended).then(() => void this.#running.delete(tracked));
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

  #take(): Waiting | undefined {
    const next = this.#waiting[this.#head++];
    if (!next || this.#head > 1000) {
      this.#waiting.splice(0, this.#head);
      this.#head = 0;
    }
    this.#forget(next);
    return next;
  }

  #keep(row: JournalRow, message: Message): Waiting['known'] {
    const bytes = row.body.length + messageBytes(message);
    return this.#deps.memory.hold(bytes) ? { row, message, bytes } : undefined;
  }

  #forget(waiting: Waiting | undefined): void {
    if (waiting?.known) this.#deps.memory.release(waiting.known.bytes);
  }
}

function isOpenEnded(method: QueuedMethod | undefined): boolean {
  return method?.mode === 'run' && method.isOpenEnded === true;
}
