import { constants } from 'node:fs';
import { type FileHandle, readlink, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { openFile } from './held-files.ts';

/** A path that is not shown, for whatever reason: the client is told no more than that there is nothing. */
export class NotExposedError extends Error {
  override name = 'NotExposedError';
}

/**
 * The names on the way to what a URL's path asks for. Throws NotExposedError for a path that could lead out (`..`, a
 * slash or a zero byte that was encoded) and for names with a leading dot, which are the program's own.
 */
export function namesOf(urlPath: string): string[] {
  const names = urlPath
    .split('/')
    .filter((part) => part !== '')
    .map(decode);
  const isBad = names.some((name) => name.startsWith('.') || name.includes('/') || name.includes('\0'));
  if (isBad || !urlPath.startsWith('/')) throw new NotExposedError(urlPath);
  return names;
}

/** Opens a file or folder inside the root, through no link that leads out. Throws NotExposedError. */
export async function openExposed(root: string, names: readonly string[]): Promise<FileHandle> {
  let handle: FileHandle | undefined;
  try {
    const realRoot = await realpath(root);
    const path = await realpath(join(realRoot, ...names));
    refuseOutside(realRoot, path);
    // Never wait for a FIFO's other end.
    handle = await openFile(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stats = await handle.stat();
    if (!stats.isFile() && !stats.isDirectory()) throw new NotExposedError(path);
    // A folder on the way may have become a link since it was looked at.
    const opened = await readlink(`/proc/self/fd/${handle.fd}`).catch(() => path);
    refuseOutside(realRoot, opened);
    return handle;
  } catch (error) {
    await handle?.close();
    throw error instanceof NotExposedError ? error : new NotExposedError(join(...names), { cause: error });
  }
}

function refuseOutside(root: string, path: string): void {
  if (path !== root && !path.startsWith(root + sep)) throw new NotExposedError(path);
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    throw new NotExposedError(part, { cause: error });
  }
}
