import { constants, type FSWatcher, type Stats, watch } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { errorCode, systemFault } from './system-fault.ts';

const READ_BYTES = 64 * 1024;
/** How often the path is looked at: while changes are told, while they are not, and while another file is taking over. */
const POLL_WATCHED_MS = 1000;
const POLL_MS = 250;
const POLL_CHANGE_MS = 50;
/** A pause after what was read, so that many small writes become few reads. */
const BREATH_MS = 10;
/** A file that was rotated away is done when nothing came for this long; another waits for it no longer than the last. */
const QUIET_MS = 1000;
const MAX_OVERLAP_MS = 10_000;
/** How long a file that came later may be unreadable: it may be about to get its owner and mode. */
const UNREADABLE_MS = 10_000;
const MAX_LAST_BYTES = 1024 * 1024;

export interface FollowOptions {
  readonly path: string;
  /** Ends the following. */
  readonly signal: AbortSignal;
}

export interface FollowDeps {
  /** Takes a piece of the file; the next one is read when this has resolved. */
  write(piece: Uint8Array): Promise<void>;
  /** Another file (or the same, emptied) begins. */
  onOtherFile(): Promise<void>;
  /** What is added from now on is handed over. */
  onReady?(): void;
}

/** A path that can't be followed, with a sentence that says why. */
export class FollowError extends Error {
  override name = 'FollowError';
  readonly code: 'not-a-file' | 'unreadable';

  constructor(code: FollowError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Hands over what is added to a file from now on, until the signal is aborted; then also what came up to that moment.
 *
 * Follows the path: after a rotation by rename the old file is read until it is quiet for a second, then the new one
 * from its start; a file that is emptied is read from its start again (one that has grown beyond its old size before
 * anybody could look is taken for the same). A path where nothing is yet is waited for. Gives whether there ever was
 * a file.
 *
 * @throws FollowError for what is no regular file or can't be read.
 */
export async function followFile(options: FollowOptions, deps: FollowDeps): Promise<{ wasFound: boolean }> {
  await using follower = new Follower(options, deps);
  return await follower.run();
}

interface Followed {
  readonly handle: FileHandle;
  readonly dev: number;
  readonly ino: number;
  readonly watcher: FSWatcher | undefined;
  position: number;
  grewAt: number;
}

class Follower implements AsyncDisposable {
  readonly #path: string;
  readonly #signal: AbortSignal;
  readonly #deps: FollowDeps;
  #file: Followed | undefined;
  /** Since when another file is at the path. */
  #changedAt: number | undefined;
  #unreadableSince: number | undefined;
  #isDirty = false;
  #wake: (() => void) | undefined;

  constructor({ path, signal }: FollowOptions, deps: FollowDeps) {
    this.#path = path;
    this.#signal = signal;
    this.#deps = deps;
    signal.addEventListener('abort', this.#stir);
  }

  async run(): Promise<{ wasFound: boolean }> {
    this.#file = await this.#open();
    if (this.#file) this.#file.position = (await this.#file.handle.stat()).size;
    let wasFound = this.#file !== undefined;
    this.#deps.onReady?.();
    while (!this.#signal.aborted) {
      const hasRead = await this.#step();
      wasFound ||= this.#file !== undefined;
      await this.#rest(hasRead);
    }
    return { wasFound: (await this.#readLast()) || wasFound };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal.removeEventListener('abort', this.#stir);
    await this.#close();
  }

  /** Reads what is new, or goes on to another file. True when something was read. */
  async #step(): Promise<boolean> {
    this.#isDirty = false;
    const there = await this.#look();
    const file = this.#file;
    if (!file) {
      if (there) await this.#goOn();
      // Its content is read at once, without waiting for a change.
      this.#isDirty ||= this.#file !== undefined;
      return false;
    }
    const isSame = there !== undefined && this.#isAt(there);
    const size = isSame ? there.size : await this.#sizeNow();
    if (size < file.position) {
      await this.#deps.onOtherFile();
      file.position = 0;
    }
    if (size > file.position) {
      await this.#readUpTo(size);
      return true;
    }
    if (isSame || !there) this.#changedAt = undefined;
    else await this.#changeOver(file);
    this.#isDirty ||= this.#file !== file;
    return false;
  }

  /** What came up to the end. True when there is a file. */
  async #readLast(): Promise<boolean> {
    for (const isAgain of [false, true]) {
      const there = await this.#look();
      if (there && (isAgain || !this.#file) && !this.#isAt(there)) await this.#goOn();
      const file = this.#file;
      if (file) await this.#readUpTo(Math.min(await this.#sizeNow(), file.position + MAX_LAST_BYTES));
    }
    return this.#file !== undefined;
  }

  async #changeOver(old: Followed): Promise<void> {
    const now = performance.now();
    this.#changedAt ??= now;
    const isQuiet = now - Math.max(old.grewAt, this.#changedAt) >= QUIET_MS;
    if (isQuiet || now - this.#changedAt >= MAX_OVERLAP_MS) await this.#goOn();
  }

  /** Goes on to the file at the path. */
  async #goOn(): Promise<void> {
    const next = await this.#openLater();
    if (!next) return;
    const isOther = this.#file !== undefined;
    await this.#close();
    this.#file = next;
    this.#changedAt = undefined;
    if (isOther) await this.#deps.onOtherFile();
  }

  #isAt({ ino, dev }: Stats): boolean {
    return this.#file?.ino === ino && this.#file.dev === dev;
  }

  async #readUpTo(size: number): Promise<void> {
    const file = this.#file!;
    while (file.position < size) {
      const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, size - file.position));
      const { bytesRead } = await file.handle.read(buffer, { position: file.position });
      if (bytesRead === 0) return;
      file.position += bytesRead;
      file.grewAt = performance.now();
      await this.#deps.write(buffer.subarray(0, bytesRead));
    }
  }

  async #sizeNow(): Promise<number> {
    return (await this.#file!.handle.stat()).size;
  }

  /** What is at the path, if anything can be seen there. */
  async #look(): Promise<Stats | undefined> {
    return await stat(this.#path).catch(() => undefined);
  }

  /** The same as `#open` for a file that came later: what is wrong with it may pass. */
  async #openLater(): Promise<Followed | undefined> {
    try {
      const file = await this.#open();
      this.#unreadableSince = undefined;
      return file;
    } catch (error) {
      this.#unreadableSince ??= performance.now();
      if (performance.now() - this.#unreadableSince > UNREADABLE_MS) throw error;
      return undefined;
    }
  }

  /** Opens the file at the path, at its start; undefined where there is none. */
  async #open(): Promise<Followed | undefined> {
    let handle: FileHandle | undefined;
    try {
      // Opening a named pipe would wait for a writer.
      handle = await open(this.#path, constants.O_RDONLY | constants.O_NONBLOCK);
      const stats = await handle.stat();
      checkIsFile(this.#path, stats);
      const { dev, ino } = stats;
      return { handle, dev, ino, position: 0, grewAt: Number.NEGATIVE_INFINITY, watcher: this.#watch() };
    } catch (error) {
      await handle?.close();
      if (errorCode(error) === 'ENOENT') return undefined;
      if (error instanceof FollowError) throw error;
      throw new FollowError('unreadable', `the file ${this.#path} can't be read: ${systemFault(error)}`, {
        cause: error,
      });
    }
  }

  /** Changes are told where the system can; without (too many watches, a network's file system) the path is polled. */
  #watch(): FSWatcher | undefined {
    try {
      const watcher = watch(this.#path, { persistent: false }, this.#stir);
      return watcher.on('error', () => watcher.close());
    } catch {
      return undefined;
    }
  }

  async #close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    file?.watcher?.close();
    await file?.handle.close();
  }

  readonly #stir = (): void => {
    this.#isDirty = true;
    this.#wake?.();
  };

  async #rest(hasRead: boolean): Promise<void> {
    if (hasRead) return await this.#sleep(BREATH_MS);
    if (this.#isDirty) return;
    if (this.#changedAt !== undefined) return await this.#sleep(POLL_CHANGE_MS);
    await this.#sleep(this.#file?.watcher ? POLL_WATCHED_MS : POLL_MS);
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#signal.aborted) return resolve();
      const wake = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(wake, ms);
      if (ms > BREATH_MS) this.#wake = wake;
    });
  }
}

function checkIsFile(path: string, stats: Stats): void {
  if (stats.isFile()) return;
  const what = stats.isDirectory() ? 'is a folder' : 'is no regular file';
  throw new FollowError('not-a-file', `${path} ${what}: only a file can be followed`);
}
