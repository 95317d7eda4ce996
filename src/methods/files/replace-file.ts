import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { KeyedLock } from '../../lib/keyed-lock.ts';
import {
  type FolderRules,
  openForReading,
  openNew,
  placeInside,
  regularFileAt,
  UnsafePathError,
} from '../../lib/open-inside.ts';
import { putInPlace, takeOver } from '../../lib/put-in-place.ts';
import { errorCode } from '../../lib/system-fault.ts';
import { type FileSystem, systemFiles } from '../../lib/system-files.ts';
import type { Outcome } from '../../message/method-contract.ts';
import { sumOf } from './append-note.ts';
import { fileFailure } from './file-failure.ts';

/** A file that is written and at once put in its place has no attributes yet, ms. */
const PLAIN_MS = 1000;
/** Of how many files a node knows how it left them. */
const MOST_KNOWN = 1000;
const PRIVATE_MODE = 0o600;

/** Replaces a file of the data folder. */
export type ReplaceFile = (file: FileContent) => Promise<void>;

interface FileContent {
  /** Relative to the data folder, as `targetFile` gives it. */
  readonly path: string;
  readonly data: readonly Uint8Array[];
  /** Whether the content must survive a power cut once this resolves; true unless told. */
  readonly durable?: boolean;
}

interface ReplaceDeps {
  readonly lock: KeyedLock;
  /** Those of the machine unless told. */
  readonly files?: FileSystem | undefined;
}

interface FolderOptions {
  readonly dataFolder: string;
  readonly rules?: FolderRules;
}

/**
 * Makes the function that replaces files: readers see the old content or the new one, never a part. Owner, group,
 * mode and attributes of an existing file are kept. Only a file that is a mount point is written over.
 */
export function createReplaceFile(
  { dataFolder, rules }: FolderOptions,
  { lock, files = systemFiles }: ReplaceDeps,
): ReplaceFile {
  const known = new Map<string, string>();
  return async ({ path, data, durable = true }) => {
    const release = await lock.acquire([path]);
    try {
      const place = await placeInside(dataFolder, path, rules, files);
      await replace(place, { data, durable, mode: rules?.fileMode, files, known });
    } finally {
      release();
    }
  };
}

/** What a file is to hold: enough to tell later whether it does. */
export interface KnownContent {
  readonly path: string;
  readonly bytes: number;
  /** CRC-32. */
  readonly sum: number;
}

/** Whether a file of the data folder holds just that. */
export type HoldsContent = (content: KnownContent) => Promise<boolean>;

/** Makes the function that looks what a file holds; one that this user may not read counts as another. */
export function createHoldsContent(
  { dataFolder, rules }: FolderOptions,
  files: FileSystem = systemFiles,
): HoldsContent {
  return async ({ path, bytes, sum }) => {
    try {
      await using handle = await openForReading(await placeInside(dataFolder, path, rules, files), files);
      return (
        handle !== undefined &&
        (await handle.stat()).size === bytes &&
        (await sumOf(handle, { offset: 0, bytes })) === sum
      );
    } catch (error) {
      if (errorCode(error) === 'EACCES' || error instanceof UnsafePathError) return false;
      throw error;
    }
  };
}

/** Replaces a file of the data folder; a fault that may pass is thrown as TemporaryError. */
export type WriteFile = (file: FileContent) => Promise<Outcome>;

/** Makes the function that replaces files and says how that went. */
export function createWriteFile(options: FolderOptions, deps: ReplaceDeps): WriteFile {
  const replaceFile = createReplaceFile(options, deps);
  return async (file) => {
    try {
      await replaceFile(file);
      return { ok: true };
    } catch (error) {
      return await fileFailure(deps.files ? undefined : options.dataFolder, file.path, error);
    }
  };
}

interface Replacing extends Required<Omit<FileContent, 'path'>> {
  readonly mode: number | undefined;
  readonly files: FileSystem;
  /** How files without attributes were left here that must last, by their paths. */
  readonly known: Map<string, string>;
}

async function replace(path: string, { data, durable, mode, files, known }: Replacing): Promise<void> {
  const before = await regularFileAt(path, files);
  const left = known.get(path);
  known.delete(path);
  const part = partPath(path);
  await using handle = await openNew(part, mode, files).catch(async (error: unknown) => {
    // What a crash left there goes.
    if (errorCode(error) !== 'EEXIST') throw error;
    await files.rm(part, { force: true });
    return await openNew(part, mode, files);
  });
  try {
    await handle.writeFile(data.length === 1 ? data[0]! : Buffer.concat(data));
    const isPlain = !before || !durable || isUntouched(before, { left, mode: mode ?? PRIVATE_MODE });
    if (before) await keepOf(before, { path, handle, files, isPlain });
    if (durable) await handle.sync();
    // Once the disk has confirmed it, somebody else may have touched it.
    const moved = durable && isPlain ? (stats: Touched) => note(known, path, stats) : undefined;
    await putInPlace({ handle, path: part }, path, { durable, files, ...(moved && { moved }) });
  } catch (error) {
    await files.rm(part, { force: true }).catch(() => undefined);
    throw error;
  }
}

function note(known: Map<string, string>, path: string, stats: Touched): void {
  known.set(path, markOf(stats));
  if (known.size > MOST_KNOWN) known.delete(known.keys().next().value!);
}

type Touched = Pick<Stats, 'ino' | 'ctimeMs'>;

/** Changes with whatever is done to a file. */
function markOf({ ino, ctimeMs }: Touched): string {
  return `${ino} ${ctimeMs}`;
}

/**
 * Whether nobody can have given a file attributes: it is as it was left here or, where that is not known, nobody has touched it since
 * it was made, and it has the mode that files get here: a list of who else may use it shows in that.
 */
function isUntouched(before: Stats, { left, mode }: { left: string | undefined; mode: number }): boolean {
  if (left !== undefined) return left === markOf(before);
  const ageMs = before.ctimeMs - Math.min(before.birthtimeMs, before.mtimeMs);
  return !(ageMs >= PLAIN_MS) && (before.mode & 0o777) === mode;
}

/**
 * Keeps what a file had besides its content. For access list and attributes a program is started, and files here may be replaced
 * by thousands: not for one that nobody has touched since it was put there, nor for what a node notes itself, as it does of each hello. What was kept makes the new file seem touched.
 */
async function keepOf(
  before: Stats,
  { path, handle, files, isPlain }: { path: string; handle: FileHandle; files: FileSystem; isPlain: boolean },
): Promise<void> {
  await takeOver(handle, { before, mode: before.mode, ...(isPlain ? {} : { old: path }) }, files);
  if (isPlain) return;
  const { ctimeMs } = await handle.stat();
  await handle.utimes(ctimeMs / 1000, (ctimeMs - PLAIN_MS) / 1000);
}

/** Where the new content grows: one name per file, so that a crash leaves no more than one of them behind. */
function partPath(path: string): string {
  const name = createHash('sha256').update(basename(path)).digest('hex').slice(0, 16);
  return join(dirname(path), `.steward-${name}.part`);
}
