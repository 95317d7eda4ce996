import { retryUntilStopped } from '../../lib/retry-until-stopped.ts';
import { isTemporary } from '../../lib/temporary-error.ts';
import type { Message } from '../../message/message.ts';
import { messageBytes } from '../../message/message-bytes.ts';
import type { Readied } from '../../message/method-contract.ts';
import type { ForwardMethod } from '../../methods/method.ts';
import type { JournalDeps } from '../journal-deps.ts';
import { type JournalRow, markForwarded, type RowEnd } from '../journal-table.ts';
import { refusalOf } from './refusal.ts';
import type { RelayedRequests } from './relayed-requests.ts';
import type { RunEnds } from './run-ends.ts';

/** What goes on in one transaction at most: messages, and bytes of their data. */
const [MOST, MOST_BYTES] = [100, 1024 * 1024];

interface ForwardingDeps
  extends Pick<JournalDeps, 'clock' | 'kept' | 'sending' | 'errorReporter' | 'logger'> {
  readonly forwards: Pick<RelayedRequests, 'use'>;
  readonly ends: Pick<RunEnds, 'write'>;
  /** Aborted when the node stops. */
  readonly signal: AbortSignal;
  calledOff(row: JournalRow): RowEnd | undefined;
}

interface Waiting {
  readonly row: JournalRow;
  readonly method: ForwardMethod;
  readonly message: Message;
  readonly done: PromiseWithResolvers<unknown>;
}

/** The requests of one sender for one method that are to go on; how many are tried together. */
interface Queue {
  readonly waiting: Waiting[];
  most: number;
}

/**
 * Has requests go on as other messages, those of one sender for one method in their order: what cannot be read or written down
 * now holds those behind it, which would overtake it otherwise. Those that come meanwhile go together, in one transaction.
 */
export class Forwarding {
  readonly #deps: ForwardingDeps;
  readonly #queues = new Map<string, Queue>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(deps: ForwardingDeps) {
    this.#deps = deps;
  }

  /**
   * Resolves when it is on disk that a request went on or ended, or when the node stops: before that nothing has begun, and after
   * a crash it is done then. Rejects with a fault that does not pass.
   */
  async goOn(row: JournalRow, method: ForwardMethod, message: Message): Promise<unknown> {
    const readied = method.ready ? await this.#inTurn(() => this.#ready(method, message)) : { message };
    if (!readied) return undefined;
    if ('fault' in readied) {
      this.#deps.errorReporter.report(`error: method${method.name}: ${readied.fault}`, message);
      return this.#end({ row, message }, { state: 'failed', reason: readied.fault });
    }
    const done = Promise.withResolvers<unknown>();
    this.#add({ row, method, message: readied.message, done });
    return done.promise;
  }

  /** What is read for one message holds up those behind it. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  /** What a message brings along; undefined where the node stops before that can be read. */
  async #ready(method: ForwardMethod, message: Message): Promise<Readied | undefined> {
    let readied: Readied | undefined;
    const read = async () => {
      readied = await method.ready!(message);
    };
    await retryUntilStopped(read, { ...this.#deps, what: 'what a message brings along cannot be read' });
    return readied;
  }

  #add(one: Waiting): void {
    const key = `${one.row.fromNode} ${one.row.subject}`;
    const known = this.#queues.get(key);
    if (known) return void known.waiting.push(one);
    const queue = { waiting: [one], most: MOST };
    this.#queues.set(key, queue);
    void this.#run(key, queue);
  }

  async #run(key: string, queue: Queue): Promise<void> {
    const { waiting } = queue;
    while (waiting.length > 0) {
      try {
        if (await retryUntilStopped(() => this.#writeFirst(queue), this.#deps)) continue;
        for (const { done } of waiting.splice(0)) done.resolve(undefined);
      } catch (error) {
        waiting.shift()?.done.reject(error);
      }
    }
    // In the same turn as the last look: what came between the two would wait in a queue that nobody works at.
    this.#queues.delete(key);
  }

  /** Writes down the first of what waits; after a fault one at a time, and then twice as many each time. */
  async #writeFirst(queue: Queue): Promise<void> {
    const { waiting } = queue;
    const some = this.#firstOf(queue);
    const refusal = some.length === 0 && this.#refusalOf(waiting[0]!);
    if (refusal) {
      const first = waiting.shift()!;
      return first.done.resolve(this.#end(first, refusal));
    }
    this.#deps.forwards.use();
    try {
      await this.#deps.sending.forward(some.map(forwardOf));
    } catch (error) {
      queue.most = 1;
      // Those that can go on do, in front of the one at fault.
      if (some.length > 1 && !isTemporary(error)) return;
      throw error;
    }
    queue.most = Math.min(MOST, 2 * queue.most);
    for (const { done } of waiting.splice(0, some.length)) done.resolve(undefined);
  }

  /** As many of the first ones as may go on, and fit into a transaction. */
  #firstOf({ waiting, most }: Queue): Waiting[] {
    let bytes = 0;
    const isOver = (one: Waiting, at: number) => {
      bytes += messageBytes(one.message);
      return (at > 0 && (at >= most || bytes > MOST_BYTES)) || this.#refusalOf(one) !== undefined;
    };
    const end = waiting.findIndex(isOver);
    return end === -1 ? [...waiting] : waiting.slice(0, end);
  }

  /** How one ends that was called off, or whose time was over, while it waited. */
  #refusalOf({ row, method, message }: Waiting): RowEnd | undefined {
    const { kept, calledOff } = this.#deps;
    return refusalOf(row, { method, message, now: kept.now(), calledOff: calledOff(row) });
  }

  #end({ row, message }: Pick<Waiting, 'row' | 'message'>, end: RowEnd): Promise<void> {
    return this.#deps.ends.write({ row, message, startedAt: undefined, end });
  }
}

function forwardOf({ row, method, message }: Waiting) {
  const forwarded = method.forward({ id: row.id, message, isFromOriginal: row.lane === null });
  return { forwarded, row, note: (id: string) => markForwarded(row.row, id, forwarded.replyKey) };
}
