import { statSync } from 'node:fs';

/** A file of a database, and which one it was when it was opened; unknown where it was not there yet. */
export interface KnownFile {
  readonly file: string;
  inode: bigint | undefined;
}

/** The database at a path and the log of its writes, as they are now. */
export function knownFiles(path: string): KnownFile[] {
  return [path, `${path}-wal`].map((file) => ({ file, inode: inodeOf(file) }));
}

/**
 * Makes the function that says what is wrong where a database, or the log of its writes, is no longer the file at its path:
 * deleted or replaced under the program that has it open, which then writes what nobody will ever read.
 */
export function createFileCheck(path: string, files: readonly KnownFile[]): () => string | undefined {
  return () => {
    for (const one of files) {
      const inode = inodeOf(one.file);
      one.inode ??= inode;
      if (inode === one.inode) continue;
      const how = inode === undefined ? 'deleted' : 'replaced';
      return `the database ${path} is not written any more, as ${one.file} was ${how} while the node runs: put it back as it was, or stop the node and restore a backup`;
    }
    return undefined;
  };
}

function inodeOf(file: string): bigint | undefined {
  return statSync(file, { bigint: true, throwIfNoEntry: false })?.ino;
}
