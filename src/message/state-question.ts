import { decodeReport, encodeReport, type ReportEntry } from './report.ts';

/** How many requests one question may be about. */
export const MAX_IDS = 200;

/** The word for a node that says how requests stand which it sent to who asks. */
export const HELD_WORD = 'held';

/** Which requests a node asks about. */
export interface StateQuestion {
  readonly from: string;
  /** Its own. */
  readonly ids: readonly string[];
  /** Those of the node that is asked, which this one holds and has not begun. */
  readonly held?: readonly string[];
}

/**
 * How requests stand at the node that sent them, of those that have ended there or run. `older`: it does not know the word;
 * `silent`: it does not answer now; `unknown`: it never named any word.
 */
export type HeldAnswer = readonly ReportEntry[] | 'older' | 'silent' | 'unknown';

/** What a node knows of requests that another one sent it. Of those that are not named there is nothing new. */
export interface StateAnswer {
  /** How they run, or ended. */
  readonly ends: readonly ReportEntry[];
  /** Those that it no longer knows: they are older than all that it remembers. */
  readonly gone: readonly string[];
  /** Those that it never had, as far as it remembers. */
  readonly never: readonly string[];
  /** The last one that was looked at, as there may be no room for all; null where none is to be looked at yet. */
  readonly upTo: string | null;
}

/** Where a node is asked for the states of requests. */
export function stateSubject(node: string): string {
  return `${node}.Steward.State`;
}

/** Reads a question; undefined where it is none. */
export function decodeQuestion(payload: Uint8Array): StateQuestion | undefined {
  const { from, ids, held = [] } = parse(payload);
  if (typeof from !== 'string' || !isList(ids) || !isList(held)) return undefined;
  return ids.length + held.length <= MAX_IDS ? { from, ids, held } : undefined;
}

export function encodeAnswer({ ends, ...rest }: StateAnswer): string {
  return JSON.stringify({ ...rest, report: Buffer.from(encodeReport(ends)).toString() });
}

/** Reads an answer; undefined where it is none. */
export function decodeAnswer(payload: Uint8Array): StateAnswer | undefined {
  const { report, gone, never, upTo } = parse(payload);
  if (typeof report !== 'string' || !isList(gone) || !isList(never)) return undefined;
  return {
    ends: decodeReport(Buffer.from(report)).ends,
    gone,
    never,
    upTo: typeof upTo === 'string' ? upTo : null,
  };
}

function isList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

function parse(payload: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(payload).toString());
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
