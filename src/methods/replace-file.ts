import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { KeyedLock } from '../lib/keyed-lock.ts';
import { openNew, placeInside, regularFileAt, syncFolder } from '../lib/open-inside.ts';

/** Replaces a file of the data folder. */
export type ReplaceFile = (file: FileContent) => Promise<void>;

interface FileContent {
  /** Relative to the data folder, as `targetFile` gives it. */
  readonly path: string;
  readonly data: readonly Uint8Array[];
  /** Whether the content must survive a power cut once this resolves; true unless told. */
  readonly durable?: boolean;
}

/**
 * Makes the function that replaces files: readers see the old content or the new one, never a part. The mode of
 * an existing file is kept.
 */
export function createReplaceFile(
  options: { readonly dataFolder: string },
  deps: { readonly lock: KeyedLock },
): ReplaceFile {
  return async ({ path, data, durable = true }) => {
    const release = await deps.lock.acquire([path]);
    try {
      await replace(await placeInside(options.dataFolder, path), { data, durable });
    } finally {
      release();
    }
  };
}

async function replace(path: string, { data, durable }: Required<Omit<FileContent, 'path'>>): Promise<void> {
  const before = await regularFileAt(path);
  const part = partPath(path);
  await rm(part, { force: true });
  const handle = await openNew(part);
  try {
    await fill(handle, { data, durable, mode: before && before.mode & 0o7777 });
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true }).catch(() => undefined);
    throw error;
  }
  if (durable) await syncFolder(dirname(path));
}

async function fill(
  handle: FileHandle,
  { data, durable, mode }: { data: readonly Uint8Array[]; durable: boolean; mode: number | undefined },
): Promise<void> {
  try {
    if (mode !== undefined) await handle.chmod(mode);
    await handle.writeFile(data.length === 1 ? data[0]! : Buffer.concat(data));
    if (durable) await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Where the new content grows: one name per file, so that a crash leaves no more than one of them behind. */
function partPath(path: string): string {
  const name = createHash('sha256').update(basename(path)).digest('hex').slice(0, 16);
  return join(dirname(path), `.steward-${name}.part`);
}
