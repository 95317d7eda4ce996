import type { Stats } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { descriptorName } from './descriptor-name.ts';
import { passOver } from './system-fault.ts';
import { type FileSystem, systemFiles } from './system-files.ts';

const MAX_LINKS = 40;
const OTHERS_WRITE = 0o002;

/** A link that must not be followed, in a sentence. */
export class LinkError extends Error {
  override name = 'LinkError';
  readonly code = 'link';
}

/**
 * The path behind all links of an absolute path; what is missing of it is as it was given. As the kernel's
 * protected_symlinks, whether that is on or not: in a folder where anybody may put links, those of others are not followed,
 * nor are those in a folder that another user put there. Throws LinkError, and system errors as they come.
 */
export async function realPathOf(path: string, files: FileSystem = systemFiles): Promise<string> {
  let at: Step = { folder: sep, rest: partsOf(path), isOthers: false };
  for (let links = 0; links <= MAX_LINKS; links++) {
    const found = await nextLink(at, files);
    if (typeof found === 'string') return found;
    at = found;
  }
  throw new LinkError(`${path} leads through too many links`);
}

/**
 * Checks that an open file is the one at a path without links: a folder on the way may have become one between the look at it
 * and the opening. Throws LinkError where it is another; where there is no /proc nobody can tell.
 */
export function checkOpened({ fd }: { readonly fd: number }, path: string): void {
  // Some file systems know no capitals, and one form of an accent.
  const plain = (name: string) =>
    name
      .replace(/ \(deleted\)$/, '')
      .normalize()
      .toLowerCase();
  const opened = descriptorName(fd);
  if (opened !== undefined && plain(opened) !== plain(path))
    throw new LinkError(`a folder on the way to ${path} became a link at the same moment`);
}

/** A folder without links, and the names that follow it. */
interface Step {
  readonly folder: string;
  readonly rest: readonly string[];
  /** Whether the folder is another user's, or below one, that could have been put in its place by anybody. */
  readonly isOthers: boolean;
}

/** Where the next link on the way leads, with what follows it; the whole path where there is none. */
async function nextLink({ folder, rest, isOthers }: Step, files: FileSystem): Promise<Step | string> {
  let place = folder;
  let above = await files.stat(place);
  let isBelowOthers = isOthers;
  for (const [index, part] of rest.entries()) {
    const next = part === '..' ? dirname(place) : join(place, part);
    const more = rest.slice(index + 1);
    const stats = await statsAt(next, files);
    if (stats === undefined) return join(next, ...more);
    if (part !== '..') isBelowOthers ||= isOfAnother(stats, above);
    if (!stats.isSymbolicLink()) {
      place = next;
      above = stats;
      continue;
    }
    if (isBelowOthers && stats.uid !== process.geteuid?.())
      throw new LinkError(`${next} is a link of another user in a folder that all may write to`);
    return behind(await files.readlink(next), { folder: place, rest: more, isOthers: isBelowOthers });
  }
  return place;
}

function behind(target: string, { folder, rest, isOthers }: Step): Step {
  const all = [...partsOf(target), ...rest];
  return target.startsWith(sep)
    ? { folder: sep, rest: all, isOthers: false }
    : { folder, rest: all, isOthers };
}

function partsOf(path: string): string[] {
  return path.split(sep).filter((part) => part !== '' && part !== '.');
}

/** Whether what is in a folder that all may write to is neither of this process's user nor of the folder's owner. */
function isOfAnother({ uid }: Stats, { mode, uid: owner }: Stats): boolean {
  return (mode & OTHERS_WRITE) !== 0 && uid !== process.geteuid?.() && uid !== owner;
}

/** What is at a path, a link itself for one; undefined where nothing is or can be. */
export async function statsAt(path: string, files: FileSystem = systemFiles): Promise<Stats | undefined> {
  return await files.lstat(path).catch(passOver('ENOENT', 'ENOTDIR'));
}
