import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from './open-inside.ts';
import { errorCode, systemFault } from './system-fault.ts';
import { type FileSystem, systemFiles } from './system-files.ts';

const BLOCK_BYTES = 1024 * 1024;
/** What file systems without owners and modes (vfat, exfat, some shares) say. */
const UNSUPPORTED: ReadonlySet<string | undefined> = new Set([
  'EPERM',
  'EINVAL',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
]);

/** Whose a file is, and who may use it. */
export interface Ownership {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** A new file that is to take the place of another; its handle is open for reading and writing. */
export interface NewFile {
  readonly handle: FileHandle;
  readonly path: string;
}

/** A new file that was removed, or whose folder was, before it could take its place. */
export class LostFileError extends Error {
  override name = 'LostFileError';
  readonly code = 'lost';
}

/**
 * Gives a new file owner, group and mode of the one that it replaces; where there is none, `mode`;
 * never a set-id bit. Returns a phrase for
 * each of them that the file system or this user's rights did not allow.
 */
export async function takeOver(
  handle: FileHandle,
  { before, mode }: { before: Ownership | undefined; mode: number },
): Promise<string[]> {
  const notes: string[] = [];
  const own = await handle.stat();
  if (before && !(await keepOwner(handle, own, before))) notes.push('its owner or group could not be kept');
  const wanted = (before?.mode ?? mode) & 0o777;
  try {
    if ((own.mode & 0o7777) !== wanted) await handle.chmod(wanted);
  } catch (error) {
    if (!UNSUPPORTED.has(errorCode(error))) throw error;
    notes.push('the file system keeps no modes');
  }
  return notes;
}

async function keepOwner(handle: FileHandle, own: Ownership, { uid, gid }: Ownership): Promise<boolean> {
  if (own.uid === uid && own.gid === gid) return true;
  const isKept = await handle.chown(uid, gid).then(
    () => true,
    () => false,
  );
  if (!isKept) await handle.chown(own.uid, gid).catch(() => undefined);
  return isKept;
}

/**
 * Puts a new file, complete and durable, in the place of another in one step. A mount point (docker's /etc/hosts)
 * cannot be replaced: its content is written over.
 *
 * @throws LostFileError where the new file is no longer at its path, or did not get to its place; system errors.
 */
export async function putInPlace(
  { handle, path }: NewFile,
  target: string,
  { durable = true, files = systemFiles }: { durable?: boolean; files?: FileSystem } = {},
): Promise<void> {
  const { dev, ino } = await handle.stat();
  const isAt = async (place: string) => {
    const stats = await files.lstat(place).catch(() => undefined);
    return stats?.ino === ino && stats.dev === dev;
  };
  if (!(await isAt(path))) throw new LostFileError('what had come was removed, or its folder was');
  try {
    await files.rename(path, target);
  } catch (error) {
    if (errorCode(error) !== 'EBUSY') throw error;
    await writeOver(handle, target, files);
    await files.rm(path, { force: true });
    return;
  }
  if (!(await isAt(target)))
    throw new LostFileError('something else was put in its place at the same moment');
  if (!durable) return;
  await syncFolder(dirname(target), files).catch((error: unknown) => {
    const text = `it is in place, but the disk did not confirm that it stays there: ${systemFault(error)}`;
    throw Object.assign(new Error(text, { cause: error }), { code: errorCode(error) });
  });
}

/** Only what is longer than the old content needs room on the disk: it comes first, and where there is none nothing has changed. */
async function writeOver(from: FileHandle, target: string, files: FileSystem): Promise<void> {
  await using to = await files.open(target, constants.O_WRONLY | constants.O_NOFOLLOW);
  const [{ size: before }, { size }] = [await to.stat(), await from.stat()];
  try {
    await copyBytes(from, to, { start: before, end: size });
    // Some file systems find out now that there is no room.
    if (size > before) await to.datasync();
  } catch (error) {
    await to.truncate(before);
    throw error;
  }
  await copyBytes(from, to, { start: 0, end: Math.min(before, size) });
  await to.truncate(size);
  await to.sync();
}

async function copyBytes(
  from: FileHandle,
  to: FileHandle,
  { start, end }: { readonly start: number; readonly end: number },
): Promise<void> {
  const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  for (let position = start; position < end; ) {
    const { bytesRead } = await from.read(block, 0, Math.min(block.length, end - position), position);
    if (bytesRead === 0) break;
    for (let done = 0; done < bytesRead; )
      done += (await to.write(block, done, bytesRead - done, position + done)).bytesWritten;
    position += bytesRead;
  }
}
