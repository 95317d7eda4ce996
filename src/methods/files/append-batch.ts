import { writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import type { BorrowedFile } from '../../lib/open-files.ts';
import type { Message } from '../../message/message.ts';
import type { Incoming, Outcome } from '../../message/method-contract.ts';
import { type TargetOptions, targetFile } from './target-file.ts';

/** One file of a batch: the messages for it, what they add, and the file once it is open. */
export interface Append {
  readonly path: string;
  readonly messages: number[];
  readonly data: Uint8Array[];
  content: Uint8Array;
  file: BorrowedFile | undefined;
}

/** The files of a batch, each with its messages in their order; a place that cannot be is the outcome of its message. */
export function groupByFile(
  batch: readonly Incoming[],
  outcomes: Outcome[],
  target?: TargetOptions,
): Append[] {
  const appends = new Map<string, Append>();
  let last: { message: Message; append: Append } | undefined;
  for (const [index, { message }] of batch.entries()) {
    let append = last !== undefined && hasSameTarget(last.message, message) ? last.append : undefined;
    if (append === undefined) {
      const place = targetFile(message, target);
      if ('fault' in place) {
        outcomes[index] = { ok: false, reason: place.fault };
        continue;
      }
      append = appends.get(place.path) ?? newAppend(place.path);
      appends.set(place.path, append);
    }
    append.messages.push(index);
    if (message.data !== null) append.data.push(...message.data);
    last = { message, append };
  }
  return [...appends.values()];
}

/** Tells one file from another, whatever path leads to it. */
export function identity({ dev, ino }: Pick<BorrowedFile, 'dev' | 'ino'>): string {
  return `${dev}:${ino}`;
}

/** A file that nothing is appended to yet. */
export function newAppend(path: string): Append {
  return { path, messages: [], data: [], content: new Uint8Array(0), file: undefined };
}

function hasSameTarget(a: Message, b: Message): boolean {
  return (
    a.fileName === b.fileName &&
    a.directory === b.directory &&
    a.toNode === b.toNode &&
    a.method === b.method &&
    a.previousMessage?.toNode === b.previousMessage?.toNode &&
    a.previousMessage?.method === b.previousMessage?.method
  );
}

/** What the note of a batch says of one open file. */
export function noteOf({ path, content, file }: Append) {
  return { path, ino: file!.ino, offset: file!.size, bytes: content.length, sum: crc32(content) };
}

/** What is no larger is only copied into the system's memory, bytes. */
const SMALL_BYTES = 64 * 1024;

/** Writes behind the end that the file was opened with; on the disk once it returns. */
export async function writeOne({ content, file }: Append): Promise<void> {
  if (content.length === 0) return;
  const { handle, size, isQuick } = file!;
  const isHere = isQuick && content.length <= SMALL_BYTES;
  for (let done = 0; done < content.length; ) {
    const rest = content.subarray(done);
    done += isHere
      ? writeSync(handle.fd, rest, 0, rest.length, size + done)
      : (await handle.write(rest, 0, rest.length, size + done)).bytesWritten;
  }
  await handle.datasync();
}
