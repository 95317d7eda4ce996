import { stat } from 'node:fs/promises';
import { readFault, readPlainFile } from '../lib/plain-file.ts';
import { errorCode } from '../lib/system-fault.ts';
import type { Groups } from './match-nodes.ts';
import { readGroups } from './read-groups.ts';
import { TargetError } from './target-error.ts';

/** The groups of a node, from a file that is read anew whenever it has changed. */
export interface GroupsFile {
  /** The groups as they are now; none where there is no file. Throws TargetError with the line for a file that is wrong. */
  read(): Promise<Groups>;
}

/** Knows a groups file by its path; nothing is read before it is asked for. */
export function createGroupsFile(path: string): GroupsFile {
  let stamp = '';
  let groups: Groups = {};
  return {
    async read() {
      const found = await stampOf(path);
      if (found === undefined) return {};
      if (found === stamp) return groups;
      groups = readGroups(await textOf(path), path);
      stamp = found;
      return groups;
    },
  };
}

/** What changes when the file does; undefined where there is none. */
async function stampOf(path: string): Promise<string | undefined> {
  try {
    const { mtimeNs, ctimeNs, size, ino } = await stat(path, { bigint: true });
    return `${mtimeNs} ${ctimeNs} ${size} ${ino}`;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw unreadable(path, error);
  }
}

async function textOf(path: string): Promise<string> {
  try {
    return (await readPlainFile(path)).toString();
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): TargetError {
  return new TargetError(`the groups file ${path} cannot be read: ${readFault(error)}`, { cause: error });
}
