/** Attempts of which is remembered what was sent; an answer that comes later than that is worth nothing. */
const MOST_ATTEMPTS = 64;

interface Attempt {
  readonly seqs: number[];
  answers: number;
}

/**
 * Which message a plain answer confirms, as nodes of the original give it: each answers every message that it got, on
 * the reply subject that came with it. So the n-th such answer on the reply subject of an attempt speaks for the n-th
 * message of that attempt.
 */
export class PlainAnswers {
  /** There is none for a lane to a node that is away. */
  #attempts: Map<number, Attempt> | undefined;

  /** A message went out whole, in the attempt of this generation. */
  sent(generation: number, seq: number): void {
    this.#attempts ??= new Map();
    const attempt = this.#attempts.get(generation);
    if (attempt) attempt.seqs.push(seq);
    else this.#attempts.set(generation, { seqs: [seq], answers: 0 });
    if (this.#attempts.size > MOST_ATTEMPTS) this.#attempts.delete(this.#attempts.keys().next().value!);
  }

  /** Nobody got a message of an attempt: no answer comes to one that had no other. */
  missed(generation: number): void {
    if (this.#attempts?.get(generation)?.seqs.length !== 1) return;
    this.#attempts.delete(generation);
    if (this.#attempts.size === 0) this.#attempts = undefined;
  }

  /** An answer came; the place that it speaks for, or undefined where nothing is known of that attempt. */
  answered(generation: number): number | undefined {
    const attempt = this.#attempts?.get(generation);
    return attempt?.seqs[attempt.answers++];
  }

  /** An answer said itself that it is about the places up to `last`: no plain one comes for them in this attempt. */
  settled(generation: number, last: number): void {
    const seqs = this.#attempts?.get(generation)?.seqs;
    if (!seqs) return;
    let settled = 0;
    while (settled < seqs.length && seqs[settled]! <= last) settled++;
    seqs.splice(0, settled);
  }

  /** What was sent belongs to an epoch that has ended. */
  clear(): void {
    this.#attempts = undefined;
  }
}
