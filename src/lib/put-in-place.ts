import { constants, type Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { openFolder, syncOpenFolder } from './open-inside.ts';
import { succeeds } from './succeeds.ts';
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

/** What a system says of a mount point, and of a folder whose files cannot be replaced. */
const OVER: ReadonlySet<string | undefined> = new Set(['EBUSY', 'EPERM', 'EACCES', 'EROFS']);

/** Whose a file is, and who may use it. */
export interface Ownership {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  /** How many names it has: those that are not replaced keep the old content. */
  readonly nlink?: number;
}

/** A new file that is to take the place of another; its handle is open for reading and writing. */
export interface NewFile {
  readonly handle: FileHandle;
  readonly path: string;
}

/** What is read at places: a file, or what is in memory. */
export interface Content {
  stat(): Promise<{ readonly size: number }>;
  read(into: Buffer, offset: number, length: number, position: number): Promise<{ bytesRead: number }>;
}

/** A new file that was removed, or whose folder was, before it could take its place. */
export class LostFileError extends Error {
  override name = 'LostFileError';
  readonly code = 'lost';
}

/** A file is in its place, and whole, but the disk did not say that it stays there. `code`: that of the system's error. */
export class UnconfirmedError extends Error {
  override name = 'UnconfirmedError';
  readonly code: string | undefined;

  constructor(cause: unknown) {
    const text = 'it is in place, but the disk did not confirm that it stays there';
    super(`${text}: ${systemFault(cause)}`, { cause });
    this.code = errorCode(cause);
  }
}

/**
 * Gives a new file owner, group and mode of the one that it replaces, and the access list and extended attributes of what is at
 * `old`; where there was none, `mode`; never a set-id bit. Returns a phrase for each of them that the file system or this user's
 * rights did not allow, and for other names of the old file.
 */
export async function takeOver(
  handle: FileHandle,
  { before, mode, old }: { before: Ownership | undefined; mode: number; old?: string | undefined },
  files: FileSystem = systemFiles,
): Promise<string[]> {
  const notes: string[] = [];
  const own = await handle.stat();
  if (before && !(await keepOwner(handle, own, before))) notes.push('its owner or group could not be kept');
  const loss = before && old !== undefined ? await files.keepAttributes(old, handle) : undefined;
  if (loss !== undefined) notes.push(loss);
  if ((before?.nlink ?? 1) > 1) notes.push('its other names (hard links) keep the old content');
  const wanted = (before?.mode ?? mode) & 0o777;
  try {
    if (((await handle.stat()).mode & 0o7777) !== wanted) await handle.chmod(wanted);
  } catch (error) {
    if (!UNSUPPORTED.has(errorCode(error))) throw error;
    notes.push('the file system keeps no modes');
  }
  return notes;
}

async function keepOwner(handle: FileHandle, own: Ownership, { uid, gid }: Ownership): Promise<boolean> {
  if (own.uid === uid && own.gid === gid) return true;
  const isKept = await succeeds(handle.chown(uid, gid));
  if (!isKept) await handle.chown(own.uid, gid).catch(() => undefined);
  return isKept;
}

interface PutOptions {
  readonly durable?: boolean;
  readonly files?: FileSystem;
  /** Is told how the file is in its place, where it was replaced, before the disk confirms that. */
  moved?(stats: Stats): void;
}

/**
 * Puts a new file, complete and durable, in the place of another in one step. A mount point (docker's /etc/hosts), or a file
 * whose folder takes no new ones, so that the new one grew elsewhere, cannot be replaced: its content is written over.
 *
 * @returns undefined where it was replaced; otherwise all that the old file had besides its content is there still, and what is
 * returned are notes on what stays of the new one.
 * @throws LostFileError where the new file is no longer at its path, or did not get to its place; UnconfirmedError; system errors.
 */
export async function putInPlace(
  { handle, path }: NewFile,
  target: string,
  { durable = true, files = systemFiles, moved }: PutOptions = {},
): Promise<string[] | undefined> {
  const { dev, ino } = await handle.stat();
  const isAt = async (place: string) => {
    const stats = await files.lstat(place).catch(() => undefined);
    return stats?.ino === ino && stats.dev === dev ? stats : undefined;
  };
  if (!(await isAt(path))) throw new LostFileError('what had come was removed, or its folder was');
  await using folder = await openFolder(dirname(target), files);
  if (dirname(path) !== dirname(target) || !(await move(path, target, { folder, files }))) {
    await writeOver(handle, target, files);
    return await removeUsed({ handle, path }, files);
  }
  const placed = await isAt(target);
  if (!placed) throw new LostFileError('something else was put in its place at the same moment');
  moved?.(placed);
  if (!durable) return undefined;
  await syncOpenFolder(folder).catch((error: unknown) => {
    throw new UnconfirmedError(error);
  });
  return undefined;
}

/** What cannot be removed, as in a folder that is append-only, is made empty. */
async function removeUsed({ handle, path }: NewFile, files: FileSystem): Promise<string[]> {
  try {
    await files.rm(path, { force: true });
    return [];
  } catch (error) {
    await handle.truncate(0);
    return [`${path}, where it grew, can't be removed: ${systemFault(error)}`];
  }
}

/** Moves a file within its folder, whatever is put in the place of that at the same moment; false for what may only be written over. */
async function move(
  path: string,
  target: string,
  { folder, files }: { folder: FileHandle; files: FileSystem },
): Promise<boolean> {
  const link = `/proc/self/fd/${folder.fd}`;
  // Where the system shows none, names must do.
  const real = await files.readlink(link).catch(() => undefined);
  if (real !== undefined && real !== dirname(target))
    throw new LostFileError(`${dirname(target)} became another folder at the same moment`);
  const at = (place: string) => (real === undefined ? place : join(link, basename(place)));
  try {
    await files.rename(at(path), at(target));
    return true;
  } catch (error) {
    const mayBeOver = OVER.has(errorCode(error)) && (await files.lstat(target).catch(() => undefined));
    if (!mayBeOver) throw error;
    return false;
  }
}

/** Only what is longer than the old content needs room on the disk: it comes first, and where there is none nothing has changed. */
export async function writeOver(from: Content, target: string, files: FileSystem): Promise<void> {
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
  from: Content,
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
