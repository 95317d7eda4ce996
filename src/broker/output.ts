import type { Writable } from 'node:stream';

/** Small frames are copied together in pieces of these sizes; a client that is idle holds neither. */
const FIRST_CHUNK_BYTES = 4 * 1024;
const CHUNK_BYTES = 64 * 1024;
/** A frame from this size on is passed on as it is, without a copy. */
const PASSED_ON_BYTES = 16 * 1024;
/** What is given to the socket at a time: so that a slow link shows progress while much waits for it. */
const WRITE_BYTES = 256 * 1024;
const FREE_CHUNKS = 32;
const CRLF = Buffer.from('\r\n');

/** Bytes to be written, and the chunk of ours that they stand in, to be used again. */
interface Piece {
  readonly bytes: Buffer;
  readonly chunk: Buffer | undefined;
}

/** Gathers the outputs that were written to and flushes them once per turn of the event loop. */
export class Flusher {
  readonly #free = new Map<number, Buffer[]>([
    [FIRST_CHUNK_BYTES, []],
    [CHUNK_BYTES, []],
  ]);
  #dirty: Output[] = [];
  #isPlanned = false;
  /** What waits in all outputs, bytes. */
  pendingBytes = 0;

  plan(output: Output): void {
    this.#dirty.push(output);
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    setImmediate(() => this.#flushAll());
  }

  take(bytes: number): Buffer {
    return this.#free.get(bytes)?.pop() ?? Buffer.allocUnsafeSlow(bytes);
  }

  giveBack(chunk: Buffer): void {
    const free = this.#free.get(chunk.length);
    if (free !== undefined && free.length < FREE_CHUNKS) free.push(chunk);
  }

  #flushAll(): void {
    const outputs = this.#dirty;
    this.#dirty = [];
    this.#isPlanned = false;
    for (const output of outputs) output.flush();
  }
}

/** What goes to one client: gathered per turn of the event loop, and kept while the client reads slowly. */
export class Output {
  /** What was put in and is not yet taken by the system, bytes. */
  pendingBytes = 0;
  /** When the oldest write that is not taken yet began, ms of `now`; undefined: none is. */
  writingSince: number | undefined;
  readonly #socket: Writable;
  readonly #flusher: Flusher;
  readonly #now: () => number;
  readonly #full: Piece[] = [];
  readonly #taken: () => void;
  /** Called once, as soon as nothing waits any more. */
  onEmpty: (() => void) | undefined;
  #chunk: Buffer | undefined;
  #used = 0;
  readonly #inFlight: Piece[] = [];
  #inFlightBytes = 0;
  #isPlanned = false;
  #isClosed = false;

  constructor(socket: Writable, { flusher, now }: { flusher: Flusher; now: () => number }) {
    this.#socket = socket;
    this.#flusher = flusher;
    this.#now = now;
    this.#taken = () => this.#onTaken();
  }

  /** Puts in a short text of the protocol. */
  text(line: string): void {
    this.#copy(Buffer.from(line, 'latin1'));
    this.#plan();
  }

  /** Puts in a frame: its beginning, and the rest from another frame. */
  frame(head: Buffer, source: Buffer, start: number, end: number): void {
    if (this.#isClosed) return;
    const bytes = end - start;
    if (bytes < PASSED_ON_BYTES) {
      const chunk = this.#room(head.length + bytes);
      head.copy(chunk, this.#used);
      source.copy(chunk, this.#used + head.length, start, end);
      this.#used += head.length + bytes;
      this.#count(head.length + bytes);
    } else {
      this.#copy(head);
      this.#passOn(source.subarray(start, end));
    }
    this.#plan();
  }

  /** Puts in a frame whose payload stands elsewhere; it is ended with CR LF. */
  payload(head: Buffer, payload: Buffer): void {
    this.#copy(head);
    if (payload.length < PASSED_ON_BYTES) this.#copy(payload);
    else this.#passOn(payload);
    this.#copy(CRLF);
    this.#plan();
  }

  /** Hands what has gathered to the socket, unless it still has something to take. */
  flush(): void {
    this.#isPlanned = false;
    if (this.#isClosed || this.writingSince !== undefined) return;
    let bytes = 0;
    while (this.#full.length > 0 && bytes < WRITE_BYTES) {
      const piece = this.#full.shift()!;
      bytes += piece.bytes.length;
      this.#inFlight.push(piece);
    }
    if (this.#full.length === 0 && this.#chunk !== undefined && bytes < WRITE_BYTES) {
      bytes += this.#used;
      this.#endChunk(this.#inFlight);
    }
    if (bytes > 0) this.#write(bytes);
    else this.#empty();
  }

  /** Gives up what waits: nothing more is written. */
  close(): void {
    this.#isClosed = true;
    this.#flusher.pendingBytes -= this.pendingBytes;
    this.pendingBytes = 0;
    this.#full.length = 0;
    if (this.#chunk !== undefined) this.#flusher.giveBack(this.#chunk);
    this.#chunk = undefined;
  }

  #write(bytes: number): void {
    this.#inFlightBytes = bytes;
    this.writingSince = this.#now();
    const last = this.#inFlight.length - 1;
    if (last > 0) this.#socket.cork();
    for (const [index, piece] of this.#inFlight.entries()) {
      if (index < last) this.#socket.write(piece.bytes);
      else this.#socket.write(piece.bytes, this.#taken);
    }
    if (last > 0) this.#socket.uncork();
  }

  #onTaken(): void {
    for (const { chunk } of this.#inFlight) if (chunk !== undefined) this.#flusher.giveBack(chunk);
    this.#inFlight.length = 0;
    this.writingSince = undefined;
    if (this.#isClosed) return;
    this.#count(-this.#inFlightBytes);
    if (this.pendingBytes === 0) this.#empty();
    else if (!this.#isPlanned) this.flush();
  }

  #empty(): void {
    const done = this.onEmpty;
    this.onEmpty = undefined;
    done?.();
  }

  #plan(): void {
    if (this.#isPlanned || this.#isClosed || this.writingSince !== undefined) return;
    this.#isPlanned = true;
    this.#flusher.plan(this);
  }

  #count(bytes: number): void {
    this.pendingBytes += bytes;
    this.#flusher.pendingBytes += bytes;
  }

  #copy(bytes: Buffer): void {
    if (this.#isClosed) return;
    const chunk = this.#room(bytes.length);
    bytes.copy(chunk, this.#used);
    this.#used += bytes.length;
    this.#count(bytes.length);
  }

  #passOn(bytes: Buffer): void {
    if (this.#isClosed) return;
    this.#endChunk(this.#full);
    this.#full.push({ bytes, chunk: undefined });
    this.#count(bytes.length);
  }

  /** The chunk with so much room at `#used`. */
  #room(bytes: number): Buffer {
    const chunk = this.#chunk;
    if (chunk !== undefined && this.#used + bytes <= chunk.length) return chunk;
    // Heads of large messages, which are passed on by themselves, would else take a large chunk each.
    const isFirst = chunk === undefined && bytes <= FIRST_CHUNK_BYTES;
    this.#endChunk(this.#full);
    this.#used = 0;
    this.#chunk = this.#flusher.take(isFirst ? FIRST_CHUNK_BYTES : CHUNK_BYTES);
    return this.#chunk;
  }

  #endChunk(list: Piece[]): void {
    const chunk = this.#chunk;
    if (chunk === undefined) return;
    this.#chunk = undefined;
    if (this.#used > 0) list.push({ bytes: chunk.subarray(0, this.#used), chunk });
    else this.#flusher.giveBack(chunk);
    this.#used = 0;
  }
}
