import { pause } from '../lib/pause.ts';
import type { Message } from '../message/message.ts';
import { insist } from './insist.ts';
import type { JournalDeps, QueuedMethod } from './journal-deps.ts';
import type { JournalRow } from './rows.ts';
import { LONG_RUN_MS, type Runner } from './runner.ts';

/** How many long runs of one sender and method may go on side by side. */
const MAX_SIDE_BY_SIDE = 100;
/** The same for runs that only wait for something most of the time, such as the growth of a file. */
const MAX_OPEN_ENDED = 1000;
/** Up to here waiting requests stay in memory; the others are read again when their turn comes. */
const MEMORY_REQUESTS = 256;
const MEMORY_BYTES = 4 * 1024 * 1024;

interface Waiting {
  readonly row: number;
  /** Present while memory allows. */
  known: { row: JournalRow; message: Message } | undefined;
}

export interface RunQueueDeps {
  readonly runner: Runner;
  readonly signal: AbortSignal;
  methodOf(subject: string): QueuedMethod | undefined;
  load(row: number): JournalRow | undefined;
  readonly logger: JournalDeps['logger'];
}

/**
 * The requests of one sender for one method, run one after the other in their order. One that takes longer than a
 * second lets its successor start beside it: a long command does not keep the others waiting.
 */
export class RunQueue {
  readonly #deps: RunQueueDeps;
  readonly #waiting: Waiting[] = [];
  readonly #running = new Set<Promise<void>>();
  #head = 0;
  #knownBytes = 0;
  #known = 0;
  #loop: Promise<void> | undefined;

  constructor(deps: RunQueueDeps) {
    this.#deps = deps;
  }

  add(row: JournalRow | number, message?: Message): void {
    const isKnown =
      typeof row !== 'number' && message && this.#known < MEMORY_REQUESTS && this.#knownBytes < MEMORY_BYTES;
    if (isKnown) {
      this.#known++;
      this.#knownBytes += row.body.length;
    }
    this.#waiting.push({
      row: typeof row === 'number' ? row : row.row,
      known: isKnown ? { row, message } : undefined,
    });
    this.#loop ??= this.#run();
  }

  /** Takes a request out that still waits for its turn; false where it does not wait. */
  remove(row: number): boolean {
    const index = this.#waiting.findIndex((waiting, index) => index >= this.#head && waiting.row === row);
    if (index === -1) return false;
    const [removed] = this.#waiting.splice(index, 1);
    this.#forget(removed);
    return true;
  }

  /** Resolves when nothing runs any more; after the signal, what waits stays in the journal. */
  async idle(): Promise<void> {
    while (this.#loop || this.#running.size > 0) await Promise.all([this.#loop, ...this.#running]);
  }

  async #run(): Promise<void> {
    await null;
    for (let next = this.#take(); next && !this.#deps.signal.aborted; next = this.#take()) {
      const row = next.known?.row ?? (await this.#load(next.row));
      if (!row) continue;
      const method = this.#deps.methodOf(row.subject);
      const limit = isOpenEnded(method) ? MAX_OPEN_ENDED : MAX_SIDE_BY_SIDE;
      while (this.#running.size >= limit) await Promise.race(this.#running);
      await this.#runOne(row, method, next.known?.message);
    }
    // Not a moment later: what is added from now on needs a new run.
    this.#loop = undefined;
  }

  /** Reads a request whose turn has come; should the database fail, until it does not. */
  async #load(row: number): Promise<JournalRow | undefined> {
    let found: JournalRow | undefined;
    await insist(async () => {
      found = this.#deps.load(row);
    }, this.#deps);
    return found;
  }

  async #runOne(
    row: JournalRow,
    method: QueuedMethod | undefined,
    message: Message | undefined,
  ): Promise<void> {
    const begun = Promise.withResolvers<void>();
    const ended = this.#deps.runner.run(row, method, { known: message, onBegin: begun.resolve });
    const whole = ended.then(({ written }) => written);
    const tracked = whole.finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
    if (isOpenEnded(method)) return;
    const patience = new AbortController();
    // What waits for the disk has not begun: nothing may overtake it.
    await Promise.race([ended, begun.promise]);
    await Promise.race([ended, pause(LONG_RUN_MS, patience.signal)]);
    // With a reason of its own, as making the usual one (a DOMException) costs more than all else here.
    patience.abort('over');
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

  #forget(waiting: Waiting | undefined): void {
    if (!waiting?.known) return;
    this.#known--;
    this.#knownBytes -= waiting.known.row.body.length;
  }
}

function isOpenEnded(method: QueuedMethod | undefined): boolean {
  return method?.mode === 'run' && method.isOpenEnded === true;
}
