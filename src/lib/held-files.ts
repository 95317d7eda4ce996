import { type BigIntStats, fstatSync, openSync, statSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';

/*
 * SQLite locks files by fcntl: to close any descriptor of a file takes all locks from it that this process holds there. The next
 * program that reads the database would then remove its log, or empty the log's index, on which this process ends with SIGBUS. So
 * nothing opens a file of a database that this process has open, but for the index, which is never closed.
 */
const held = new Set<string>();
const indexes = new Map<string, number>();

/** Keeps the files of a database from `openFile`. Returns what lets go of them. */
export function holdFiles(paths: readonly string[]): () => void {
  for (const path of paths) held.add(path);
  return () => {
    for (const path of paths) held.delete(path);
  };
}

/** Opens a file that others name, as `open` of node:fs does. Throws where it is one that this process holds locks on, by whichever name. */
export const openFile: typeof open = async (path, flags, mode) => {
  const found = held.size > 0 ? await stat(path, { bigint: true }).catch(() => undefined) : undefined;
  if (found?.isFile() && isHeld(found)) {
    const wayOut = `copy what sqlite3 steward.db "VACUUM INTO 'backup.db'" makes`;
    throw new Error(`it is a file of this node's own database, which nothing else may open here; ${wayOut}`);
  }
  return await open(path, flags, mode);
};

/** The index of the log, opened to be read; undefined where this thread must not open it. */
export type OpenIndex = () => number | undefined;

/** Opens the index of a database's log, once, for the main thread to give to others: a thread closes what it has opened itself. Undefined where there is none. */
export function openIndex(path: string): number | undefined {
  const index = `${path}-shm`;
  try {
    const known = indexes.get(path);
    if (known !== undefined && fstatSync(known).ino === statSync(index).ino) return known;
    const file = openSync(index, 'r');
    indexes.set(path, file);
    return file;
  } catch {
    return undefined;
  }
}

function isHeld({ dev, ino }: BigIntStats): boolean {
  return [...held].some((path) => {
    const own = statSync(path, { bigint: true, throwIfNoEntry: false });
    return own?.ino === ino && own.dev === dev;
  });
}
