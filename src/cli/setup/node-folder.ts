import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { errorCode } from '../../lib/system-fault.ts';
import { UsageError } from '../line/command.ts';

/** Where `up` and `join` put a node, unless told. */
export const DEFAULT_FOLDER = './steward';

/** The folder of a node that was made before: the one that is told, ./steward, or this one. Throws UsageError. */
export async function findNodeFolder(told: string | undefined): Promise<string> {
  const folders = told === undefined ? [DEFAULT_FOLDER, '.'] : [told];
  for (const folder of folders) if (await hasConfig(folder)) return resolve(folder);
  const places = folders.map((folder) => join(resolve(folder), 'etc/config.toml')).join(' nor ');
  throw new UsageError(`there is no node here (no ${places}): name its folder with --folder`);
}

/** The folder of a node, whether it is there yet or not. */
export function nodeFolder(told: string | undefined): string {
  return resolve(told ?? DEFAULT_FOLDER);
}

async function hasConfig(folder: string): Promise<boolean> {
  const path = join(folder, 'etc/config.toml');
  try {
    await access(path);
    return true;
  } catch (error) {
    if (errorCode(error) !== 'EACCES') return false;
    throw new UsageError(`${path} may not be read by you: run this as the user that the node runs as`);
  }
}
