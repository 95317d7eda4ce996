import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
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
import type { Outcome } from '../../message/method-contract.ts';
import { sumOf } from './append-note.ts';
import { fileFailure } from './file-failure.ts';

/** Replaces a file of the data folder. */
export type ReplaceFile = (file: FileContent) => Promise<void>;

interface FileContent {
  /** Relative to the data folder, as `targetFile` gives it. */
  readonly path: string;
  readonly data: readonly Uint8Array[];
  /** Whether the content must survive a power cut once this resolves; true unless told. */
  readonly durable?: boolean;
}

interface FolderOptions {
  readonly dataFolder: string;
  readonly rules?: FolderRules;
}

/**
 * Makes the function that replaces files: readers see the old content or the new one, never a part. Owner, group and
 * mode of an existing file are kept. Only a file that is a mount point is written over.
 */
export function createReplaceFile(
  { dataFolder, rules }: FolderOptions,
  deps: { readonly lock: KeyedLock },
): ReplaceFile {
  return async ({ path, data, durable = true }) => {
    const release = await deps.lock.acquire([path]);
    try {
      await replace(await placeInside(dataFolder, path, rules), { data, durable, mode: rules?.fileMode });
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
export function createHoldsContent({ dataFolder, rules }: FolderOptions): HoldsContent {
  return async ({ path, bytes, sum }) => {
    try {
      await using handle = await openForReading(await placeInside(dataFolder, path, rules));
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
export function createWriteFile(options: FolderOptions, deps: { readonly lock: KeyedLock }): WriteFile {
  const replaceFile = createReplaceFile(options, deps);
  return async (file) => {
    try {
      await replaceFile(file);
      return { ok: true };
    } catch (error) {
      return await fileFailure(options.dataFolder, file.path, error);
    }
  };
}

async function replace(
  path: string,
  { data, durable, mode }: Required<Omit<FileContent, 'path'>> & { mode: number | undefined },
): Promise<void> {
  const before = await regularFileAt(path);
  const part = partPath(path);
  await using handle = await openNew(part, mode).catch(async (error: unknown) => {
    // What a crash left there goes.
    if (errorCode(error) !== 'EEXIST') throw error;
    await rm(part, { force: true });
    return await openNew(part, mode);
  });
  try {
    await handle.writeFile(data.length === 1 ? data[0]! : Buffer.concat(data));
    if (before) await takeOver(handle, { before, mode: before.mode });
    if (durable) await handle.sync();
    await putInPlace({ handle, path: part }, path, { durable });
  } catch (error) {
    await rm(part, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** Where the new content grows: one name per file, so that a crash leaves no more than one of them behind. */
function partPath(path: string): string {
  const name = createHash('sha256').update(basename(path)).digest('hex').slice(0, 16);
  return join(dirname(path), `.steward-${name}.part`);
}
