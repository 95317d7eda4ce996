import { showValue } from '../lib/show-value.ts';
import type { Reading } from './codec/read-value.ts';

/**
 * What the sender of a request wants of its run's output besides the reply: its last part with the end, all of it while
 * it runs, or nothing.
 */
const OUTPUT_MODES = ['end', 'live', 'none'] as const;

export type OutputMode = (typeof OUTPUT_MODES)[number];

/** What is said of a request whose output had to give way. */
export const OUTPUT_LOST = 'output lost: no room';

export type OutputStream = 'stdout' | 'stderr';

/** A piece of what a run printed; `offset` is its place in the stream, bytes. */
export interface OutputPiece {
  readonly stream: OutputStream;
  readonly offset: number;
  readonly data: Uint8Array;
}

/** How much of a run's output travels with its end, and how large a piece of it is, bytes. */
export const END_OUTPUT_BYTES = 64 * 1024;

/** An output mode from JSON. */
export function readOutputMode(value: unknown): Reading {
  if (OUTPUT_MODES.includes(value as OutputMode)) return { ok: true, value };
  const allowed = OUTPUT_MODES.map((mode) => JSON.stringify(mode)).join(', ');
  return { ok: false, reason: `must be one of ${allowed}, but is ${showValue(value)}` };
}

/** The output mode in a header or a database: what is absent or not known is `end`. */
export function outputModeOf(text: string | null | undefined): OutputMode {
  return OUTPUT_MODES.find((mode) => mode === text) ?? 'end';
}
