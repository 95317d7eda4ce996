import { mkdirSync, statSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode, passOver } from './system-fault.ts';

/**
 * Makes a folder and those above it that are missing, each with `mode`; one that is there stays as it is. Rejects with the system's
 * error. Node's own `recursive` goes round for ever where a folder that is there takes none: in /proc, and in one that was removed.
 */
export async function makeFolder(path: string, mode = 0o777): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    const parent = dirname(path);
    if (errorCode(error) === 'ENOENT' && parent !== path) {
      await makeFolder(parent, mode);
      await mkdir(path, { mode }).catch(passOver('EEXIST'));
    } else if (!(await stat(path).catch(() => undefined))?.isDirectory()) throw error;
  }
}

/** The same at once, for what a node cannot start or go on without. Throws the system's error. */
export function makeFolderSync(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    const parent = dirname(path);
    if (errorCode(error) === 'ENOENT' && parent !== path) {
      makeFolderSync(parent, mode);
      mkdirSync(path, { mode });
    } else if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}
