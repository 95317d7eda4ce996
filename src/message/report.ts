import { isUtf8 } from 'node:buffer';
import type { OutputPiece, OutputStream } from './output.ts';

/**
 * How a request stands at the node that runs it. `running` is not an end: it is sent for what takes long. Relayed
 * requests also end as `undelivered`, as `handed-over` where their target is a node that sends no reports, and as `lost`
 * where it no longer knows them; a node that does not know the word `state` is sent `failed` for those. One that does not
 * know the word `supersedes` is sent `cancelled` for `superseded`.
 */
export const REPORT_STATES = [
  'running',
  'succeeded',
  'failed',
  'timed-out',
  'interrupted',
  'superseded',
  'cancelled',
  'rejected',
  'expired',
  'undelivered',
  'handed-over',
  'lost',
] as const;

export type ReportState = (typeof REPORT_STATES)[number];

/** What a node tells the sender of one request. Times are milliseconds since 1970. */
export interface ReportEntry {
  readonly id: string;
  readonly state: ReportState;
  readonly reason?: string;
  readonly exitCode?: number;
  readonly signal?: string;
  /** The end of what the command printed as errors. */
  readonly stderrTail?: Uint8Array;
  /** How much it printed as errors; absent where `stderrTail` is all of it. */
  readonly stderrBytes?: number;
  /** The last of what it printed, and how much came before that; absent for nothing. */
  readonly stdout?: Uint8Array;
  readonly stdoutFrom?: number;
  readonly outputBytes?: number;
  /** What it printed, piece by piece, while it runs. */
  readonly output?: readonly OutputPiece[];
  readonly acceptedAt?: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
}

/** The entries of a report that can be used, and a sentence for each that can't. */
export interface DecodedReport {
  readonly ends: readonly ReportEntry[];
  readonly faults: readonly string[];
}

/** The longest id that is read, what is kept of other texts, characters, and of the last errors that were printed, bytes. */
const [MAX_ID, MAX_TEXT, MAX_TAIL] = [200, 4000, 64 * 1024];

/** A node reports 200 ends at once, of some 20 values each. */
const MOST_VALUES = 200_000;
const [COMMA, BRACKET, BRACE] = Buffer.from(',[{') as unknown as readonly [number, number, number];

const NEWLINE = 10;
const TIMES: ReadonlySet<string> = new Set(['acceptedAt', 'startedAt', 'endedAt']);
const NUMBERS = ['exitCode', 'outputBytes', 'stdoutFrom', 'stderrBytes', ...TIMES];
/** The last moment that there is a date for, unix ms. */
const MAX_TIME = 8.64e15;
const TEXTS = ['reason', 'signal', 'stderrTail', 'stdout', 'stdoutText'];

/** The word for a node that reads output which is text as that: in base64 it is longer, and compresses by a quarter less. */
export const TEXT_OUTPUT = 'text-output';

/** What text may bring of the bytes by which values are counted, in all of a report. */
const MOST_TEXT_VALUES = MOST_VALUES / 2;

/** The data of a REQReport message: JSON, with bytes as base64; output that is text as that where the target reads it. */
export function encodeReport(ends: readonly ReportEntry[], readsText = false): Uint8Array {
  const room = { values: readsText ? MOST_TEXT_VALUES : -1 };
  return Buffer.from(JSON.stringify({ ends: ends.map((end) => reportEntryJson(end, room)) }));
}

/** An entry as it stands in JSON; `room` is what text may bring of what counts as values, none where it is negative. */
export function reportEntryJson(
  { stderrTail, stdout, output, ...rest }: ReportEntry,
  room = { values: -1 },
): object {
  const shown = stdout && textOf(stdout, room);
  return {
    ...rest,
    ...(stderrTail && { stderrTail: base64(stderrTail) }),
    ...(stdout && (shown === undefined ? { stdout: base64(stdout) } : { stdoutText: shown })),
    ...(output && { output: output.map((piece) => pieceJson(piece, room)) }),
  };
}

function pieceJson({ data, ...piece }: OutputPiece, room: { values: number }): object {
  const text = textOf(data, room);
  return text === undefined ? { ...piece, data: base64(data) } : { ...piece, text };
}

/** Bytes as a text, where they are one that JSON makes little longer; what counts as values is taken from the room. */
function textOf(bytes: Uint8Array, room: { values: number }): string | undefined {
  if (room.values < 0 || !isUtf8(bytes)) return undefined;
  let [values, escaped] = [0, 0];
  for (const byte of bytes) {
    if (byte === COMMA || byte === BRACKET || byte === BRACE) values++;
    else if (byte < 0x20 && byte !== NEWLINE) escaped++;
  }
  if (values > room.values || escaped > bytes.length / 32) return undefined;
  room.values -= values;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}

/** Reads the data of a REQReport message. Fields that it does not know are left out: newer nodes may send them. */
export function decodeReport(data: Uint8Array): DecodedReport {
  if (isTooMuch(data)) return { ends: [], faults: ['the report has more entries than any node sends'] };
  let report: unknown;
  try {
    report = JSON.parse(Buffer.from(data).toString());
  } catch {
    return { ends: [], faults: ['the report is not JSON'] };
  }
  const entries = isRecord(report) ? report.ends : undefined;
  if (!Array.isArray(entries)) return { ends: [], faults: ['the report has no list "ends"'] };
  const ends: ReportEntry[] = [];
  const faults: string[] = [];
  for (const [index, entry] of entries.entries()) {
    const read = readReportEntry(entry);
    if (typeof read === 'string') faults.push(`entry ${index} of the report ${read}`);
    else ends.push(read);
  }
  return { ends, faults };
}

/** Whether a text has more values than a report: each takes memory when it is read, however short it is. */
function isTooMuch(data: Uint8Array): boolean {
  if (data.length <= MOST_VALUES) return false;
  let values = 0;
  for (let at = 0; at < data.length && values <= MOST_VALUES; at++) {
    const byte = data[at]!;
    if (byte === COMMA || byte === BRACKET || byte === BRACE) values++;
  }
  return values > MOST_VALUES;
}

/** One entry, or the end of a sentence on what is wrong with it. */
export function readReportEntry(entry: unknown): ReportEntry | string {
  if (!isRecord(entry)) return 'is not an object';
  const { id, state } = entry;
  if (typeof id !== 'string' || id === '' || id.length > MAX_ID) return 'has no id';
  if (!REPORT_STATES.includes(state as ReportState))
    return `has the unknown state ${JSON.stringify(state)?.slice(0, 100)}`;
  const numbers = readNumbers(entry);
  if (typeof numbers === 'string') return numbers;
  const texts = readTexts(entry);
  if (typeof texts === 'string') return texts;
  const output = entry.output == null ? undefined : readPieces(entry.output);
  if (typeof output === 'string') return output;
  return { id, state: state as ReportState, ...numbers, ...texts, ...(output && { output }) };
}

/** The numbers of an entry that are there, or the end of a sentence on what is wrong with one. */
function readNumbers(entry: Record<string, unknown>): Record<string, number> | string {
  const read: Record<string, number> = {};
  for (const key of NUMBERS) {
    const value = entry[key] ?? undefined;
    if (value === undefined) continue;
    if (!Number.isSafeInteger(value)) return `has a ${key} that is no whole number`;
    read[key] = value as number;
    if (key !== 'exitCode' && read[key] < 0) return `has a ${key} that is less than 0`;
    if (TIMES.has(key) && read[key] > MAX_TIME) return `has a ${key} that is no time`;
  }
  return read;
}

/** The texts and bytes of an entry that are there, or the end of a sentence on what is wrong with one. */
function readTexts(entry: Record<string, unknown>): Record<string, string | Uint8Array> | string {
  const read: Record<string, string | Uint8Array> = {};
  for (const key of TEXTS) {
    const value = entry[key] ?? undefined;
    if (value === undefined) continue;
    if (typeof value !== 'string') return `has a ${key} that is no string`;
    Object.assign(read, readText(key, value));
  }
  return read;
}

function readText(key: string, value: string): Record<string, string | Uint8Array> {
  if (key === 'stdoutText') return { stdout: Buffer.from(value) };
  if (key === 'stdout') return { stdout: Buffer.from(value, 'base64') };
  if (key === 'stderrTail') return { stderrTail: Buffer.from(value, 'base64').subarray(-MAX_TAIL) };
  return { [key]: value.slice(0, MAX_TEXT) };
}

/** The pieces of output in an entry, or the end of a sentence on what is wrong with them. */
function readPieces(value: unknown): OutputPiece[] | string {
  if (!Array.isArray(value)) return 'has an output that is no list';
  const pieces: OutputPiece[] = [];
  for (const piece of value) {
    const { stream, offset, data, text } = isRecord(piece) ? piece : {};
    const isStream = stream === 'stdout' || stream === 'stderr';
    const bytes = typeof text === 'string' ? Buffer.from(text) : fromBase64(data);
    if (!isStream || !isOffset(offset) || !bytes)
      return 'has a piece of output without stream, offset or data';
    pieces.push({ stream: stream satisfies OutputStream, offset, data: bytes });
  }
  return pieces;
}

function fromBase64(data: unknown): Uint8Array | undefined {
  return typeof data === 'string' ? Buffer.from(data, 'base64') : undefined;
}

function isOffset(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
