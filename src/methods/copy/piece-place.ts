/** Where a piece of a file belongs: in which transfer, and at which byte; `round` counts how often sending began anew. */
export interface PiecePlace {
  readonly transfer: string;
  /** In an answer: up to where the file is there. */
  readonly offset: number;
  readonly round: number;
}

/** A piece of a file as it came, apart from the messages; one without bytes only asks how far the file is there. */
export interface ArrivedPiece {
  readonly place: string;
  readonly bytes: Uint8Array;
  answer(answer: PieceAnswer): void;
}

/** What a target says of the pieces that it got. */
export interface PieceAnswer {
  readonly place: PiecePlace;
  /** `gap`: a piece is missing before this one; `unknown`: no such transfer was begun here; `rejected`: it has failed. */
  readonly status: 'accepted' | 'gap' | 'unknown' | 'rejected';
  readonly reason?: string;
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
