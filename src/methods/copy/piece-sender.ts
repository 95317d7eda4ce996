import type { CopyProgress } from './copy-progress.ts';
import { CopyError, type CopySource } from './copy-source.ts';
import type { PieceAnswer, PiecePlace } from './piece-place.ts';
import { SendBlocks } from './send-blocks.ts';

/** The way on which pieces of files go to one node and answers come back. */
export interface PieceChannel extends Disposable {
  /** The largest piece, bytes. */
  readonly maxBytes: number;
  /** Sends a piece; false where there is no connection. */
  send(place: PiecePlace, bytes: Uint8Array): boolean;
}

/** Opens the way to a node; `undefined` as an answer means that nobody listens there. */
export type OpenChannel = (
  toNode: string,
  onAnswer: (answer: PieceAnswer | undefined) => void,
) => Promise<PieceChannel>;

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
/** The window's share of the whole: more would be sent again in vain when a link is cut. */
const WINDOW_SHARE = 40;
const FIRST_PAUSE_MS = 500;

/**
 * Sends a file in pieces, a few of them ahead of the answers. The target says how far the file is there, so it does
 * not matter what was sent before, or by which life of which node: sending goes on from there.
 */
export class PieceSender {
  readonly #options: PieceSenderOptions;
  readonly #deps: PieceSenderDeps;
  /** Up to where the target has the file; undefined until it has said so. */
  #there: number | undefined;
  readonly #blocks = new SendBlocks(LARGEST_PIECE * PIECES_PER_READ);
  #sent = 0;
  #round = 0;
  #isForgotten = false;
  /** Whether nobody listened, or there was no connection; then nothing but questions is sent until one is answered. */
  #isAway = false;
  #fault: CopyError | undefined;
  #heardAt = performance.now();
  #wake: () => void = () => {};

  constructor(options: PieceSenderOptions, deps: PieceSenderDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Resolves when the target has the whole file. Throws CopyError, or the signal's reason. */
  async run(): Promise<void> {
    const { source, openChannel } = this.#deps;
    using channel = await openChannel(this.#options.toNode, this.#take);
    let pauseMs = FIRST_PAUSE_MS;
    this.#ask(channel);
    while (this.#there !== source.size) {
      this.#options.signal.throwIfAborted();
      if (this.#fault) throw this.#fault;
      if (this.#isForgotten) await this.#beginAgain(channel);
      else if (this.#maySend(channel)) await this.#sendNext(channel);
      else if (await this.#isAnswered(pauseMs)) pauseMs = FIRST_PAUSE_MS;
      else {
        pauseMs = Math.min(pauseMs * 2, this.#options.longestPauseMs);
        this.#ask(channel);
      }
    }
  }

  #maySend(channel: PieceChannel): boolean {
    const { source } = this.#deps;
    if (this.#there === undefined || this.#isAway || this.#sent >= source.size) return false;
    return this.#room >= this.#pieceBytes(channel);
  }

  /** How much more may be on its way now. */
  get #room(): number {
    return windowBytes(this.#deps.source.size) - (this.#sent - (this.#there ?? 0));
  }

  async #sendNext(channel: PieceChannel): Promise<void> {
    const { source } = this.#deps;
    const offset = this.#sent;
    const round = this.#round;
    await source.hashUpTo(offset, this.#options.signal);
    const piece = this.#pieceBytes(channel);
    const most = Math.min(piece * PIECES_PER_READ, Math.floor(this.#room / piece) * piece);
    const block = this.#blocks.take();
    const bytes = await source.read(offset, block.subarray(0, Math.min(most, source.size - offset)));
    // Meanwhile the target may have said that something is missing.
    if (round !== this.#round || offset !== this.#sent) return;
    this.#blocks.sent(block, offset + bytes.length);
    for (let start = 0; start < bytes.length && !this.#isAway; start += piece) {
      const part = bytes.subarray(start, start + piece);
      const place = { transfer: this.#options.transfer, offset: offset + start, round };
      if (channel.send(place, part)) this.#sent += part.length;
      else this.#isAway = true;
    }
  }

  /** A piece without bytes: its answer tells how far the file is there, and whether something was lost on the way. */
  #ask(channel: PieceChannel): void {
    const { transfer, patienceMs, toNode } = this.#options;
    if (performance.now() - this.#heardAt > patienceMs) {
      const text = `${toNode} has not answered for ${Math.round(patienceMs / 1000)} s`;
      this.#fault = new CopyError('silent', text);
    }
    channel.send({ transfer, offset: this.#sent, round: this.#round }, new Uint8Array(0));
  }

  async #beginAgain(channel: PieceChannel): Promise<void> {
    this.#isForgotten = false;
    this.#beginRound();
    await this.#deps.begin();
    this.#heardAt = performance.now();
    this.#ask(channel);
  }

  readonly #take = (answer: PieceAnswer | undefined): void => {
    if (answer === undefined) {
      this.#isAway = true;
      return;
    }
    const { place, status, reason } = answer;
    if (place.transfer !== this.#options.transfer || place.round !== this.#round) return;
    this.#heardAt = performance.now();
    this.#isAway = false;
    if (status === 'unknown') this.#isForgotten = true;
    else if (status === 'rejected') this.#fault = new CopyError('target', reason ?? 'it was refused');
    else this.#advance(place.offset, status === 'gap');
    this.#wake();
  };

  #advance(there: number, isGap: boolean): void {
    if (isGap) this.#beginRound();
    if (isGap || there > this.#sent) this.#sent = there;
    this.#there = isGap ? there : Math.max(there, this.#there ?? 0);
    this.#blocks.arrived(this.#there);
    this.#deps.progress.reached(this.#there);
  }

  /** What was sent before no longer counts. */
  #beginRound(): void {
    this.#round++;
    this.#blocks.forget();
  }

  /** Whether an answer comes within a time. */
  async #isAnswered(ms: number): Promise<boolean> {
    const { signal } = this.#options;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), ms);
    const onAbort = () => resolve(false);
    signal.addEventListener('abort', onAbort);
    this.#wake = () => resolve(true);
    try {
      return await promise;
    } finally {
      this.#wake = () => {};
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  #pieceBytes({ maxBytes }: PieceChannel): number {
    return Math.min(maxBytes, LARGEST_PIECE, windowBytes(this.#deps.source.size));
  }
}

function windowBytes(total: number): number {
  return Math.min(MAX_WINDOW_BYTES, Math.max(MIN_WINDOW_BYTES, Math.ceil(total / WINDOW_SHARE)));
}
