import { mkdirSync, statSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode } from './system-fault.ts';

/**
 * Makes a folder and those above it that are missing, each with `mode`; one that is there stays as it is. Rejects with the system's
 * error. Node's own `recursive` goes round for ever where a folder that is there takes none: in /proc, and in one that was removed.
 */
export async function makeFolders(path: string, mode = 0o777): Promise<void> {
  const parent = dirname(path);
  let fault = await mkdir(path, { mode }).catch((error: unknown) => error);
  if (errorCode(fault) === 'ENOENT' && parent !== path) {
    await makeFolders(parent, mode);
    fault = await mkdir(path, { mode }).catch((error: unknown) => error);
  }
  if (fault !== undefined && !(await stat(path).catch(() => undefined))?.isDirectory()) throw fault;
}

/** The same at once, for what a node cannot start or go on without. Throws the system's error. */
export function makeFoldersSync(path: string, mode: number): void {
  const parent = dirname(path);
  let fault = faultOf(path, mode);
  if (errorCode(fault) === 'ENOENT' && parent !== path) {
    makeFoldersSync(parent, mode);
    fault = faultOf(path, mode);
  }
  if (fault !== undefined && !statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw fault;
}

function faultOf(path: string, mode: number): unknown {
  try {
    mkdirSync(path, { mode });
    return undefined;
  } catch (error) {
    return error;
  }
}
