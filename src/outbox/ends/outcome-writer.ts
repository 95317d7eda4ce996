import { wait } from '../../lib/clock.ts';
import { type RetryOptions, retryUntilStopped } from '../../lib/retry-until-stopped.ts';
import type { Statement } from '../../store/store.ts';
import type { Ended, OutboxDeps, OutboxListener } from '../outbox-deps.ts';

interface Ends {
  readonly statements: readonly Statement[];
  readonly ended: readonly Ended[];
  /** All messages that come to a new state by this. */
  readonly changed: readonly { readonly id: string; readonly firstSentAt?: number | null }[];
  /** Whether nobody waits for it: it is written with the next that cannot wait, or a moment later. */
  readonly mayWait?: boolean;
}

/** How long what may wait does at most, ms: until something else goes to the disk, and with that. */
const GATHER_MS = 20;

interface OutcomeWriterDeps extends Pick<OutboxDeps, 'store' | 'clock' | 'logger'> {
  readonly listeners: readonly OutboxListener[];
}

/** Writes down how messages ended: first for the audit log, then in the database, in the order of the calls. */
export class OutcomeWriter implements AsyncDisposable {
  readonly #deps: OutcomeWriterDeps;
  readonly #stop = new AbortController();
  readonly #retry: RetryOptions;
  #waiting: Ends[] = [];
  /** By their ids, when messages were first sent whose outcome is not written yet, ms. */
  readonly sentAt = new Map<string, number>();
  /** Whether somebody waits for what was added. */
  #isUrgent = false;
  /** Ends the gathering. */
  #hurry: () => void = () => {};
  #loop: Promise<void> | undefined;
  /** Why ends cannot be written at the moment (a full disk), or undefined; lanes send nothing more meanwhile. */
  fault: string | undefined;

  constructor(deps: OutcomeWriterDeps) {
    this.#deps = deps;
    this.#retry = {
      ...{ clock: deps.clock, signal: this.#stop.signal, logger: deps.logger },
      what: 'the outcome of messages cannot be written down',
      onRetry: (error) => {
        this.fault = (error as Error).message;
      },
    };
  }

  add(ends: Ends): void {
    this.#waiting.push(ends);
    for (const { id, firstSentAt } of ends.changed) if (firstSentAt) this.sentAt.set(id, firstSentAt);
    if (!ends.mayWait) this.#urge();
    this.#loop ??= this.#run();
  }

  /** Resolves when all that was added is written, or cannot be. */
  async idle(): Promise<void> {
    this.#urge();
    while (this.#loop && this.fault === undefined)
      await Promise.race([this.#loop, wait(this.#deps.clock, 50)]);
  }

  /** Resolves when all that was added is written: true; or the node stops before: false. */
  async settled(): Promise<boolean> {
    this.#urge();
    while (this.#loop) await this.#loop;
    return !this.#stop.signal.aborted;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.idle();
    this.#stop.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    // One turn of the event loop, so that a burst of answers becomes one transaction.
    await wait(this.#deps.clock, 0);
    while (this.#waiting.length > 0) {
      if (!this.#isUrgent) await this.#gather();
      this.#isUrgent = false;
      const taken = this.#waiting;
      this.#waiting = [];
      await this.#writeAll(taken);
      for (const { changed } of taken) for (const { id } of changed) this.sentAt.delete(id);
    }
    // Not a moment later: what is added from now on needs a new run.
    this.#loop = undefined;
  }

  #urge(): void {
    this.#isUrgent = true;
    this.#hurry();
  }

  #gather(): Promise<void> {
    const { clock, store } = this.#deps;
    return new Promise((resolve) => {
      const hurry = () => this.#hurry();
      const [cancelTimer, leave] = [clock.after(GATHER_MS, hurry), store.withNext?.(hurry)];
      this.#hurry = () => {
        cancelTimer();
        leave?.();
        resolve();
      };
    });
  }

  async #writeAll(taken: readonly Ends[]): Promise<void> {
    const { listeners, store } = this.#deps;
    const refused = taken.some(({ ended }) => ended.length > 0) && (await this.#announce(taken));
    if (this.fault !== undefined) return;
    const rest = refused ? taken.filter((ends) => !refused.has(ends)) : taken;
    const unwritten = await this.#each(rest, (some) => {
      const { statements, ended } = joined(some);
      if (ended.length > 0) for (const one of listeners) statements.push(...(one.alongside?.(ended) ?? []));
      return store.write(statements);
    });
    if (this.fault !== undefined) return;
    const { ended, changed } = joined(
      unwritten.size > 0 ? rest.filter((ends) => !unwritten.has(ends)) : rest,
    );
    for (const listener of listeners) {
      if (ended.length > 0) listener.written?.(ended);
      listener.changed?.(changed);
    }
  }

  /** Lets listeners act on ends before these are written down; resolves with those that one of them could not bear. */
  async #announce(taken: readonly Ends[]): Promise<ReadonlySet<Ends>> {
    const withEnds = taken.filter(({ ended }) => ended.length > 0);
    const refused = new Set<Ends>();
    for (const listener of this.#deps.listeners) {
      if (!listener.ended || this.fault !== undefined) continue;
      const hand = (some: readonly Ends[]) => listener.ended!(joined(some).ended);
      for (const ends of await this.#each(withEnds, hand)) refused.add(ends);
    }
    return refused;
  }

  /**
   * Does something for all of them at once; where a fault that does not pass stops that, for each alone, as what one does
   * to the database is not the others' matter. Resolves with those that were set aside.
   */
  async #each(
    all: readonly Ends[],
    effect: (some: readonly Ends[]) => Promise<void>,
  ): Promise<ReadonlySet<Ends>> {
    if (all.length === 0) return new Set();
    try {
      // What is not written down when the node stops is found out again after a restart.
      const isDone = await retryUntilStopped(() => effect(all), this.#retry);
      this.fault = isDone ? undefined : 'the node stops';
      return new Set();
    } catch (error) {
      if (all.length > 1) return await this.#eachAlone(all, effect);
      this.#setAside(all[0]!, error);
      return new Set(all);
    }
  }

  async #eachAlone(
    all: readonly Ends[],
    effect: (some: readonly Ends[]) => Promise<void>,
  ): Promise<ReadonlySet<Ends>> {
    const setAside = new Set<Ends>();
    for (const ends of all) for (const one of await this.#each([ends], effect)) setAside.add(one);
    return setAside;
  }

  /** The messages stay in the outbox's table, and the next start of the node finds out their outcome again. */
  #setAside({ changed }: Ends, error: unknown): void {
    this.fault = undefined;
    const ids = changed.map(({ id }) => id);
    this.#deps.logger.warn(
      { err: error, ids },
      'the outcome of messages cannot be written down: they are set aside until the next start of this node',
    );
    const text = `error: the outcome of ${ids.join(', ')} cannot be written down, it is set aside until the next start of this node: ${(error as Error).message}`;
    for (const listener of this.#deps.listeners) listener.report?.(text);
  }
}

/** What several bring, in their order. */
function joined(some: readonly Ends[]) {
  const [statements, ended]: [Statement[], Ended[]] = [[], []];
  const changed: Ends['changed'][] = [];
  for (const ends of some) {
    statements.push(...ends.statements);
    ended.push(...ends.ended);
    changed.push(ends.changed);
  }
  return { statements, ended, changed };
}
