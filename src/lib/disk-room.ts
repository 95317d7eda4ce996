import type { StatsFs } from 'node:fs';
import { statfs } from 'node:fs/promises';

const MB = 1024 * 1024;
const LEAST_FREE_BYTES = 100 * MB;
const MOST_FREE_BYTES = 1024 * MB;
const FREE_SHARE = 0.05;
const LOOK_EVERY_MS = 1000;

/** Tells when the disk of a folder is nearly full; looks once a second at most, however often it is asked. */
export class DiskRoom {
  readonly #folder: string;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #shortage: Promise<string | undefined> = Promise.resolve(undefined);

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** A phrase that says how little is free, or undefined while there is room. */
  shortage(): Promise<string | undefined> {
    const now = performance.now();
    if (now - this.#lookedAt >= LOOK_EVERY_MS) {
      this.#lookedAt = now;
      this.#shortage = statfs(this.#folder).then(
        (found) =>
          describeShortage(this.#folder, {
            freeBytes: freeBytesOf(found),
            allBytes: found.blocks * found.bsize,
          }),
        () => undefined,
      );
    }
    return this.#shortage;
  }
}

/** How much is free on a disk, bytes: no limit where it counts none, as /proc and some network disks do. */
export function freeBytesOf({ bavail, blocks, bsize }: Pick<StatsFs, 'bavail' | 'blocks' | 'bsize'>): number {
  return blocks === 0 ? Number.POSITIVE_INFINITY : bavail * bsize;
}

/** Why a disk counts as nearly full: less than 5 % of it is free, counted as 100 MB at least and 1 GB at most. */
export function describeShortage(
  folder: string,
  { freeBytes, allBytes }: { freeBytes: number; allBytes: number },
): string | undefined {
  const limit = Math.min(MOST_FREE_BYTES, Math.max(LEAST_FREE_BYTES, allBytes * FREE_SHARE));
  if (freeBytes >= limit) return undefined;
  return `the disk of ${folder} is nearly full (${Math.round(freeBytes / MB)} MB are free, ${Math.round(limit / MB)} MB have to be)`;
}

const MOST_FOR_OUTPUT_BYTES = 1024 * MB;
const OUTPUT_SHARE = 0.1;

/** How much of the disk of a folder output may take that waits: a tenth of it, 1 GB at most; bytes. */
export async function roomForOutput(folder: string): Promise<number> {
  const { blocks, bsize } = await statfs(folder).catch(() => ({ blocks: 0, bsize: 0 }));
  const share = blocks * bsize * OUTPUT_SHARE;
  return share > 0 ? Math.min(MOST_FOR_OUTPUT_BYTES, share) : MOST_FOR_OUTPUT_BYTES;
}
