import { createHash } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { freeBytesOf } from '../../lib/disk-room.ts';
import { makeFolder, openNew } from '../../lib/open-inside.ts';
import {
  type Content,
  type Ownership,
  putInPlace,
  takeOver,
  UnconfirmedError,
  writeOver,
} from '../../lib/put-in-place.ts';
import { checkOpened, LinkError, realPathOf, statsAt } from '../../lib/real-path.ts';
import { errorCode, passOver, systemFault } from '../../lib/system-fault.ts';
import { type FileSystem, systemFiles } from '../../lib/system-files.ts';
import { TemporaryError } from '../../lib/temporary-error.ts';

/** What passes by itself; no space does not count here, as whoever waits for a copy is to be told. */
const TEMPORARY: ReadonlySet<string | undefined> = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN']);

/** What is verified is read in blocks of this size, bytes. */
const SUM_BLOCK_BYTES = 512 * 1024;
const OTHERS_WRITE = 0o002;

/** Why a file can't be written where it was sent, in a sentence. */
export class CopyTargetError extends Error {
  override name = 'CopyTargetError';
  readonly code = 'target';
}

/** A fault of the system as a sentence about the target; one that passes by itself is thrown as TemporaryError. */
export function targetError(path: string, error: unknown): CopyTargetError {
  if (error instanceof TemporaryError) throw error;
  if (error instanceof CopyTargetError) return error;
  if (error instanceof LinkError) return new CopyTargetError(error.message, { cause: error });
  const what = error instanceof UnconfirmedError ? 'may be lost again' : "can't be written";
  const text = `the file ${path} ${what}: ${systemFault(error)}`;
  if (TEMPORARY.has(errorCode(error))) throw new TemporaryError(text, { cause: error });
  return new CopyTargetError(text, { cause: error });
}

/** The place of a target, and whose the file is that is there; undefined where there is none. */
export interface CopyTarget {
  readonly path: string;
  readonly before: Ownership | undefined;
}

/**
 * Finds the place that a target path names, following a link as a writer would. A folder takes the file under `name`,
 * which is that of the source; the folder above is made where it is missing. Throws CopyTargetError where something
 * other than a file is there, or `bytes` find no room.
 */
export async function placeTarget(
  path: string,
  { bytes, name, folderMode }: { bytes: number; name: string; folderMode?: number | undefined },
  files: FileSystem = systemFiles,
): Promise<CopyTarget> {
  try {
    const follow = (next: string) => pathOf(next, path, { folderMode, files });
    let place = await follow(path.endsWith('/') ? join(resolve(path), name) : resolve(path));
    let stats = await statsAt(place, files);
    if (stats?.isDirectory() && name !== '') {
      place = await follow(join(place, name));
      stats = await statsAt(place, files);
    }
    if (stats?.isDirectory()) throw new CopyTargetError(`the target ${place} is a directory`);
    if (stats && !stats.isFile()) throw new CopyTargetError(`the target ${path} is no regular file`);
    await checkRoom(place, bytes, files);
    return { path: place, before: stats && ownershipOf(stats) };
  } catch (error) {
    throw targetError(path, error);
  }
}

/** What is kept of a file that is replaced. */
export function ownershipOf({ uid, gid, mode, nlink }: Stats): Ownership {
  return { uid, gid, mode: mode & 0o777, nlink };
}

/** Whether an error says that a folder takes no new file, while the file at `path` there can be written. */
export async function isOnlyWritable(error: unknown, path: string, files: FileSystem): Promise<boolean> {
  if (!['EROFS', 'EACCES', 'EPERM'].includes(errorCode(error) ?? '')) return false;
  const handle = await files.open(path, constants.O_WRONLY | constants.O_NOFOLLOW).catch(() => undefined);
  await handle?.close();
  return handle !== undefined;
}

/** The path that a writer would get to, whose folder is made where it is missing; nothing need be there. */
async function pathOf(
  path: string,
  asked: string,
  { folderMode, files }: { folderMode: number | undefined; files: FileSystem },
): Promise<string> {
  const place = await realPathOf(path, files);
  const folder = dirname(place);
  const made = await makeFolder(folder, folderMode, files).catch((error: unknown) => {
    const isBlocked = ['EEXIST', 'ENOTDIR'].includes(errorCode(error) ?? '');
    if (!isBlocked) throw error;
    throw new CopyTargetError(`${folder}, where ${asked} is to be, is no directory`);
  });
  if (made !== folder) throw new CopyTargetError(`${folder} became a link at the same moment`);
  return place;
}

/** Throws CopyTargetError where a folder on the way to a place has become a link since it was found. */
export async function checkPlace(place: string, files: FileSystem = systemFiles): Promise<void> {
  const folder = dirname(place);
  const real = await realPathOf(folder, files);
  if (real !== folder) throw new CopyTargetError(`${folder} has become a link to ${real}`);
}

/** The error for a disk that is full. */
export function noRoom(path: string, bytes: number): CopyTargetError {
  return new CopyTargetError(`there is no space for ${path}, which has ${bytes} bytes`);
}

/** Where the bytes of a transfer grow: next to the target, so that it can be moved there in one step. */
export function partPath(target: string, transfer: string): string {
  return join(dirname(target), `.steward-${transfer}.copy`);
}

/**
 * Opens the growing file for reading and writing; undefined where it is missing and not to be made. Throws CopyTargetError
 * for one that somebody else can have put there; with `ino` it is known to be the one.
 */
export async function openPart(
  path: string,
  { make, ino }: { readonly make: boolean; readonly ino?: number | undefined },
  files: FileSystem = systemFiles,
): Promise<FileHandle | undefined> {
  const flags = constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  await checkPlace(path, files);
  const made = make ? await openNew(path, undefined, files).catch(passOver('EEXIST')) : undefined;
  const handle = made ?? (await files.open(path, flags).catch(passOver('ENOENT')));
  if (handle === undefined) return undefined;
  try {
    checkOpened(handle, path);
  } catch (error) {
    await handle.close();
    if (made) await files.rm(path, { force: true });
    throw error;
  }
  if (made) return handle;
  const stats = await handle.stat();
  const fault = stats.ino === ino ? undefined : foreignFault(stats, await files.stat(dirname(path)));
  if (fault === undefined) return handle;
  await handle.close();
  throw new CopyTargetError(`${path}, where the file grows, ${fault}: remove it`);
}

/** Removes a growing file; one that stays, as in a folder that is append-only, takes no room. Throws system errors. */
export async function removePart(path: string, files: FileSystem): Promise<void> {
  await files.rm(path, { force: true }).catch(async (error: unknown) => {
    await using handle = await files.open(path, constants.O_WRONLY | constants.O_NOFOLLOW);
    await handle.truncate(0);
    throw error;
  });
}

/** Where others may make files, one of theirs could stand in the place of ours, and they could change what comes. */
function foreignFault({ uid, nlink }: Stats, folder: Stats): string | undefined {
  if ((folder.mode & OTHERS_WRITE) === 0) return undefined;
  if (uid !== process.geteuid?.()) return 'belongs to another user';
  return nlink > 1 ? 'has another name too' : undefined;
}

/**
 * Writes a small file in one step: durable, and never seen in part, where its folder takes new files. Returns what could not be kept
 * of the old file.
 */
export async function writeWhole(
  { path, before }: CopyTarget,
  { data, mode, id }: { data: Uint8Array; mode: number; id: string },
  files: FileSystem = systemFiles,
): Promise<string[]> {
  const part = partPath(path, id);
  try {
    await files.rm(part, { force: true });
    await using handle = await openNew(part, undefined, files);
    checkOpened(handle, part);
    await handle.writeFile(data);
    const notes = await takeOver(handle, { before, mode, old: path }, files);
    await handle.sync();
    return (await putInPlace({ handle, path: part }, path, { files })) ?? notes;
  } catch (error) {
    await removePart(part, files).catch(() => undefined);
    if (await isOnlyWritable(error, path, files)) return await writeOnly(path, data, files);
    throw isFull(error) ? noRoom(path, data.length) : targetError(path, error);
  }
}

/** The sha256 of what is at a path, in hex. */
export async function sha256At(path: string, files: FileSystem): Promise<string> {
  await using handle = await files.open(path);
  const hash = createHash('sha256');
  const block = Buffer.allocUnsafeSlow(SUM_BLOCK_BYTES);
  for (let position = 0; ; ) {
    const { bytesRead } = await handle.read(block, 0, block.length, position);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(block.subarray(0, bytesRead));
    position += bytesRead;
  }
}

async function writeOnly(path: string, data: Uint8Array, files: FileSystem): Promise<[]> {
  const content: Content = {
    stat: async () => ({ size: data.length }),
    read: async (into, offset, length, position) => {
      into.set(data.subarray(position, position + length), offset);
      return { bytesRead: Math.min(length, data.length - position) };
    },
  };
  await writeOver(content, path, files).catch((error: unknown) => {
    throw isFull(error) ? noRoom(path, data.length) : targetError(path, error);
  });
  return [];
}

/** Whether an error says that a disk, or the share of it that is allowed, is full, so that the file is not there. */
export function isFull(error: unknown): boolean {
  if (error instanceof UnconfirmedError) return false;
  return ['ENOSPC', 'EDQUOT'].includes(errorCode(error) ?? '');
}

async function checkRoom(path: string, bytes: number, files: FileSystem): Promise<void> {
  if (freeBytesOf(await files.statfs(dirname(path))) < bytes) throw noRoom(path, bytes);
}
