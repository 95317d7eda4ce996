import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** How long a challenge can be answered, ms. */
export const CHALLENGE_MS = 60_000;

const RANDOM_BYTES = 24;
const TIME_BYTES = 6;

/**
 * What passkeys sign, each once and within a minute. A challenge carries its own time and proof, so that anybody may ask for
 * as many as they like: only those that were answered rightly are remembered, until they are too old anyway.
 */
export class Challenges {
  readonly #now: () => number;
  readonly #key = randomBytes(32);
  /** By when they are too old. */
  readonly #used = new Map<string, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** A challenge that is good for one purpose. */
  make(purpose: string): string {
    const head = Buffer.alloc(RANDOM_BYTES + TIME_BYTES);
    randomBytes(RANDOM_BYTES).copy(head);
    head.writeUIntBE(this.#now() + CHALLENGE_MS, RANDOM_BYTES, TIME_BYTES);
    return Buffer.concat([head, this.#proofOf(head, purpose)]).toString('base64url');
  }

  /** Whether a challenge is good for a purpose; from then on it is not any more. */
  use(challenge: string, purpose: string): boolean {
    const bytes = Buffer.from(challenge, 'base64url');
    const head = bytes.subarray(0, RANDOM_BYTES + TIME_BYTES);
    const given = bytes.subarray(head.length);
    const proof = this.#proofOf(head, purpose);
    if (given.length !== proof.length || !timingSafeEqual(given, proof)) return false;
    const now = this.#now();
    const until = head.readUIntBE(RANDOM_BYTES, TIME_BYTES);
    for (const [used, end] of this.#used) if (end < now) this.#used.delete(used);
    // By its bytes: the same ones have more than one base64 text.
    const name = head.toString('base64url');
    // One that lies further ahead was made before the clock was set back.
    if (until < now || until > now + CHALLENGE_MS || this.#used.has(name)) return false;
    this.#used.set(name, until);
    return true;
  }

  #proofOf(head: Uint8Array, purpose: string): Buffer {
    return createHmac('sha256', this.#key).update(head).update(purpose).digest();
  }
}
