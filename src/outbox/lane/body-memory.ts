import { ByteBudget } from '../../lib/byte-budget.ts';
import type { Entry } from './lane-window.ts';

/** Bodies that are kept from when they are queued until they are delivered, where there is room, bytes. */
const KEPT_BYTES = 8 * 1024 * 1024;
/** Bodies of messages that go in pieces: each is needed until its last piece is out, bytes. */
const IN_PIECES_BYTES = 16 * 1024 * 1024;

/**
 * The memory that the bodies of all messages on their way share, over all lanes. Nothing waits in it for a node that is
 * away: what finds no room is read from disk when it is sent.
 */
export class BodyMemory {
  readonly #kept = new ByteBudget(KEPT_BYTES);
  readonly #inPieces = new Set<Entry>();
  #bytesInPieces = 0;
  /** Lanes whose next message goes in pieces and finds no room. */
  readonly #waiting = new Set<() => void>();

  /** Keeps the body of a message, if there is room for it. */
  keep(entry: Entry, body: Uint8Array): void {
    if (entry.isHeld || !this.#kept.hold(entry.size)) return;
    entry.body = body;
    entry.isHeld = true;
  }

  /** Whether a message may begin to go in pieces; where not, `onRoom` is called when that is worth another try. */
  hasRoom(entry: Entry, onRoom: () => void): boolean {
    const isFree = this.#inPieces.has(entry) || this.#inPieces.size === 0;
    if (isFree || this.#bytesInPieces + entry.size <= IN_PIECES_BYTES) return true;
    this.#waiting.add(onRoom);
    return false;
  }

  /** Holds the body of a message that goes in pieces. */
  hold(entry: Entry, body: Uint8Array): void {
    if (this.#inPieces.has(entry)) return;
    this.release(entry);
    entry.body = body;
    entry.isHeld = true;
    this.#inPieces.add(entry);
    this.#bytesInPieces += entry.size;
  }

  /** The message is on its way no longer; who has the entry may still read its body once. */
  release(entry: Entry): void {
    if (!entry.isHeld) return;
    entry.isHeld = false;
    if (!this.#inPieces.delete(entry)) return this.#kept.release(entry.size);
    this.#bytesInPieces -= entry.size;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const onRoom of waiting) onRoom();
  }

  /** Lets go of a body: it is read again when the message is sent. */
  free(entry: Entry): void {
    entry.body = undefined;
    this.release(entry);
  }
}
