import { constants, type Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { CodedError } from './coded-error.ts';
import { errorCode, passOver } from './system-fault.ts';
import { type FileSystem, systemFiles } from './system-files.ts';

/** How files of a folder are made and found. */
export interface FolderRules {
  /** The modes of what is new, less the umask. */
  readonly fileMode: number;
  readonly folderMode: number;
  /** Whether symbolic links that lead out of the folder are followed. */
  readonly followsLinks: boolean;
}

const PRIVATE: FolderRules = { fileMode: 0o600, folderMode: 0o700, followsLinks: false };
// Never wait for a FIFO's other end, never follow a link, never become a terminal's owner.
const SAFE = constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

/** A path that must not be used: it is no regular file, or a link leads out of the folder. */
export class UnsafePathError extends CodedError<'outside' | 'not-a-file'> {
  override name = 'UnsafePathError';
}

/**
 * The real path of `<root>/<path>`, a relative path without `..`, whose folder is made where it is missing
 * (durably; 0700 unless told).
 *
 * @throws UnsafePathError when a symbolic link leads out of the root; system errors as they come.
 */
export async function placeInside(
  root: string,
  path: string,
  rules: FolderRules = PRIVATE,
  files: FileSystem = systemFiles,
): Promise<string> {
  const { folderMode, followsLinks } = rules;
  const realRoot = await files.realpath(root).catch(() => makeFolder(resolve(root), folderMode, files));
  const folder = dirname(join(realRoot, path));
  const existing = await deepestExisting(folder, files);
  if (!followsLinks) refuseOutside(realRoot, existing.real, path);
  const isThere = existing.path === folder;
  const made = isThere
    ? existing.real
    : await makeFolder(join(existing.real, folder.slice(existing.path.length)), folderMode, files);
  if (!followsLinks) refuseOutside(realRoot, made, path);
  const place = join(made, basename(path));
  return followsLinks ? await files.realpath(place).catch(() => place) : place;
}

/** What is at a path that `placeInside` gave: undefined when nothing; a link, folder, FIFO or device is refused. */
export async function regularFileAt(
  path: string,
  files: FileSystem = systemFiles,
): Promise<Stats | undefined> {
  const stats = await files.lstat(path).catch(passOver('ENOENT'));
  if (stats && !stats.isFile())
    throw notAFile(path, stats.isSymbolicLink() ? 'a symbolic link' : kindOfFile(stats));
  return stats;
}

/** Opens a regular file for writing at positions of the caller's, and makes it (durably; 0600 unless told) where it is missing. */
export async function openForWriting(path: string, mode = PRIVATE.fileMode): Promise<FileHandle> {
  const isNew = (await regularFileAt(path)) === undefined;
  const handle = await systemFiles.open(path, constants.O_WRONLY | constants.O_CREAT | SAFE, mode);
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw notAFile(path, kindOfFile(stats));
    if (isNew) await syncFolder(dirname(path));
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Opens an existing regular file for reading and writing; undefined when there is none. */
export async function openExisting(path: string): Promise<FileHandle | undefined> {
  if ((await regularFileAt(path)) === undefined) return undefined;
  return systemFiles.open(path, constants.O_RDWR | SAFE);
}

/** Opens an existing regular file for reading; undefined when there is none. */
export async function openForReading(
  path: string,
  files: FileSystem = systemFiles,
): Promise<FileHandle | undefined> {
  if ((await regularFileAt(path, files)) === undefined) return undefined;
  return files.open(path, constants.O_RDONLY | SAFE);
}

/** Makes a new file, which must not exist yet, with this mode. */
export function openNew(
  path: string,
  mode: number = PRIVATE.fileMode,
  files: FileSystem = systemFiles,
): Promise<FileHandle> {
  return files.open(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | SAFE, mode);
}

/** Opens a folder, and no link to one. */
export function openFolder(path: string, files: FileSystem = systemFiles): Promise<FileHandle> {
  return files.open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
}

/** Makes what happened to a folder's names durable, where the file system knows how (vfat and some shares do not). */
export async function syncFolder(path: string, files: FileSystem = systemFiles): Promise<void> {
  await using handle = await files.open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  await syncOpenFolder(handle);
}

/** The same of a folder that is open. */
export async function syncOpenFolder(folder: FileHandle): Promise<void> {
  await folder.sync().catch((error: unknown) => {
    if (!['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(errorCode(error) ?? '')) throw error;
  });
}

async function deepestExisting(
  folder: string,
  files: FileSystem = systemFiles,
): Promise<{ path: string; real: string }> {
  for (let path = folder; ; path = dirname(path)) {
    try {
      return { path, real: await files.realpath(path) };
    } catch (error) {
      if (errorCode(error) !== 'ENOENT' || path === dirname(path)) throw error;
    }
  }
}

/**
 * Makes a folder and those above it where they are missing (durably; 0700 unless told); returns its real path. One after the
 * other: the system's own way tries for ever where no folder can be made, as in /proc.
 */
export async function makeFolder(
  path: string,
  mode = PRIVATE.folderMode,
  files: FileSystem = systemFiles,
): Promise<string> {
  const existing = await deepestExisting(path, files);
  const missing: string[] = [];
  for (let next = path; next !== existing.path; next = dirname(next)) missing.unshift(next);
  for (const folder of missing) {
    await files.mkdir(folder, { mode }).catch(passOver('EEXIST'));
    await syncFolder(dirname(folder), files);
  }
  // With the dot a file that stands in its place is refused.
  return files.realpath(`${path}/.`);
}

function refuseOutside(realRoot: string, real: string, path: string): void {
  if (real === realRoot || real.startsWith(realRoot.endsWith(sep) ? realRoot : realRoot + sep)) return;
  throw new UnsafePathError('outside', `a symbolic link on the way to ${path} leads out of the data folder`);
}

function notAFile(path: string, kind: string): UnsafePathError {
  return new UnsafePathError('not-a-file', `${path} is ${kind}, not a regular file`);
}

function kindOfFile(stats: { isDirectory(): boolean; isFIFO(): boolean; isSocket(): boolean }): string {
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a FIFO';
  return stats.isSocket() ? 'a socket' : 'a device';
}
