import type { OutputStream } from '../message/output.ts';
import type { Store } from '../store/store.ts';

/** What is kept of one stream of a request's output. */
export interface KeptOutput {
  /** What is kept from the wanted place on, gaps left out. */
  readonly data: Uint8Array;
  /** How much was printed, as far as is known. */
  readonly totalBytes: number;
  /** How much of that is kept, also before the wanted place. */
  readonly keptBytes: number;
  /** What is not kept: from the first place to before the second, in order. */
  readonly gaps: readonly (readonly [from: number, to: number])[];
}

interface WantedOutput {
  readonly id: string;
  readonly stream: OutputStream;
  readonly from: number;
  readonly to?: number | undefined;
}

/** How the table `outputs` calls the streams: as descriptors have it. */
export const STREAM_NUMBER: Readonly<Record<OutputStream, number>> = { stdout: 1, stderr: 2 };

interface Totals {
  readonly output_bytes: number | null;
  readonly stderr_bytes: number | null;
  readonly stderr_tail: Uint8Array | null;
}

interface Stored {
  readonly offset: number;
  readonly data: Uint8Array;
}

/** What is kept of one stream; its data from the place `from` on, and before the place `to`. */
export function readOutput(
  store: Pick<Store, 'all' | 'get'>,
  { id, stream, from, to = Number.POSITIVE_INFINITY }: WantedOutput,
): KeptOutput {
  const row = store.get<Totals>(
    'SELECT output_bytes, stderr_bytes, stderr_tail FROM ledger WHERE id = ?',
    id,
  );
  const stored = store.all<Stored>(
    'SELECT offset, data FROM outputs WHERE id = ? AND stream = ? ORDER BY offset',
    ...[id, STREAM_NUMBER[stream]],
  );
  const pieces = stored.length === 0 && stream === 'stderr' && row ? tailOf(row) : stored;
  const printed = (stream === 'stdout' ? row?.output_bytes : row?.stderr_bytes) ?? 0;
  const last = pieces.at(-1);
  const totalBytes = last ? last.offset + last.data.length : printed;
  return {
    data: Buffer.concat(
      pieces.map(({ offset, data }) => data.subarray(Math.max(0, from - offset), Math.max(0, to - offset))),
    ),
    totalBytes,
    keptBytes: pieces.reduce((sum, { data }) => sum + data.length, 0),
    gaps: gapsBetween(pieces, totalBytes),
  };
}

/** Where nothing was told while it ran, the end of stderr is in the ledger's own row. */
function tailOf({ stderr_tail: data, stderr_bytes }: Totals): Stored[] {
  if (!data || stderr_bytes === 0) return [];
  return [{ offset: Math.max(0, (stderr_bytes ?? 0) - data.length), data }];
}

function gapsBetween(pieces: readonly Stored[], totalBytes: number): [number, number][] {
  const gaps: [number, number][] = [];
  let end = 0;
  for (const { offset, data } of pieces) {
    if (offset > end) gaps.push([end, offset]);
    end = offset + data.length;
  }
  if (totalBytes > end) gaps.push([end, totalBytes]);
  return gaps;
}
