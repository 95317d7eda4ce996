import { type BigIntStats, constants, type FSWatcher, watch } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { CodedError } from './coded-error.ts';
import { FileMarks } from './file-marks.ts';
import { openFile } from './held-files.ts';
import { errorCode, systemFault } from './system-fault.ts';

/** A file that was rotated away is done when nothing came for this long; another waits for it no longer than the last. */
const QUIET_MS = 1000;
const MAX_OVERLAP_MS = 10_000;

/** A path that can't be followed. */
export class FollowError extends CodedError<'not-a-file' | 'unreadable'> {
  override name = 'FollowError';
}

/** A file that is open, and how far it has been read. */
export interface FollowedFile {
  readonly handle: FileHandle;
  readonly dev: bigint;
  readonly ino: bigint;
  /** When it was made, ns; 0 where the system does not tell. */
  readonly birthtimeNs: bigint;
  readonly watcher: FSWatcher | undefined;
  position: number;
  readonly marks: FileMarks;
  /** When it was last seen to grow; undefined before its turn has come. */
  grewAt: number | undefined;
  /** Whether it has got another name. */
  hasMoved: boolean;
  /** Since when another file is at the path. */
  replacedAt: number | undefined;
}

/** Opens the file at a path, at its start; undefined where there is none. Throws FollowError. */
export async function openFollowed(path: string, onChange: () => void): Promise<FollowedFile | undefined> {
  let handle: FileHandle | undefined;
  try {
    // Opening a named pipe would wait for a writer.
    handle = await openFile(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await handle.stat({ bigint: true });
    checkIsFile(path, stats);
    const { dev, ino, birthtimeNs } = stats;
    const watcher = watchFile(path, onChange);
    const state = { marks: new FileMarks(), grewAt: undefined, hasMoved: false, replacedAt: undefined };
    return { handle, dev, ino, birthtimeNs, watcher, position: 0, ...state };
  } catch (error) {
    await handle?.close();
    if (errorCode(error) === 'ENOENT') return undefined;
    if (error instanceof FollowError) throw error;
    throw new FollowError('unreadable', `the file ${path} can't be read: ${systemFault(error)}`, {
      cause: error,
    });
  }
}

/** Ends the use of a file. */
export async function closeFollowed(file: FollowedFile | undefined): Promise<void> {
  file?.watcher?.close();
  await file?.handle.close();
}

/** Whether nothing more is expected of a file that another one has replaced. */
export function isDone({ grewAt = Number.NEGATIVE_INFINITY }: FollowedFile, replacedAt: number): boolean {
  const now = performance.now();
  return now - Math.max(grewAt, replacedAt) >= QUIET_MS || now - replacedAt >= MAX_OVERLAP_MS;
}

/** Changes are told where the system can; without (too many watches, a network's file system) the path is polled. */
function watchFile(path: string, onChange: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(path, { persistent: false }, onChange);
    return watcher.on('error', () => watcher.close());
  } catch {
    return undefined;
  }
}

function checkIsFile(path: string, stats: BigIntStats): void {
  if (stats.isFile()) return;
  const what = stats.isDirectory() ? 'is a folder' : 'is no regular file';
  throw new FollowError('not-a-file', `${path} ${what}: only a file can be followed`);
}
