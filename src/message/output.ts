/**
 * What the sender of a request wants of its run's output besides the reply: its last part with the end, all of it while
 * it runs, or nothing.
 */
export const OUTPUT_MODES = ['end', 'live', 'none'] as const;

export type OutputMode = (typeof OUTPUT_MODES)[number];

/** What is said of a request whose output, or a part of it, could not be kept; why follows. */
export const LOST = 'output lost: ';
/** The same where it had to give way. */
export const OUTPUT_LOST = `${LOST}no room`;

export type OutputStream = 'stdout' | 'stderr';

/** A piece of what a run printed; `offset` is its place in the stream, bytes. */
export interface OutputPiece {
  readonly stream: OutputStream;
  readonly offset: number;
  readonly data: Uint8Array;
}

/** How much of a run's output travels with its end, and how large a piece of it is, bytes. */
export const END_OUTPUT_BYTES = 64 * 1024;

/** The output mode in a header or a database: what is absent or not known is `end`. */
export function outputModeOf(text: string | null | undefined): OutputMode {
  return OUTPUT_MODES.includes(text as OutputMode) ? (text as OutputMode) : 'end';
}
