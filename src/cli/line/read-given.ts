import { readFile } from 'node:fs/promises';
import { systemFault } from '../../lib/system-fault.ts';
import { UsageError } from './command.ts';

/** Reads a file that a command line names, or what a pipe in its place brings. Throws UsageError, which begins with `name`. */
export async function readGiven(path: string, name = path): Promise<Buffer> {
  return await readFile(path).catch((cause: Error) => {
    throw new UsageError(`${name} cannot be read: ${systemFault(cause)}`);
  });
}
