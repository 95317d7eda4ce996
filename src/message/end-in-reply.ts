import type { Message } from './message.ts';
import { END_OUTPUT_BYTES } from './output.ts';
import { type ReportEntry, readReportEntry, reportEntryJson } from './report.ts';

/** The word of nodes that read the end of a request in a header of its reply. */
export const END_IN_REPLY = 'end-in-reply';

/** A header of this size still fits into what a message leaves of the broker's limit, bytes. */
const MAX_HEADER_BYTES = 1024;

/**
 * The end of a request as a header of its reply: what a report says of it, but that its output is the last
 * `stdoutBytes` of the reply. Undefined where it does not fit, or the reply is something else; or is large, as an end that
 * travels by itself is there sooner: over a thin link bytes are dearer than that.
 */
export function endHeader(
  { stdout, ...end }: ReportEntry,
  reply: Uint8Array,
  { isThin = false } = {},
): string | undefined {
  if ((reply.length > END_OUTPUT_BYTES && !isThin) || end.output) return undefined;
  if (stdout && Buffer.compare(stdout, reply.subarray(Math.max(0, reply.length - stdout.length))) !== 0)
    return undefined;
  const fields = { ...reportEntryJson(end), ...(stdout && { stdoutBytes: stdout.length }) };
  const text = JSON.stringify(fields).replace(/[^ -~]/g, escaped);
  return text.length <= MAX_HEADER_BYTES ? text : undefined;
}

/** The end that a header of a reply tells, or a sentence on what is wrong with it. */
export function readEndHeader(header: string, { data }: Message): ReportEntry | string {
  const fields = parse(header);
  const end = readReportEntry(fields);
  if (typeof end === 'string') return `the end in the reply ${end}`;
  const { stdoutBytes = 0 } = fields as { stdoutBytes?: unknown };
  const reply = data?.length === 1 ? data[0]! : Buffer.concat(data ?? []);
  if (!Number.isSafeInteger(stdoutBytes) || Number(stdoutBytes) < 0 || Number(stdoutBytes) > reply.length)
    return 'the end in the reply tells of more output than the reply has';
  return stdoutBytes === 0 ? end : { ...end, stdout: reply.subarray(reply.length - Number(stdoutBytes)) };
}

function parse(header: string): unknown {
  try {
    return JSON.parse(header);
  } catch {
    return undefined;
  }
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
