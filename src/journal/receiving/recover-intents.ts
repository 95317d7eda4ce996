import { statement } from '../../store/store.ts';
import type { JournalDeps } from '../journal-deps.ts';

interface Intent {
  readonly lane: number;
  readonly first: number;
  readonly last: number;
  readonly method: string;
  readonly note: string;
}

type IntentsDeps = Pick<JournalDeps, 'store' | 'methods' | 'clock' | 'logger'> & {
  /** What had to wait was checked: the database knows how its lane stands. */
  onChecked(): void;
};

/** How often it is tried to check what could not be checked, ms. */
const AGAIN_MS = 5000;

/**
 * Effects that a crash cut short. One that is found complete counts; one that is not is undone, and comes again. Where the disk
 * does not tell, its lane alone waits.
 */
export class InterruptedEffects implements Disposable {
  readonly #deps: IntentsDeps;
  /** Those that could not be checked, by their lane: it is not known what a crash left of them. */
  readonly left = new Map<number, Intent>();
  #cancelTimer: (() => void) | undefined;
  #isOver = false;

  constructor(deps: IntentsDeps) {
    this.#deps = deps;
  }

  /** Checks what an earlier life of the node left. */
  async recover(): Promise<void> {
    await this.#checkAll(this.#deps.store.all<Intent>('SELECT * FROM intents'));
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#cancelTimer?.();
  }

  async #checkAll(intents: readonly Intent[]): Promise<void> {
    for (const intent of intents) await this.#check(intent);
    if (this.left.size > 0) this.#checkLater();
  }

  #checkLater(): void {
    if (!this.#isOver) this.#cancelTimer = this.#deps.clock.after(AGAIN_MS, () => void this.#checkAgain());
  }

  async #checkAgain(): Promise<void> {
    try {
      await this.#checkAll([...this.left.values()]);
    } catch (error) {
      this.#deps.logger.warn({ err: error }, 'what a crash cut short is checked later');
      this.#checkLater();
    }
  }

  async #check(intent: Intent): Promise<void> {
    const { store, logger } = this.#deps;
    const { lane, first, last, method, note } = intent;
    const done = await this.#doneOf(intent);
    if (done === undefined) return void this.left.set(lane, intent);
    const next = typeof done === 'number' ? Math.min(first + done, last + 1) : done ? last + 1 : first;
    const statements = [statement('DELETE FROM intents WHERE lane = ? AND note = ?', lane, note)];
    // Refused ones count with those that were done, so that a place is never taken for more than was done up to it.
    if (next > first && last > 0)
      statements.push(statement('UPDATE journal_lanes SET next = max(next, ?) WHERE id = ?', next, lane));
    await store.write(statements);
    logger.info({ method, lane, done }, 'an effect that was under way was checked');
    if (this.left.delete(lane)) this.#deps.onChecked();
  }

  /** Whether it was done, or how many of its messages were; undefined where that is not known yet. */
  async #doneOf({ method: name, lane, note, last }: Intent): Promise<boolean | number | undefined> {
    const method = this.#deps.methods.get(name);
    if (method?.mode !== 'effect' || !method.recover) return false;
    try {
      return await method.recover(note);
    } catch (error) {
      const isKnown = this.left.has(lane);
      if (!isKnown)
        this.#deps.logger.warn({ err: error, note }, `${name}: what a crash cut short could not be checked`);
      // What has no place in a lane does not come again in its turn: nothing can wait for it.
      return isDiskFault(error) && last > 0 ? undefined : false;
    }
  }
}

/** Whether the system says that something did not work, which may pass. */
function isDiskFault(error: unknown): boolean {
  const code =
    (error as NodeJS.ErrnoException).code ?? (error as { cause?: NodeJS.ErrnoException }).cause?.code;
  return typeof code === 'string';
}
