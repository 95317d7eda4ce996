import { lstatSync, type Stats } from 'node:fs';
import { type FileHandle, lstat } from 'node:fs/promises';
import { fileSystemOf, mayStandStill } from './file-system.ts';
import { type FolderRules, openExisting, openForWriting, placeInside } from './open-inside.ts';
import { setAside } from './set-aside.ts';
import { errorCode } from './system-fault.ts';

/** How many files stay open at most while nobody uses them, and for how long. */
export interface OpenFilesOptions {
  readonly folder: string;
  readonly rules?: FolderRules;
  readonly maxIdle?: number;
  readonly idleMs?: number;
}

/** A file in use: its handle, its identity on disk, and its size when it was borrowed. */
export interface BorrowedFile {
  readonly path: string;
  readonly handle: FileHandle;
  readonly dev: number;
  readonly ino: number;
  size: number;
  /** Whether a small write to it is a matter of microseconds: then this thread does it, as another one takes ten times as long. */
  readonly isQuick?: boolean;
}

interface OpenFile {
  readonly realPath: string;
  readonly handle: FileHandle;
  readonly dev: number;
  readonly ino: number;
  readonly mayStandStill: boolean;
  users: number;
  borrowedAt: number;
  usedAt: number;
}

/** A disk that took no longer than this for the last use of a file is taken for a quick one, ms. */
const QUICK_MS = 100;

/**
 * Keeps files of one folder open between writes, so that the next write to the same file costs one lstat instead
 * of the whole walk of checks. A file that was rotated or removed meanwhile is opened anew.
 */
export class OpenFiles {
  readonly #folder: string;
  readonly #rules: FolderRules | undefined;
  readonly #maxIdle: number;
  readonly #idleMs: number;
  readonly #files = new Map<string, OpenFile>();
  #sweep: NodeJS.Timeout | undefined;

  constructor({ folder, rules, maxIdle = 64, idleMs = 2000 }: OpenFilesOptions) {
    this.#folder = folder;
    this.#rules = rules;
    this.#maxIdle = maxIdle;
    this.#idleMs = idleMs;
  }

  /** How many files are open now. */
  get openCount(): number {
    return this.#files.size;
  }

  /** Borrows the file at a path below the folder, made where it is missing; only one borrower per path at a time. */
  async borrow(path: string): Promise<BorrowedFile> {
    const known = this.#files.get(path);
    if (known !== undefined) {
      known.users += 1;
      const { realPath, handle, dev, ino, usedAt, borrowedAt } = known;
      const isQuick = !known.mayStandStill && usedAt - borrowedAt <= QUICK_MS;
      known.borrowedAt = performance.now();
      const stats = isQuick ? lookAt(realPath) : await lstat(realPath).catch(() => undefined);
      if (stats?.ino === ino && stats.dev === dev)
        return { path, handle, dev, ino, size: stats.size, isQuick };
      await this.#forget(path, known);
    }
    return this.#open(path);
  }

  /** Sets a borrowed file aside (see `setAside`), and borrows the new one at its path. */
  async setAside(path: string, keepFiles: number): Promise<BorrowedFile> {
    const file = this.#files.get(path);
    if (file !== undefined) {
      await setAside(file.realPath, keepFiles);
      await this.#forget(path, file);
    }
    return this.#open(path);
  }

  /** Opens the file at a path below the folder for reading and writing, for the caller to close; undefined where there is none. */
  async openExisting(path: string): Promise<FileHandle | undefined> {
    return openExisting(await placeInside(this.#folder, path, this.#rules));
  }

  /** Gives a borrowed file back. */
  async giveBack(path: string): Promise<void> {
    const file = this.#files.get(path);
    if (file === undefined) return;
    file.users -= 1;
    file.usedAt = performance.now();
    this.#files.delete(path);
    this.#files.set(path, file);
    if (this.#files.size > this.#maxIdle) await this.#closeIdle(this.#files.size - this.#maxIdle);
    this.#sweep ??= setTimeout(() => this.#closeOld(), this.#idleMs).unref();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#sweep);
    await this.#closeIdle(this.#files.size);
  }

  async #open(path: string): Promise<BorrowedFile> {
    const realPath = await placeInside(this.#folder, path, this.#rules);
    const mode = this.#rules?.fileMode;
    const handle = await openForWriting(realPath, mode).catch(async (error) => {
      if (errorCode(error) !== 'EMFILE') throw error;
      await this.#closeIdle(this.#files.size);
      return openForWriting(realPath, mode);
    });
    const { dev, ino, size } = await handle.stat();
    const isRemote = mayStandStill(await fileSystemOf(realPath));
    const now = performance.now();
    const times = { borrowedAt: now, usedAt: now };
    this.#files.set(path, { realPath, handle, dev, ino, mayStandStill: isRemote, users: 1, ...times });
    return { path, handle, dev, ino, size };
  }

  async #closeIdle(count: number, usedBefore = Number.POSITIVE_INFINITY): Promise<void> {
    const idle = [...this.#files].filter(([, file]) => file.users === 0 && file.usedAt <= usedBefore);
    await Promise.all(idle.slice(0, count).map(([path, file]) => this.#forget(path, file)));
  }

  async #forget(path: string, file: OpenFile): Promise<void> {
    this.#files.delete(path);
    // Whoever wrote to it has synced it, so a fault of closing loses nothing.
    await file.handle.close().catch(() => undefined);
  }

  async #closeOld(): Promise<void> {
    this.#sweep = undefined;
    await this.#closeIdle(this.#files.size, performance.now() - this.#idleMs);
    if (this.#files.size > 0) this.#sweep ??= setTimeout(() => this.#closeOld(), this.#idleMs).unref();
  }
}

function lookAt(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
