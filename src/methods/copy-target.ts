import { constants } from 'node:fs';
import { type FileHandle, lstat, open, realpath, rename, rm, statfs } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { makeFolder, openNew, syncFolder } from '../lib/open-inside.ts';
import { errorCode, systemFault } from '../lib/system-fault.ts';
import { TemporaryError } from '../lib/temporary-error.ts';

/** What passes by itself; no space does not count here, as whoever waits for a copy is to be told. */
const TEMPORARY: ReadonlySet<string | undefined> = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'EBUSY']);
const DEFAULT_MODE = 0o644;

/** Why a file can't be written where it was sent, in a sentence. */
export class CopyTargetError extends Error {
  override name = 'CopyTargetError';
  readonly code = 'target';
}

/** A fault of the system as a sentence about the target; one that passes by itself is thrown as TemporaryError. */
export function targetError(path: string, error: unknown): CopyTargetError {
  if (error instanceof TemporaryError) throw error;
  if (error instanceof CopyTargetError) return error;
  const text = `the file ${path} can't be written: ${systemFault(error)}`;
  if (TEMPORARY.has(errorCode(error))) throw new TemporaryError(text, { cause: error });
  return new CopyTargetError(text, { cause: error });
}

/** The place of a target, and the mode of the file that is there; undefined where there is none. */
export interface CopyTarget {
  readonly path: string;
  readonly mode: number | undefined;
}

/**
 * Finds the place that a target path names, following a link as a writer would; its folder is made where it is
 * missing. Throws CopyTargetError where something other than a file is there, or `bytes` find no room.
 */
export async function placeTarget(path: string, bytes: number): Promise<CopyTarget> {
  try {
    const whole = resolve(path);
    const folder = await makeFolder(dirname(whole)).catch((error: unknown) => {
      const isBlocked = ['EEXIST', 'ENOTDIR'].includes(errorCode(error) ?? '');
      throw isBlocked
        ? new CopyTargetError(`${dirname(path)}, where ${path} is to be, is no directory`)
        : error;
    });
    const named = join(folder, basename(whole));
    const place = await realpath(named).catch(() => named);
    const stats = await lstat(place).catch((error: unknown) => {
      if (errorCode(error) === 'ENOENT') return undefined;
      throw error;
    });
    if (stats?.isDirectory()) throw new CopyTargetError(`the target ${path} is a directory`);
    if (stats && !stats.isFile() && !stats.isSymbolicLink())
      throw new CopyTargetError(`the target ${path} is no regular file`);
    await checkRoom(place, bytes);
    return { path: place, mode: stats?.isFile() ? stats.mode & 0o777 : undefined };
  } catch (error) {
    throw targetError(path, error);
  }
}

/** The error for a disk that is full. */
export function noRoom(path: string, bytes: number): CopyTargetError {
  return new CopyTargetError(`there is no space for ${path}, which has ${bytes} bytes`);
}

/** Where the bytes of a transfer grow: beside the target, so that it can be moved there in one step. */
export function partPath(target: string, transfer: string): string {
  return join(dirname(target), `.steward-${transfer}.copy`);
}

/** Opens the growing file for reading and writing; undefined where it is missing and not to be made. */
export async function openPart(path: string, options: { make: boolean }): Promise<FileHandle | undefined> {
  const flags = constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  try {
    return await open(path, options.make ? flags | constants.O_CREAT : flags, 0o600);
  } catch (error) {
    if (!options.make && errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Writes a small file in one step: durable, and never seen in part. Without a mode that of the old file stays. */
export async function writeWhole(
  path: string,
  content: { data: readonly Uint8Array[]; mode: number | undefined; name: string },
): Promise<void> {
  const data = Buffer.concat(content.data);
  const target = await placeTarget(path, data.length);
  const part = partPath(target.path, content.name);
  try {
    await rm(part, { force: true });
    const handle = await openNew(part);
    try {
      await handle.writeFile(data);
      await handle.chmod(content.mode ?? target.mode ?? DEFAULT_MODE);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(part, target.path);
    await syncFolder(dirname(target.path));
  } catch (error) {
    await rm(part, { force: true }).catch(() => undefined);
    throw isFull(error) ? noRoom(path, data.length) : targetError(path, error);
  }
}

/** Whether an error says that a disk, or the share of it that is allowed, is full. */
export function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(errorCode(error) ?? '');
}

async function checkRoom(path: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(path));
  if (bavail * bsize < bytes) throw noRoom(path, bytes);
}
