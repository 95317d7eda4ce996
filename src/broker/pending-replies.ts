import type { ResponseRules } from './broker-options.ts';

const MOST_KEPT = 4096;

/** The reply subjects on which a client may answer although its permissions do not name them. */
export class PendingReplies {
  readonly #rules: Required<ResponseRules>;
  readonly #open = new Map<string, { until: number; left: number }>();

  constructor(rules: Required<ResponseRules>) {
    this.#rules = rules;
  }

  /** Notes that the client got a message that asks for answers; the oldest are forgotten when there are too many. */
  note(reply: string, now: number): void {
    this.#open.delete(reply);
    this.#open.set(reply, { until: now + this.#rules.withinMs, left: this.#rules.max });
    if (this.#open.size <= MOST_KEPT) return;
    const [oldest] = this.#open.keys();
    this.#open.delete(oldest!);
  }

  /** Whether the client may answer there now; counts as one answer. */
  take(reply: string, now: number): boolean {
    const found = this.#open.get(reply);
    if (found === undefined) return false;
    found.left -= 1;
    if (found.left <= 0 || found.until < now) this.#open.delete(reply);
    return found.until >= now;
  }
}
