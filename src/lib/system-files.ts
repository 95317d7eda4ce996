import * as promises from 'node:fs/promises';

/** Files as a dependency: what a part asks of the file system, whichever that is. */
export type FileSystem = Pick<
  typeof promises,
  | ('open' | 'stat' | 'lstat' | 'statfs' | 'realpath' | 'readlink' | 'readdir' | 'readFile')
  | ('rename' | 'rm' | 'mkdir' | 'utimes')
>;

/** The file system of the machine. */
export const systemFiles: FileSystem = promises;
