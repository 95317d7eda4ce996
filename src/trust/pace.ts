import type { Clock } from '../lib/clock.ts';
import type { Refusals } from './refusals.ts';

/** What a node says again and again, so that of several in a row the newest is enough. */
export type Paced = 'hello' | 'errors' | 'state' | 'refusals';

interface PaceDeps {
  readonly clock: Pick<Clock, 'steadyNow' | 'after'>;
  readonly refusals: Pick<Refusals, 'note'>;
  /** Tells errorCentral and the log. */
  report(text: string): void;
}

interface Limit {
  /** How many may come at once. */
  readonly burst: number;
  readonly perSecond: number;
  readonly method: string;
  readonly what: string;
}

/** Far above what a node does that is well: hellos at every connect, five lots of error lines a second. */
const LIMITS: Readonly<Record<Paced, Limit>> = {
  hello: { burst: 20, perSecond: 2, method: 'REQHello', what: 'hellos' },
  errors: { burst: 200, perSecond: 20, method: 'REQErrorLog', what: 'error reports' },
  state: { burst: 200, perSecond: 40, method: 'Steward.State', what: 'questions for states' },
  refusals: { burst: 50, perSecond: 1, method: 'any', what: 'messages that are refused' },
};
/** How long it is said of a node that it sent too much, ms. */
const SAID_MS = 3_600_000;

interface Bucket {
  left: number;
  at: number;
  /** The newest of what came too soon. */
  held: (() => void) | undefined;
  cancel: () => void;
}

/** Lets no node take more of this one's time than it is due: of what comes too often the newest counts, a moment later. */
export class Pace implements Disposable {
  readonly #deps: PaceDeps;
  readonly #buckets = new Map<string, Bucket>();
  readonly #told = new Map<string, { readonly at: number; readonly text: string }>();

  constructor(deps: PaceDeps) {
    this.#deps = deps;
  }

  /** Does what a node asks for, now or later; or not at all, where it asks anew before. */
  pass(kind: Paced, sender: string, work: () => void): void {
    const bucket = this.#refilled(kind, sender);
    if (bucket.held === undefined && bucket.left >= 1) {
      bucket.left--;
      return work();
    }
    if (bucket.held === undefined)
      bucket.cancel = this.#deps.clock.after(1000 / LIMITS[kind].perSecond, () => release(bucket));
    bucket.held = work;
    this.#tell(kind, sender);
  }

  /** What is to be said of a node that sent too much lately, or undefined. */
  noteOf(node: string): string | undefined {
    const told = this.#told.get(node);
    return told && this.#deps.clock.steadyNow() - told.at < SAID_MS ? told.text : undefined;
  }

  /** Forgets a node, and what of it waits. */
  forget(node: string): void {
    this.#told.delete(node);
    for (const kind of Object.keys(LIMITS)) {
      const key = `${kind} ${node}`;
      this.#buckets.get(key)?.cancel();
      this.#buckets.delete(key);
    }
  }

  [Symbol.dispose](): void {
    for (const { cancel } of this.#buckets.values()) cancel();
    this.#buckets.clear();
  }

  #refilled(kind: Paced, sender: string): Bucket {
    const { burst, perSecond } = LIMITS[kind];
    const now = this.#deps.clock.steadyNow();
    const key = `${kind} ${sender}`;
    const bucket = this.#buckets.get(key) ?? { left: burst, at: now, held: undefined, cancel: () => {} };
    this.#buckets.set(key, bucket);
    bucket.left = Math.min(burst, bucket.left + ((now - bucket.at) * perSecond) / 1000);
    bucket.at = now;
    return bucket;
  }

  #tell(kind: Paced, sender: string): void {
    const { method, what, perSecond } = LIMITS[kind];
    this.#told.set(sender, { at: this.#deps.clock.steadyNow(), text: `too many ${what}` });
    const reason = `${sender} sends more ${what} than ${perSecond} a second: of what comes sooner the newest counts`;
    if (this.#deps.refusals.note({ sender, claimed: sender, method, reason }))
      this.#deps.report(`error: ${reason}`);
  }
}

function release(bucket: Bucket): void {
  const { held } = bucket;
  bucket.held = undefined;
  bucket.left = Math.max(0, bucket.left - 1);
  held?.();
}
