import { type BigIntStats, statSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';

const held = new Set<string>();

/**
 * Keeps files from `openFile`, as those of a database: to close any descriptor of a file takes all locks from it that this process
 * holds there (fcntl), and the next program that reads the database would remove its log. Returns what lets go of them.
 */
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

function isHeld({ dev, ino }: BigIntStats): boolean {
  return [...held].some((path) => {
    const own = statSync(path, { bigint: true, throwIfNoEntry: false });
    return own?.ino === ino && own.dev === dev;
  });
}
