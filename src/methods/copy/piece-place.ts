/** Where a piece of a file belongs: in which transfer, and at which byte; `round` counts how often sending began anew. */
export interface PiecePlace {
  readonly transfer: string;
  /** In an answer: up to where the file is there. */
  readonly offset: number;
  readonly round: number;
}

/** The word for a node that takes packed pieces, and stretches of what it has at the target already. */
export const BLOCKS_WORD = 'blocks';

/** The most that a piece may hold once it is unpacked, and a stretch that is taken over at once, bytes. */
export const MOST_PIECE_BYTES = 496 * 1024;

/** A number of things from one on, and a word more. */
export interface Span {
  readonly from: number;
  readonly count: number;
  readonly more: string;
}

/** A question for sums of blocks: `more` is the size of a block. */
export interface SumsQuestion extends Span {
  /** Which blocks these are, as `formatBlocks` has it, where they are not in a row; then `from` is only told back. */
  readonly blocks?: string;
}

/** A piece of a file as it came, apart from the messages; one without bytes only asks how far the file is there. */
export interface ArrivedPiece {
  readonly place: string;
  readonly bytes: Uint8Array;
  /** How the bytes are compressed, if they are. */
  readonly cmp?: string | undefined;
  /** In place of bytes: a stretch of what the target has already, by its position there, its length and its `stretchSum`. */
  readonly have?: Span | undefined;
  /** With a question: sums are wanted of these blocks of what the target has already. */
  readonly sums?: SumsQuestion | undefined;
  answer(answer: PieceAnswer): void;
}

/** What a target says of the pieces that it got. */
export interface PieceAnswer {
  readonly place: PiecePlace;
  /**
   * `gap`: a piece is missing before this one; `lacks`: the stretch that comes next is not there as its sender takes it to be;
   * `unknown`: no such transfer was begun here; `rejected`: it has failed.
   */
  readonly status: 'accepted' | 'gap' | 'lacks' | 'unknown' | 'rejected';
  readonly reason?: string;
  /** Sums of blocks, as they were asked for; in the span `more` is the size of all that the target has, bytes. */
  readonly sums?: BlockSums | undefined;
}

/** Sums of blocks in a row, `SUM_BYTES` each. */
export interface BlockSums {
  readonly span: Span;
  readonly bytes: Uint8Array;
}

/** The place as the text of a header: `<transfer>/<offset>/<round>`. */
export function formatPlace({ transfer, offset, round }: PiecePlace): string {
  return `${transfer}/${offset}/${round}`;
}

/** Reads `formatPlace` back; undefined for any other text. */
export function parsePlace(text: string): PiecePlace | undefined {
  const found = /^([\w-]{1,64})\/(\d{1,15})\/(\d{1,9})$/.exec(text);
  return found ? { transfer: found[1]!, offset: Number(found[2]), round: Number(found[3]) } : undefined;
}

/** The span as the text of a header: `<from>+<count>/<more>`. */
export function formatSpan({ from, count, more }: Span): string {
  return `${from}+${count}/${more}`;
}

/** Reads `formatSpan` back; undefined for any other text. */
export function parseSpan(text: string | undefined): Span | undefined {
  const found = /^(\d{1,15})\+(\d{1,15})\/([\da-f]{1,64})$/.exec(text ?? '');
  return found ? { from: Number(found[1]), count: Number(found[2]), more: found[3]! } : undefined;
}
