import { writeFileSync } from 'node:fs';
import * as promises from 'node:fs/promises';
import { openFile } from './held-files.ts';
import { keepAttributes } from './keep-attributes.ts';
import { readPlainFileSync } from './plain-file.ts';

/** Files as a dependency: what a part asks of the file system, whichever that is. */
export type FileSystem = Pick<
  typeof promises,
  | ('open' | 'stat' | 'lstat' | 'statfs' | 'realpath' | 'readlink' | 'readdir' | 'readFile')
  | ('rename' | 'rm' | 'mkdir' | 'utimes')
> & {
  /** What a file holds, at once. */
  readPlainFileSync(path: string): Buffer;
  writeFileSync(path: string, text: string, options: { readonly mode: number }): void;
  /** Gives a file the access list and extended attributes of another; a phrase for what could not be kept. */
  keepAttributes(path: string, to: promises.FileHandle): Promise<string | undefined>;
};

/** The file system of the machine. */
export const systemFiles: FileSystem = {
  ...promises,
  open: openFile,
  readPlainFileSync,
  writeFileSync,
  keepAttributes,
};
