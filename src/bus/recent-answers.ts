import { HEADER } from '../message/codec/wire-headers.ts';

export type Headers = Readonly<Record<string, string>>;

/** An answer as it goes again; its payload is empty. */
interface Answer {
  readonly subject: string;
  readonly headers: Headers;
  readonly at: number;
}

/** How many answers go again at most, and how long before a connection ended they were given: two of the longest round trips, ms. */
const [MOST, LOST_MS] = [8, 3000];

/**
 * The last answers that this node gave. What was on its way when a connection ended is lost, and for want of an answer of a hundred
 * bytes a part of some thousands goes again: so they are given once more, before the node says that it is back.
 */
export class RecentAnswers {
  readonly #now: () => number;
  #answers: readonly Answer[] = [];

  /** `now`: ms on a steady clock. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** One was given. One that says the same of a message as before, and only how much more of it is there, takes the place of that. */
  given(subject: string, headers: Headers): void {
    const brief = headers[HEADER.brief];
    const others = this.#answers.filter(
      (one) => brief === undefined || one.subject !== subject || one.headers[HEADER.brief] !== brief,
    );
    this.#answers = [...others, { subject, headers, at: this.#now() }].slice(-MOST);
  }

  /** The connection ends: the last ones may be lost, the others are forgotten. */
  lost(): void {
    const since = this.#now() - LOST_MS;
    this.#answers = this.#answers.filter(({ at }) => at >= since);
  }

  /** What is to go again, once. */
  take(): readonly Answer[] {
    const answers = this.#answers;
    this.#answers = [];
    return answers;
  }
}
