import { join } from 'node:path';
import { readPlainFile } from '../lib/plain-file.ts';
import { readBoltBucket } from '../lib/read-bolt.ts';
import { errorCode } from '../lib/system-fault.ts';
import { countWords } from '../lib/time-words.ts';

/** What the original left in its own queue; `fault` says why that cannot be told. */
export interface OriginalQueue {
  readonly path: string;
  /** The messages as the original keeps them, in the order in which they came. */
  readonly messages: readonly unknown[];
  readonly fault?: string;
}

const FILE = 'incomingBuffer.db';
const BUCKET = 'samValueBucket';
/** What is larger is not read into memory, bytes. */
const MOST_BYTES = 256 * 1024 * 1024;

/** Reads what the original did not deliver before it was stopped; undefined where there is no such file. It is never sent. */
export async function readOriginalQueue(databaseFolder: string): Promise<OriginalQueue | undefined> {
  const path = join(databaseFolder, FILE);
  try {
    const bytes = await readPlainFile(path, { maxBytes: MOST_BYTES });
    const found = readBoltBucket(bytes, BUCKET).map(({ value }) => messageOf(value));
    const messages = found.toSorted((a, b) => a.id - b.id).map(({ message }) => message);
    return { path, messages };
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    return { path, messages: [], fault: (error as Error).message };
  }
}

/** Says that a queue of the original lies there, as nobody else knows of it; undefined where none does, or an empty one. */
export async function leftQueueText(databaseFolder: string): Promise<string | undefined> {
  const queue = await readOriginalQueue(databaseFolder);
  if (queue === undefined || (queue.messages.length === 0 && queue.fault === undefined)) return undefined;
  const what = queue.fault ?? `${countWords(queue.messages.length, 'message')} that it did not deliver`;
  return `${queue.path} is a queue of the original (${what}): nothing in it is sent; steward doctor --from-original shows it`;
}

/** One of its items: a number, and the message next to its subject. */
function messageOf(value: Buffer): { readonly id: number; readonly message: unknown } {
  try {
    const item = JSON.parse(value.toString()) as {
      ID?: number;
      SAM?: { Message?: unknown };
      Data?: { Message?: unknown };
    };
    return { id: item.ID ?? 0, message: item.SAM?.Message ?? item.Data?.Message ?? item };
  } catch {
    return { id: 0, message: value.toString() };
  }
}
