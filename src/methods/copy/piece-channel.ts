import type { ArrivedPiece, PieceAnswer, PiecePlace, SumsQuestion } from './piece-place.ts';

/** A piece as it travels: bytes, maybe compressed, or a stretch that its target has already. */
export type Piece = Pick<ArrivedPiece, 'bytes' | 'cmp' | 'have'>;

/** The way on which pieces of files go to one node and answers come back. */
export interface PieceChannel extends Disposable {
  /** How large the next piece may be as it travels, bytes. */
  readonly pieceBytes: number;
  /** How much is on its way to the node, or waits for that, bytes. */
  readonly outBytes: number;
  /** How long the answer to all that is on its way may take, ms. */
  readonly overdueMs: number;
  /** How long a budget of a link on the way lets no piece through, ms; 0 where it does. */
  readonly heldMs: number;
  /** Whether the node takes packed pieces, and such that it has already. */
  readonly takesBlocks: boolean;
  /** Whether it tells sums of small blocks here and there. */
  readonly tellsFine: boolean;
  /** Whether the link is so fast that to compress and to compare files takes longer than to send them. */
  readonly isFast: boolean;
  /** How much more may be on its way, bytes; where that is nothing, it is told when there is room again. */
  findRoom(): number;
  /** Sends a piece that ends at a position of the file, as soon as the link has room for it; false where there is no connection. */
  send(place: PiecePlace, piece: Piece, end: number): boolean;
  /** Asks how far the file is there, and for sums of blocks, unless there are pieces that have not gone yet. */
  ask(place: PiecePlace, sums?: SumsQuestion): void;
  /** The file is there up to a position. */
  arrived(position: number): void;
  /** What was sent is not awaited any more. */
  forget(): void;
}

export interface PieceListener {
  /** An answer came; `undefined` means that nobody listens there. */
  answered(answer: PieceAnswer | undefined): void;
  /** There is room again. */
  onRoom(): void;
  /** The node has connected anew. */
  isBack(): void;
}

/** Opens the way to a node. */
export type OpenChannel = (toNode: string, listener: PieceListener) => Promise<PieceChannel>;
