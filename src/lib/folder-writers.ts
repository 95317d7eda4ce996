import type { Stats } from 'node:fs';
import { dirname } from 'node:path';

// Commands that ask a node once would take longer by the loading of the module.
const { statSync, realpathSync } = process.getBuiltinModule('node:fs');

const ROOT = 0;
const STICKY = 0o1000;
const OTHERS_WRITE = 0o002;
const GROUP_WRITES = 0o020;

interface Writers {
  /** The user besides root and oneself who may write there. */
  readonly user: number | undefined;
  /** Whether that user counts in a folder such as /tmp too, where anybody can make a folder that looks like any other. */
  readonly isKnown: boolean;
}

/**
 * The end of a sentence that says why somebody else than root, this process's user and one other user could have put
 * something into a folder, with all folders above it; undefined where nobody could, or where this user may not look.
 */
export function foreignWriter(folder: string, { user, isKnown }: Writers): string | undefined {
  const own = process.geteuid?.() ?? ROOT;
  let below: number | undefined;
  for (const path of withParents(realFolder(folder))) {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return undefined;
    // In a folder like /tmp nobody can replace what is another user's, but anybody could have been there first.
    const isKept = below !== undefined && (isKnown ? [ROOT, own, user] : [ROOT, own]).includes(below);
    const others = othersOf(stats, isKept);
    if (others !== undefined) return `${others} can write to ${path}`;
    if (![ROOT, own, user].includes(stats.uid)) return `${path} belongs to the user with id ${stats.uid}`;
    below = stats.uid;
  }
  return undefined;
}

/** Who besides its owner can replace what is in a folder. A group of the owner's own number is of nobody else. */
function othersOf({ uid, gid, mode }: Stats, isKept: boolean): string | undefined {
  if (isKept && (mode & STICKY) !== 0) return undefined;
  if ((mode & OTHERS_WRITE) !== 0) return 'any user';
  return (mode & GROUP_WRITES) !== 0 && gid !== uid ? `the group ${gid}` : undefined;
}

/** The folder behind all links; the same one where that cannot be seen. */
export function realFolder(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}

/** The user that a file belongs to; undefined where it is not there. */
export function ownerOf(path: string): number | undefined {
  try {
    return statSync(path).uid;
  } catch {
    return undefined;
  }
}

function* withParents(folder: string): Generator<string> {
  for (let path = folder; ; path = dirname(path)) {
    yield path;
    if (path === dirname(path)) return;
  }
}
