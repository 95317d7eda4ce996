import type { Stats } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { errorCode } from './system-fault.ts';
import { type FileSystem, systemFiles } from './system-files.ts';

const MAX_LINKS = 40;
const STICKY = 0o1000;
const OTHERS_WRITE = 0o002;

/** A link that must not be followed, in a sentence. */
export class LinkError extends Error {
  override name = 'LinkError';
  readonly code = 'link';
}

/**
 * The path behind all links of an absolute path; what is missing of it is as it was given. As the kernel's
 * protected_symlinks, whether that is on or not: in a folder where anybody may put links, those of others are not followed.
 * Throws LinkError, and system errors as they come.
 */
export async function realPathOf(path: string, files: FileSystem = systemFiles): Promise<string> {
  let at: Step = { folder: sep, rest: partsOf(path) };
  for (let links = 0; links <= MAX_LINKS; links++) {
    const found = await nextLink(at, files);
    if (typeof found === 'string') return found;
    at = found;
  }
  throw new LinkError(`${path} leads through too many links`);
}

/** A folder without links, and the names that follow it. */
interface Step {
  readonly folder: string;
  readonly rest: readonly string[];
}

/** Where the next link on the way leads, with what follows it; the whole path where there is none. */
async function nextLink({ folder, rest }: Step, files: FileSystem): Promise<Step | string> {
  let place = folder;
  for (const [index, part] of rest.entries()) {
    const next = part === '..' ? dirname(place) : join(place, part);
    const more = rest.slice(index + 1);
    const stats = await statsAt(next, files);
    if (stats === undefined) return join(next, ...more);
    if (!stats.isSymbolicLink()) {
      place = next;
      continue;
    }
    checkLink(next, stats.uid, await files.stat(place));
    const target = await files.readlink(next);
    return { folder: target.startsWith(sep) ? sep : place, rest: [...partsOf(target), ...more] };
  }
  return place;
}

function partsOf(path: string): string[] {
  return path.split(sep).filter((part) => part !== '' && part !== '.');
}

function checkLink(link: string, owner: number, { mode, uid }: Stats): void {
  const isShared = (mode & STICKY) !== 0 && (mode & OTHERS_WRITE) !== 0;
  if (isShared && owner !== process.geteuid?.() && owner !== uid)
    throw new LinkError(`${link} is a link of another user in a folder that all may write to`);
}

/** What is at a path, a link itself for one; undefined where nothing is or can be. */
export async function statsAt(path: string, files: FileSystem = systemFiles): Promise<Stats | undefined> {
  try {
    return await files.lstat(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '')) return undefined;
    throw error;
  }
}
