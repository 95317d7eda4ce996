/** A message as a client published it: places in the bytes it came in. One object is used again for each. */
export class Frame {
  buffer: Buffer = Buffer.alloc(0);
  subject = '';
  /** '' = none. */
  reply = '';
  /** Bytes of the headers within the payload; -1: the message came without. */
  headerBytes = -1;
  /** Where `<reply> <sizes>` begins, which MSG has in common with PUB; -1 where blanks or line ends are unusual. */
  tailStart = -1;
  payloadStart = 0;
  payloadEnd = 0;

  /** The end of the frame, with its CR LF. */
  get end(): number {
    return this.payloadEnd + 2;
  }

  get size(): number {
    return this.payloadEnd - this.payloadStart;
  }

  /** Moves the frame to another buffer, in which it begins `by` bytes earlier. */
  move(buffer: Buffer, by: number): void {
    this.buffer = buffer;
    if (this.tailStart >= 0) this.tailStart -= by;
    this.payloadStart -= by;
    this.payloadEnd -= by;
  }
}
