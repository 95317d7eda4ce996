/**
 * The memory that a file is read into to be sent, used over and over: new blocks for all of a large file would keep
 * the garbage collector busier than all else. A block is free again when its bytes are known to be at the target, as
 * the connection may hold on to them until then.
 */
export class SendBlocks {
  readonly #bytes: number;
  #free: Buffer[] = [];
  #underWay: { readonly block: Buffer; readonly end: number }[] = [];

  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** A block that nobody uses; one that is not sent after all is left to the garbage collector. */
  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#bytes);
  }

  /** Nothing of a block goes out as it is. */
  free(block: Buffer): void {
    this.#free.push(block);
  }

  /** A block goes out, whose bytes end at a position of the file. */
  sent(block: Buffer, end: number): void {
    this.#underWay.push({ block, end });
  }

  /** The file is at the target up to a position. */
  arrived(position: number): void {
    while (this.#underWay[0] && this.#underWay[0].end <= position) {
      this.#free.push(this.#underWay.shift()!.block);
    }
  }

  /** Sending begins anew: what is under way may stay there for longer than its answers tell. */
  forget(): void {
    this.#underWay = [];
  }
}
