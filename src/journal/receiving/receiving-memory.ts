import { letGoOf } from '../../lib/collect-garbage.ts';

/** What waits to be accepted in all lanes, and in those of one sender, bytes: so much is left for the others. */
const [WAITING_BYTES, SENDER_BYTES] = [24 * 1024 * 1024, 18 * 1024 * 1024];
/** From here on nobody else decodes: one message more may be over it, bytes. */
const DECODED_BYTES = 16 * 1024 * 1024;

/**
 * The memory that all senders share until their messages are accepted. A payload of 2 KB may become 64 MB, which is known
 * only when it is decoded; so payloads wait as they came, and are decoded in turn, while there is room for more. Senders take
 * turns, however many lanes each of them has; '' stands for all that are not known yet.
 */
export class ReceivingMemory {
  /** Whose lanes wait to decode, the one longest without a turn first. */
  readonly #queues = new Map<string, (() => void)[]>();
  readonly #waitingOf = new Map<string, number>();
  #waitingBytes = 0;
  #decodedBytes = 0;
  #isDecoding = false;

  /** Whether more payloads of a sender may wait; where not, what comes is to come again. */
  hasRoomToWait(sender: string): boolean {
    const ofSender = sender === '' ? 0 : (this.#waitingOf.get(sender) ?? 0);
    return this.#waitingBytes < WAITING_BYTES && ofSender < SENDER_BYTES;
  }

  /** Notes that payloads wait, or that they do not any more (less than 0). */
  wait(bytes: number, sender: string): void {
    this.#waitingBytes += bytes;
    const ofSender = (this.#waitingOf.get(sender) ?? 0) + bytes;
    if (ofSender === 0) this.#waitingOf.delete(sender);
    else this.#waitingOf.set(sender, ofSender);
  }

  /** Whether more may be decoded. */
  get hasRoom(): boolean {
    return this.#decodedBytes < DECODED_BYTES;
  }

  /** Resolves when something may be decoded, by the caller alone until it calls `decoded`. A caller that waits must hold nothing. */
  async turn(sender: string): Promise<void> {
    while (this.#isDecoding || !this.hasRoom)
      await new Promise<void>((resolve) => {
        const queue = this.#queues.get(sender);
        if (queue) queue.push(resolve);
        else this.#queues.set(sender, [resolve]);
      });
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
    letGoOf(bytes);
    this.#wake();
  }

  #wake(): void {
    const [next] = this.#queues;
    if (!this.hasRoom || next === undefined) return;
    const [sender, queue] = next;
    const wake = queue.shift();
    this.#queues.delete(sender);
    if (queue.length > 0) this.#queues.set(sender, queue);
    wake?.();
  }
}
