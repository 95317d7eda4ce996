import type { Clock } from '../../lib/clock.ts';
import { compress } from '../../message/codec/compression.ts';
import { stretchSum } from './block-sums.ts';
import type { CopyProgress } from './copy-progress.ts';
import { CopyError, type CopySource } from './copy-source.ts';
import { KnownBlocks } from './known-blocks.ts';
import type { OpenChannel, Piece, PieceChannel, PieceListener } from './piece-channel.ts';
import type { PieceAnswer } from './piece-place.ts';
import { SendBlocks } from './send-blocks.ts';

export interface PieceSenderOptions {
  readonly transfer: string;
  readonly toNode: string;
  /** The longest pause between two questions to a node that is silent, ms. */
  readonly longestPauseMs: number;
  /** How long a node may be silent before the copy is given up, ms. */
  readonly patienceMs: number;
  readonly signal: AbortSignal;
}

export interface PieceSenderDeps {
  readonly openChannel: OpenChannel;
  readonly clock: Pick<Clock, 'after'>;
  readonly source: CopySource;
  /** Begins the transfer at the target, again where it has forgotten it. */
  begin(): Promise<void>;
  /** Called with the number of bytes that are at the target. */
  readonly progress: Pick<CopyProgress, 'reached'>;
}

const MAX_WINDOW_BYTES = 2 * 1024 * 1024;
const MIN_WINDOW_BYTES = 16 * 1024;
/** Two of them fit into one read of a socket, headers and all: larger ones cost the receiver copies and memory. */
const LARGEST_PIECE = 31 * 1024;
/** How many pieces are read from the file at once. */
const PIECES_PER_READ = 16;
/** The most that is read at once, or sent as a stretch that its target has, bytes. */
const READ_BYTES = LARGEST_PIECE * PIECES_PER_READ;
/** The most that one piece holds when it is packed, bytes. */
const MOST_PACKED_BYTES = 128 * 1024;
/** The window's share of the whole: more would be sent again in vain when a link is cut. */
const WINDOW_SHARE = 40;
const FIRST_PAUSE_MS = 500;

/**
 * Sends a file in pieces, a few of them ahead of the answers. The target says how far the file is there, so it does
 * not matter what was sent before, or by which life of which node: sending goes on from there. What it has at its place
 * already is named to it instead, and over a thin link pieces are compressed.
 */
export class PieceSender implements PieceListener {
  readonly #options: PieceSenderOptions;
  readonly #deps: PieceSenderDeps;
  /** Up to where the target has the file; undefined until it has said so. */
  #there: number | undefined;
  readonly #blocks = new SendBlocks(READ_BYTES);
  #known = new KnownBlocks(0, { isWanted: false, isFine: false });
  /** How much the last packed piece held for each byte of it. */
  #packed = 1;
  #sent = 0;
  #round = 0;
  #isForgotten = false;
  /** Whether nobody listened, or there was no connection; then nothing but questions is sent until one is answered. */
  #isAway = false;
  /** Whether a question is to be asked at once. */
  #isAsked = true;
  #fault: CopyError | undefined;
  /** How long it waited for an answer in vain, ms: what a machine sleeps does not count. */
  #silentMs = 0;
  #pauseMs = FIRST_PAUSE_MS;
  #channel: PieceChannel | undefined;
  /** Ends the wait for an answer, or for room. */
  onRoom: () => void = () => {};

  constructor(options: PieceSenderOptions, deps: PieceSenderDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Resolves when the target has the whole file. Throws CopyError, or the signal's reason. */
  async run(): Promise<void> {
    const { source, openChannel } = this.#deps;
    const { toNode, signal } = this.#options;
    using channel = await openChannel(toNode, this);
    this.#channel = channel;
    const { tellsFine: isFine } = channel;
    this.#known = new KnownBlocks(source.size, { isWanted: isPacked(channel), isFine });
    while (this.#there !== source.size) {
      signal.throwIfAborted();
      if (this.#fault) throw this.#fault;
      await this.#step(channel);
    }
  }

  async #step(channel: PieceChannel): Promise<void> {
    if (this.#isForgotten) return await this.#beginAgain();
    if (this.#isAsked) return this.#ask(channel);
    if (this.#known.isComplete) {
      await this.#known.find(this.#deps.source, this.#there ?? 0, this.#options.signal);
      this.#isAsked = this.#known.isAsking;
      return;
    }
    if (this.#maySend(channel)) return await this.#sendNext(channel);
    await this.#awaitAnswer(channel);
  }

  #maySend(channel: PieceChannel): boolean {
    const { source } = this.#deps;
    if (this.#there === undefined || this.#isAway || this.#known.isAsking) return false;
    return this.#sent < source.size && this.#room(channel) > 0;
  }

  /** How much more may be on its way now, bytes. */
  #room(channel: PieceChannel): number {
    const most = windowBytes(this.#deps.source.size);
    const room = most - channel.outBytes;
    return room < this.#pieceBytes(channel) ? 0 : Math.min(channel.findRoom(), room);
  }

  #pieceBytes({ pieceBytes }: PieceChannel): number {
    return Math.min(pieceBytes, LARGEST_PIECE, windowBytes(this.#deps.source.size));
  }

  async #sendNext(channel: PieceChannel): Promise<void> {
    const { source } = this.#deps;
    const { signal } = this.#options;
    const offset = this.#sent;
    const round = this.#round;
    await source.hashUpTo(offset, signal);
    const known = this.#known.next(offset);
    const isThere = known !== undefined && known.start <= offset;
    const end = isThere ? known.end : (known?.start ?? source.size);
    const block = this.#blocks.take();
    const most = Math.min(end - offset, isThere ? READ_BYTES : this.#readBytes(channel));
    const bytes = await source.read(offset, block.subarray(0, most));
    // Meanwhile the target may have said that something is missing.
    if (round !== this.#round || offset !== this.#sent) return;
    if (isThere) {
      const from = known.from + offset - known.start;
      const have = { from, count: bytes.length, more: stretchSum(bytes) };
      this.#send(channel, { bytes: NO_BYTES, have }, bytes.length);
      this.#blocks.free(block);
    } else if (isPacked(channel)) {
      this.#sendPacked(channel, bytes);
      this.#blocks.free(block);
    } else {
      this.#blocks.sent(block, offset + bytes.length);
      const size = this.#pieceBytes(channel);
      for (let start = 0; start < bytes.length && !this.#isAway; start += size) {
        const piece = bytes.subarray(start, start + size);
        this.#send(channel, { bytes: piece }, piece.length);
      }
    }
  }

  /** How much is read for what goes next, bytes. */
  #readBytes(channel: PieceChannel): number {
    const size = this.#pieceBytes(channel);
    if (isPacked(channel)) return Math.min(MOST_PACKED_BYTES, Math.ceil(size * this.#packed));
    const pieces = Math.min(PIECES_PER_READ, Math.floor(this.#room(channel) / size));
    return Math.max(1, pieces) * size;
  }

  #sendPacked(channel: PieceChannel, bytes: Uint8Array): void {
    const packed = compress(bytes, 'z');
    this.#packed = Math.max(1, bytes.length / Math.max(1, packed.length));
    const isSmaller = packed.length < bytes.length;
    const piece = isSmaller ? { bytes: packed, cmp: 'z' } : { bytes: Buffer.from(bytes) };
    this.#send(channel, piece, bytes.length);
  }

  #send(channel: PieceChannel, piece: Piece, length: number): void {
    const place = { transfer: this.#options.transfer, offset: this.#sent, round: this.#round };
    if (channel.send(place, piece, this.#sent + length)) this.#sent += length;
    else this.#isAway = true;
  }

  /** A piece without bytes: its answer tells how far the file is there, and whether something was lost on the way. */
  #ask(channel: PieceChannel): void {
    const { transfer, patienceMs, toNode } = this.#options;
    this.#isAsked = false;
    if (this.#silentMs > patienceMs) {
      const text = `${toNode} has not answered for ${Math.round(patienceMs / 1000)} s`;
      this.#fault = new CopyError('silent', text);
    }
    const place = { transfer, offset: this.#sent, round: this.#round };
    channel.ask(place, this.#known.question(channel.pieceBytes));
  }

  async #beginAgain(): Promise<void> {
    this.#isForgotten = false;
    this.#beginRound();
    await this.#deps.begin();
    this.#silentMs = 0;
    this.#isAsked = true;
  }

  answered(answer: PieceAnswer | undefined): void {
    if (answer === undefined) {
      this.#isAway = true;
      return;
    }
    const { place, status, reason } = answer;
    if (place.transfer !== this.#options.transfer || place.round !== this.#round) return;
    this.#silentMs = 0;
    this.#isAway = false;
    if (status === 'unknown') this.#isForgotten = true;
    else if (status === 'rejected') this.#fault = new CopyError('target', reason ?? 'it was refused');
    else {
      if (status === 'lacks') this.#known.lacks(place.offset);
      else if (this.#known.isAsking) {
        this.#known.take(answer.sums);
        this.#isAsked = this.#known.isAsking;
      }
      this.#advance(place.offset, status !== 'accepted');
    }
    this.onRoom();
  }

  isBack(): void {
    this.#isAsked = true;
    this.onRoom();
  }

  /** The target has the file up to a position; `isMissing`: what was sent behind it is lost. */
  #advance(there: number, isMissing: boolean): void {
    if (isMissing) this.#beginRound();
    if (isMissing || there > this.#sent) this.#sent = there;
    this.#there = isMissing ? there : Math.max(there, this.#there ?? 0);
    this.#blocks.arrived(this.#there);
    this.#channel?.arrived(this.#there);
    this.#deps.progress.reached(this.#there);
  }

  /** What was sent before no longer counts. */
  #beginRound(): void {
    this.#round++;
    this.#blocks.forget();
    this.#channel?.forget();
  }

  /**
   * Waits for an answer, or for room; where neither comes the target is asked. Where a budget holds up what is left nothing is asked:
   * that would take the next budget too.
   */
  async #awaitAnswer({ overdueMs, heldMs }: PieceChannel): Promise<void> {
    const isHeld = heldMs > 0 && this.#sent < this.#deps.source.size;
    const ms = isHeld ? heldMs : Math.max(this.#pauseMs, overdueMs);
    const isAnswered = await this.#isAnswered(ms);
    if (isAnswered) this.#pauseMs = FIRST_PAUSE_MS;
    if (isAnswered || isHeld) return;
    this.#silentMs += ms;
    this.#pauseMs = Math.min(this.#pauseMs * 2, this.#options.longestPauseMs);
    this.#isAsked = true;
  }

  /** Whether an answer comes within a time. */
  async #isAnswered(ms: number): Promise<boolean> {
    const { signal } = this.#options;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const cancel = this.#deps.clock.after(ms, () => resolve(false));
    const onAbort = () => resolve(false);
    signal.addEventListener('abort', onAbort);
    this.onRoom = () => resolve(true);
    try {
      return await promise;
    } finally {
      this.onRoom = () => {};
      cancel();
      signal.removeEventListener('abort', onAbort);
    }
  }
}

const NO_BYTES = new Uint8Array(0);

function isPacked(channel: PieceChannel): boolean {
  return channel.takesBlocks && !channel.isFast;
}

function windowBytes(total: number): number {
  return Math.min(MAX_WINDOW_BYTES, Math.max(MIN_WINDOW_BYTES, Math.ceil(total / WINDOW_SHARE)));
}
