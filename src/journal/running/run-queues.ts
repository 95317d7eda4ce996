import { ByteBudget } from '../../lib/byte-budget.ts';
import { RunQueue, type RunQueueDeps } from './run-queue.ts';
import { RunRoom } from './run-room.ts';

/** Waiting requests that stay in memory, with their rows, over all queues, bytes. */
const QUEUE_BYTES = 8 * 1024 * 1024;
/** Above this many queues of senders and methods those without requests are forgotten. */
const KEPT_QUEUES = 1000;

/** The queues of requests to be run, one for each sender and method, with what they share. */
export class RunQueues {
  readonly #queues = new Map<string, RunQueue>();
  readonly #deps: RunQueueDeps;

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

  /** Resolves when nothing runs any more; after the signal, what waits stays in the journal. */
  async idle(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.idle()));
  }

  /** However many senders somebody makes up: what nothing waits in is made again when it is needed. */
  #forgetIdle(): void {
    if (this.#queues.size < KEPT_QUEUES) return;
    for (const [key, queue] of this.#queues) if (queue.isIdle) this.#queues.delete(key);
  }
}

function keyOf(fromNode: string, subject: string): string {
  return `${fromNode} ${subject}`;
}
