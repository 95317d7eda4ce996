import { cleanLine, lastWritten } from '../text/clean.ts';

/** Lines that are kept of an output; of a longer one the end is shown. */
const MAX_LINES = 20_000;
/** A longer line goes on in the next one. */
const MAX_LINE_BYTES = 4096;
const NEWLINE = 0x0a;

/** An output as far as it was read, as clean lines. */
export interface OutputText {
  /** Where the next byte belongs that is to be read. */
  readonly nextByte: number;
  readonly lines: readonly string[];
  /** The bytes of the last line while it has no end yet. */
  readonly rest: Uint8Array;
  /** Whether the beginning is missing here. */
  readonly isCut: boolean;
}

export const NO_OUTPUT: OutputText = { nextByte: 0, lines: [], rest: new Uint8Array(), isCut: false };

/**
 * The output with a piece more, `from` that byte on. A piece that overlaps is cut; undefined where one is missing in
 * between, so that it must be read first.
 */
export function withPiece(output: OutputText, from: number, bytes: Uint8Array): OutputText | undefined {
  if (from > output.nextByte) return undefined;
  const fresh = bytes.subarray(output.nextByte - from);
  if (fresh.length === 0) return output;
  const all = Buffer.concat([output.rest, fresh]);
  const lines: string[] = [];
  let start = 0;
  for (let end = lineEnd(all, start); end !== undefined; end = lineEnd(all, start)) {
    lines.push(toLine(all.subarray(start, end)));
    start = all[end] === NEWLINE ? end + 1 : end;
  }
  const kept = [...output.lines, ...lines].slice(-MAX_LINES);
  return {
    nextByte: output.nextByte + fresh.length,
    lines: kept,
    rest: Uint8Array.from(all.subarray(start)),
    isCut: output.isCut || kept.length < output.lines.length + lines.length,
  };
}

/** The lines to show: the one that has no end yet too. */
export function outputLines({ lines, rest }: OutputText): readonly string[] {
  return rest.length === 0 ? lines : [...lines, toLine(rest)];
}

/** Where the line ends that begins here; undefined where its end has not come yet. */
function lineEnd(bytes: Buffer, start: number): number | undefined {
  const newline = bytes.indexOf(NEWLINE, start);
  const end = newline < 0 ? bytes.length : newline;
  if (end - start > MAX_LINE_BYTES) return letterStart(bytes, start + MAX_LINE_BYTES);
  return newline < 0 ? undefined : newline;
}

/** The nearest place before this that is not within a UTF-8 letter. */
function letterStart(bytes: Buffer, position: number): number {
  let start = position;
  while (start > position - 4 && (bytes[start]! & 0xc0) === 0x80) start--;
  return start;
}

function toLine(bytes: Uint8Array): string {
  return cleanLine(lastWritten(new TextDecoder().decode(bytes)));
}
