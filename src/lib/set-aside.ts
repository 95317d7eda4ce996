import { rename, rm } from 'node:fs/promises';
import { passOver } from './system-fault.ts';

/** `maxBytes` is the size at which a file is set aside as `.1`, `.2` and so on; `keepFiles` of those are kept. */
export interface Rotation {
  readonly maxBytes: number;
  readonly keepFiles: number;
}

/** Sets a file aside as `.1`, older ones as `.2` and so on; `keepFiles` of those are kept, or none. */
export async function setAside(path: string, keepFiles: number): Promise<void> {
  if (keepFiles === 0) return rm(path, { force: true });
  for (let number = keepFiles; number > 0; number--) {
    const younger = number === 1 ? path : `${path}.${number - 1}`;
    await rename(younger, `${path}.${number}`).catch(passOver('ENOENT'));
  }
}
