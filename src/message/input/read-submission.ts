import { isUtf8 } from 'node:buffer';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { dropTrailingCommas, findJsonFault } from '../../lib/json-fault.ts';
import { showValue } from '../../lib/show-value.ts';
import { MessageError } from '../message-error.ts';
import { type JsonRange, splitJsonList } from './split-json-list.ts';

/** The items of a submission, in order, each as JSON or YAML gave it and not yet checked. */
export interface ParsedSubmission {
  readonly items: unknown[];
}

/** How much is read until other work has a turn, a few ms; by bytes, as a time would differ from run to run. */
const SLICE_BYTES = 256 * 1024;
/** An item counts as this many bytes more than it has. */
const ITEM_BYTES = 64;
const MAX_YAML_BYTES = 64 * 1024;

/**
 * Reads what was submitted: a list of messages or one message, as JSON (a comma after a last item is let pass) or
 * else as YAML of up to 64 KiB. Long JSON lists are read in slices, so that the node goes on with its work.
 * Throws MessageError, 'malformed' with the place of the fault, or 'too-large'.
 */
export async function readSubmission(text: Uint8Array): Promise<ParsedSubmission> {
  const bytes = withoutMark(Buffer.from(text.buffer, text.byteOffset, text.byteLength));
  if (!isUtf8(bytes)) throw notUtf8(bytes);
  const first = bytes.find((byte) => byte > 0x20);
  if (first === undefined) throw new MessageError('malformed', 'the submission is empty');
  if (first !== OPEN_LIST && first !== OPEN_OBJECT) return { items: await readYaml(bytes) };
  try {
    return { items: first === OPEN_LIST ? await readJsonList(bytes) : [readJson(bytes, whole(bytes))] };
  } catch (error) {
    return { items: await yamlOrElse(bytes, error) };
  }
}

const OPEN_LIST = 0x5b;
const OPEN_OBJECT = 0x7b;

async function readJsonList(bytes: Buffer): Promise<unknown[]> {
  const split = await splitJsonList(bytes);
  const items: unknown[] = [];
  let readBytes = 0;
  for (const range of split.items) {
    items.push(readJson(bytes, range, items.length));
    readBytes += range.end - range.start + ITEM_BYTES;
    if (readBytes < SLICE_BYTES) continue;
    await nextTurn();
    readBytes = 0;
  }
  if (split.fault) throw malformed(split.fault.reason, bytes, split.fault.offset);
  return items;
}

function readJson(bytes: Buffer, { start, end }: JsonRange, index?: number): unknown {
  const text = bytes.toString('utf8', start, end);
  try {
    return JSON.parse(text);
  } catch (cause) {
    const fault = findJsonFault(text);
    if (fault === undefined) return JSON.parse(dropTrailingCommas(text));
    const offset = start + Buffer.byteLength(text.slice(0, fault.offset));
    throw malformed(fault.reason, bytes, offset, { index, cause });
  }
}

/** What looks like JSON but is none may be YAML, which has lists and objects of the same look. */
async function yamlOrElse(bytes: Buffer, error: unknown): Promise<unknown[]> {
  if (bytes.length > MAX_YAML_BYTES) throw error;
  try {
    return await readYaml(bytes);
  } catch {
    throw error;
  }
}

async function readYaml(bytes: Buffer): Promise<unknown[]> {
  if (bytes.length > MAX_YAML_BYTES) {
    throw new MessageError(
      'too-large',
      `YAML of more than ${MAX_YAML_BYTES} bytes is not read; submit it as JSON`,
    );
  }
  const value = await parseYaml(bytes.toString('utf8'));
  if (Array.isArray(value)) return value;
  if (typeof value === 'object' && value !== null) return [value];
  throw new MessageError(
    'malformed',
    `a list of messages or one message is expected, not ${showValue(value)}`,
  );
}

async function parseYaml(text: string): Promise<unknown> {
  // Hardly anybody submits YAML, and its reader is a tenth of all modules that a node would load.
  const { parseDocument } = await import('yaml');
  try {
    const document = parseDocument(text, { merge: true });
    const error = document.errors[0];
    if (error === undefined) return document.toJS({ maxAliasCount: 100 });
    const [reason = ''] = error.message.split(/ at line \d+, column \d+|\n/);
    const place = error.linePos?.[0] ?? { line: 1, col: 1 };
    throw new MessageError('malformed', `line ${place.line}, column ${place.col} (read as YAML): ${reason}`);
  } catch (cause) {
    if (cause instanceof MessageError) throw cause;
    throw new MessageError('malformed', 'the submission is neither JSON nor YAML', { cause });
  }
}

function notUtf8(bytes: Buffer): MessageError {
  const mended = Buffer.from(bytes.toString('utf8'));
  const offset = bytes.findIndex((byte, index) => byte !== mended[index]);
  return malformed('the text is not UTF-8; submit such data as {"base64": "..."}', bytes, offset);
}

/** An error that names the place of a fault by line and column (counted from 1) and by item (counted from 0). */
function malformed(
  reason: string,
  bytes: Buffer,
  offset: number,
  about?: { index?: number; cause?: unknown },
) {
  const before = bytes.toString('utf8', 0, offset);
  const line = before.split('\n').length;
  const column = before.length - before.lastIndexOf('\n');
  const item = about?.index === undefined ? '' : ` (item ${about.index}, the first is 0)`;
  return new MessageError('malformed', `line ${line}, column ${column}${item}: ${reason}`, {
    cause: about?.cause,
  });
}

function whole(bytes: Buffer): JsonRange {
  return { start: 0, end: bytes.length };
}

function withoutMark(bytes: Buffer): Buffer {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}
