/**
 * How a request stands at the node that runs it. `running` is not an end: it is sent for what takes long. Relayed
 * requests also end as `undelivered`, and as `handed-over` where their target is a node that sends no reports.
 */
export const REPORT_STATES = [
  'running',
  'succeeded',
  'failed',
  'timed-out',
  'interrupted',
  'cancelled',
  'rejected',
  'expired',
  'undelivered',
  'handed-over',
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
  readonly outputBytes?: number;
  readonly acceptedAt?: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
}

/** The entries of a report that can be used, and a sentence for each that can't. */
export interface DecodedReport {
  readonly ends: readonly ReportEntry[];
  readonly faults: readonly string[];
}

const NUMBERS = ['exitCode', 'outputBytes', 'acceptedAt', 'startedAt', 'endedAt'] as const;
const STRINGS = ['reason', 'signal'] as const;

/** The data of a REQReport message: JSON, with bytes as base64. */
export function encodeReport(ends: readonly ReportEntry[]): Uint8Array {
  const entries = ends.map(({ stderrTail, ...rest }) => {
    return stderrTail === undefined
      ? rest
      : { ...rest, stderrTail: Buffer.from(stderrTail).toString('base64') };
  });
  return Buffer.from(JSON.stringify({ ends: entries }));
}

/** Reads the data of a REQReport message. Fields that it does not know are left out: newer nodes may send them. */
export function decodeReport(data: Uint8Array): DecodedReport {
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
    const read = readEntry(entry);
    if (typeof read === 'string') faults.push(`entry ${index} of the report ${read}`);
    else ends.push(read);
  }
  return { ends, faults };
}

/** One entry, or the end of a sentence on what is wrong with it. */
function readEntry(entry: unknown): ReportEntry | string {
  if (!isRecord(entry)) return 'is not an object';
  const { id, state, stderrTail } = entry;
  if (typeof id !== 'string' || id === '') return 'has no id';
  if (!REPORT_STATES.includes(state as ReportState)) return `has the unknown state ${JSON.stringify(state)}`;
  const wrongNumber = NUMBERS.find((key) => entry[key] != null && !Number.isSafeInteger(entry[key]));
  if (wrongNumber) return `has a ${wrongNumber} that is no whole number`;
  const wrongString = [...STRINGS, 'stderrTail'].find(
    (key) => entry[key] != null && typeof entry[key] !== 'string',
  );
  if (wrongString) return `has a ${wrongString} that is no string`;
  const known = [...NUMBERS, ...STRINGS].filter((key) => entry[key] != null).map((key) => [key, entry[key]]);
  return {
    id,
    state: state as ReportState,
    ...Object.fromEntries(known),
    ...(typeof stderrTail === 'string' && { stderrTail: Buffer.from(stderrTail, 'base64') }),
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
