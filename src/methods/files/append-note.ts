import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

const READ_BYTES = 1024 * 1024;

/** Which bytes are appended to which file: enough to tell later whether all of them are there. */
export interface AppendNote {
  /** Relative to the data folder. */
  readonly path: string;
  /** The file itself: a file that took its place since has another number. */
  readonly ino: number;
  readonly offset: number;
  readonly bytes: number;
  /** CRC-32 of the bytes. */
  readonly sum: number;
}

/** What version 0.1 put in the place of a note that it took back. */
const WITHDRAWN_NOTE = '"withdrawn"';

/** The checksum of pieces, one after the other. */
export function checksumOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => crc32(piece, sum), 0);
}

/**
 * Whether every append of a note is complete. Otherwise all of them are undone, so that the batch can come again.
 *
 * Undone means cut back to the offset, which is done only where the file is still the same and ends within the
 * noted bytes. What another program wrote behind them is never cut off: in that case alone, a crash in the middle
 * of a write to a file that others write too, the noted bytes may stand in the file twice, or in part.
 *
 * @throws system errors when a file can't be read or cut.
 */
export async function recoverAppends(files: NotedFiles, note: string): Promise<boolean> {
  if (note === WITHDRAWN_NOTE) return false;
  const found: Found[] = [];
  try {
    for (const entry of JSON.parse(note) as AppendNote[]) found.push(await examine(files, entry));
    if (found.every(({ isComplete }) => isComplete)) {
      for (const { note, handle } of found) if (handle) await forceToDisk(handle, note);
      return true;
    }
    for (const one of found) await undo(one);
    return false;
  } finally {
    await Promise.all(found.map(({ handle }) => handle?.close()));
  }
}

/** The files of a note; none where it is withdrawn, or cannot be read. */
export function filesOf(note: string): readonly { readonly path: string; readonly ino: number }[] {
  try {
    return note === WITHDRAWN_NOTE ? [] : (JSON.parse(note) as AppendNote[]);
  } catch {
    return [];
  }
}

export interface NotedFiles {
  /** Opens the file at a path of a note, for reading and writing; undefined when there is none. */
  openExisting(path: string): Promise<FileHandle | undefined>;
}

interface Found {
  readonly note: AppendNote;
  /** Undefined when the file is gone, or another file stands in its place. */
  readonly handle: FileHandle | undefined;
  readonly size: number;
  readonly isComplete: boolean;
}

async function examine(files: NotedFiles, note: AppendNote): Promise<Found> {
  if (note.bytes === 0) return { note, handle: undefined, size: 0, isComplete: true };
  const handle = await files.openExisting(note.path);
  const stats = await handle?.stat();
  if (handle === undefined || stats?.ino !== note.ino) {
    await handle?.close();
    return { note, handle: undefined, size: 0, isComplete: false };
  }
  const hasBytes = stats.size >= note.offset + note.bytes;
  return { note, handle, size: stats.size, isComplete: hasBytes && (await sumOf(handle, note)) === note.sum };
}

/** The checksum of a part of a file; -1 where it ends before. */
export async function sumOf(
  handle: Pick<FileHandle, 'read'>,
  { offset, bytes }: Pick<AppendNote, 'offset' | 'bytes'>,
): Promise<number> {
  const buffer = Buffer.allocUnsafe(Math.min(bytes, READ_BYTES));
  let sum = 0;
  for (let done = 0; done < bytes; ) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, bytes - done), offset + done);
    if (bytesRead === 0) return -1;
    sum = crc32(buffer.subarray(0, bytesRead), sum);
    done += bytesRead;
  }
  return sum;
}

/**
 * Writes a part of a file once more, and has it on the disk. After an fsync that failed the system takes what was to be written for
 * written, and another fsync would do nothing.
 */
async function forceToDisk(handle: FileHandle, { offset, bytes }: AppendNote): Promise<void> {
  const buffer = Buffer.allocUnsafe(Math.min(bytes, READ_BYTES));
  for (let at = offset; at < offset + bytes; ) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, offset + bytes - at), at);
    for (let done = 0; done < bytesRead; )
      done += (await handle.write(buffer, done, bytesRead - done, at + done)).bytesWritten;
    at += bytesRead || bytes;
  }
  await handle.datasync();
}

async function undo({ note, handle, size }: Found): Promise<void> {
  if (handle === undefined || size <= note.offset || size > note.offset + note.bytes) return;
  await handle.truncate(note.offset);
  await handle.datasync();
}
