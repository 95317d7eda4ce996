import { ownBytes } from '../lib/own-bytes.ts';
import type { WireMessage } from '../message/wire-message.ts';

/** How much is held, bytes, and what each message takes besides its payload. */
const [MOST_BYTES, ENVELOPE_BYTES] = [8 * 1024 * 1024, 1024];

type Take = (message: WireMessage) => void;

/**
 * What comes to a node before it knows whether its name is free. Of a fleet that waited for it that is much, and who sent what is
 * dropped would wait for its answer in vain until its ACKTimeout.
 */
export class HeldArrivals {
  #held: (() => void)[] = [];
  #bytes = 0;

  /** Keeps a message for `take`; drops it where too much is held. */
  add(message: WireMessage, take: Take): void {
    const bytes = message.payload.length + ENVELOPE_BYTES;
    if (this.#bytes + bytes > MOST_BYTES) return;
    this.#bytes += bytes;
    const kept = { ...message, payload: ownBytes(message.payload) };
    this.#held.push(() => take(kept));
  }

  /** All are taken, in the order in which they came. */
  release(): void {
    for (const take of this.#emptied()) {
      try {
        take();
      } catch {
        // It is not taken, and its sender tries again; the others are.
      }
    }
  }

  /** Another node took them. */
  drop(): void {
    this.#emptied();
  }

  #emptied(): readonly (() => void)[] {
    const held = this.#held;
    this.#held = [];
    this.#bytes = 0;
    return held;
  }
}
