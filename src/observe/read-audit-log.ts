import { hasAllWords } from '../lib/has-all-words.ts';
import { linesBackwards } from '../lib/lines-backwards.ts';

/** Which entries are wanted; times are unix ms. */
export interface AuditQuery {
  readonly limit: number;
  readonly node?: string | undefined;
  readonly method?: string | undefined;
  readonly state?: string | undefined;
  /** Ended at or after this time. */
  readonly since?: number | undefined;
  /** A text that the entry holds somewhere. */
  readonly text?: string | undefined;
}

/** Where the audit log is, and how many older files of it may lie next to it. */
export interface AuditFiles {
  readonly path: string;
  readonly keepFiles: number;
}

type Entry = Readonly<Record<string, unknown>>;

/** Entries are written in the order in which messages end, but for what is written together. */
const ORDER_SLACK_MS = 60_000;

/** The entries of an audit log that are wanted, newest first; reads no more of its files than that takes. */
export async function readAuditLog(files: AuditFiles, query: AuditQuery): Promise<Entry[]> {
  const found: Entry[] = [];
  for await (const entry of likelyEntries(files, query)) {
    const endedAt = Date.parse(String(entry.endedAt));
    if (query.since !== undefined && endedAt < query.since - ORDER_SLACK_MS) break;
    if (fits(entry, endedAt, query) && found.push(entry) >= query.limit) break;
  }
  return found;
}

async function* likelyEntries(files: AuditFiles, query: AuditQuery): AsyncGenerator<Entry> {
  for (const path of [files.path, ...setAside(files)]) {
    for await (const line of linesBackwards(path)) {
      const entry = mayFit(line, query) ? parse(line) : undefined;
      if (entry) yield entry;
    }
  }
}

function setAside({ path, keepFiles }: AuditFiles): string[] {
  return Array.from({ length: keepFiles }, (_, index) => `${path}.${index + 1}`);
}

/** Whether a line holds what is asked for at all; it is parsed only then. */
function mayFit(line: string, { node, method, state, text }: AuditQuery): boolean {
  const words = [node, method, state]
    .filter((word) => word !== undefined)
    .map((word) => JSON.stringify(word));
  if (text !== undefined) words.push(JSON.stringify(text).slice(1, -1));
  return hasAllWords(line, words);
}

function fits(entry: Entry, endedAt: number, { node, method, state, since }: AuditQuery): boolean {
  const message = (entry.message ?? {}) as Entry;
  return (
    (node === undefined || message.toNode === node) &&
    (method === undefined || message.method === method) &&
    (state === undefined || entry.state === state) &&
    (since === undefined || endedAt >= since)
  );
}

/** A line that a crash left torn is none. */
function parse(line: string): Entry | undefined {
  try {
    return JSON.parse(line) as Entry;
  } catch {
    return undefined;
  }
}
