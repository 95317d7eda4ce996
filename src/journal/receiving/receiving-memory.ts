import { exposeCollector } from '../../lib/collect-garbage.ts';

/** What waits to be accepted in all lanes, bytes. */
const WAITING_BYTES = 32 * 1024 * 1024;
/** From here on nobody else decodes: one message more may be over it, bytes. */
const DECODED_BYTES = 24 * 1024 * 1024;
/** What is worth the time that it takes to give memory back at once, bytes. */
const LARGE_BYTES = 16 * 1024 * 1024;

/**
 * The memory that all senders share until their messages are accepted. A payload of 2 KB may become 64 MB, which is known
 * only when it is decoded; so payloads wait as they came, and are decoded in turn, while there is room for more.
 */
export class ReceivingMemory {
  readonly #collect = exposeCollector();
  readonly #queue: (() => void)[] = [];
  #waitingBytes = 0;
  #decodedBytes = 0;
  #isDecoding = false;

  /** Whether more payloads may wait; where not, what comes is to come again. */
  get hasRoomToWait(): boolean {
    return this.#waitingBytes < WAITING_BYTES;
  }

  /** Notes that payloads wait, or that they do not any more (less than 0). */
  wait(bytes: number): void {
    this.#waitingBytes += bytes;
  }

  /** Whether more may be decoded. */
  get hasRoom(): boolean {
    return this.#decodedBytes < DECODED_BYTES;
  }

  /** Resolves when something may be decoded, by the caller alone until it calls `decoded`. A caller that waits must hold nothing. */
  async turn(): Promise<void> {
    while (this.#isDecoding || !this.hasRoom)
      await new Promise<void>((resolve) => void this.#queue.push(resolve));
    this.#isDecoding = true;
  }

  /** Notes what was decoded. */
  hold(bytes: number): void {
    this.#decodedBytes += bytes;
  }

  /** It is somebody else's turn. */
  endTurn(): void {
    this.#isDecoding = false;
    this.#wake();
  }

  /** What was decoded is not needed any more. */
  release(bytes: number): void {
    this.#decodedBytes -= bytes;
    // The engine would let several of these pile up before it looks.
    if (bytes >= LARGE_BYTES) this.#collect();
    this.#wake();
  }

  #wake(): void {
    if (this.hasRoom) this.#queue.shift()?.();
  }
}
