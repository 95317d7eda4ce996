/**
 * What the sender of a request wants of its run's output besides the reply: its last part with the end, all of it while
 * it runs, or nothing.
 */
export const OUTPUT_MODES = ['end', 'live', 'none'] as const;

export type OutputMode = (typeof OUTPUT_MODES)[number];

export type OutputStream = 'stdout' | 'stderr';

/** A piece of what a run printed; `offset` is its place in the stream, bytes. */
export interface OutputPiece {
  readonly stream: OutputStream;
  readonly offset: number;
  readonly data: Uint8Array;
}

/** How much of a run's output is told of with its end, and how large a piece of it is, bytes. */
export const END_OUTPUT_BYTES = 64 * 1024;

/** Whether a value is an output mode. */
export function isOutputMode(value: unknown): value is OutputMode {
  return OUTPUT_MODES.includes(value as OutputMode);
}
