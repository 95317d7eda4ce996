import { ByteBudget } from '../../lib/byte-budget.ts';
import type { Askers } from '../journal-deps.ts';
import { RunQueue, type RunQueueDeps } from './run-queue.ts';
import { RunRoom } from './run-room.ts';

/** Waiting requests that stay in memory, with their rows, over all queues, bytes. */
const QUEUE_BYTES = 8 * 1024 * 1024;
/** Above this many queues of senders and methods, and twice as many as had requests last, those without are forgotten. */
const KEPT_QUEUES = 1000;

/** The queues of requests to be run, one for each sender and method, with what they share; names whose requests have not ended. */
export class RunQueues implements Askers {
  readonly #queues = new Map<string, RunQueue>();
  readonly #deps: RunQueueDeps;
  /** How many requests are about to be taken over. */
  #expected = 0;
  #forgetAt = KEPT_QUEUES;

  constructor(deps: Omit<RunQueueDeps, 'memory' | 'room'>) {
    this.#deps = { ...deps, memory: new ByteBudget(QUEUE_BYTES), room: new RunRoom() };
  }

  of(fromNode: string, subject: string): RunQueue {
    const key = keyOf(fromNode, subject);
    const known = this.#queues.get(key);
    if (known) return known;
    const queue = new RunQueue({ fromNode, subject }, this.#deps);
    this.#forgetIdle();
    this.#queues.set(key, queue);
    return queue;
  }

  /** Whether one more request of a sender may wait. */
  hasRoom(fromNode: string, subject: string): boolean {
    return this.#deps.room.hasRoomToWait(this.#queues.get(keyOf(fromNode, subject))?.waitingBytes ?? 0);
  }

  /** Changes the number of requests that are about to be taken over. */
  expect(change: number): void {
    this.#expected += change;
  }

  /** As many as there may be; the names are those that there are. */
  get size(): number {
    return this.#queues.size + this.#expected;
  }

  *[Symbol.iterator](): Generator<string, void> {
    for (const { sender, isIdle } of this.#queues.values()) if (!isIdle) yield sender;
    // Whose they are counts for as little as a name that nobody has heard of.
    for (let at = 0; at < this.#expected; at++) yield '';
  }

  /** Resolves when nothing runs any more; after the signal, what waits stays in the journal. */
  async idle(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.idle()));
  }

  /** However many senders somebody makes up: what nothing waits in is made again when it is needed. */
  #forgetIdle(): void {
    if (this.#queues.size < this.#forgetAt) return;
    for (const [key, queue] of this.#queues) if (queue.isIdle) this.#queues.delete(key);
    this.#forgetAt = Math.max(KEPT_QUEUES, 2 * this.#queues.size);
  }
}

function keyOf(fromNode: string, subject: string): string {
  return `${fromNode} ${subject}`;
}
