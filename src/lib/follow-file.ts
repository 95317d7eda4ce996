import { constants, type FSWatcher, type Stats, watch } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { CodedError } from './coded-error.ts';
import { FileMarks } from './file-marks.ts';
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
/** Files that are open and wait for their turn, at most. */
const MAX_NEXT = 64;

export interface FollowOptions {
  readonly path: string;
  /** Ends the following. */
  readonly signal: AbortSignal;
  /** Called where nothing is at the path when it begins. */
  isMissing?(): void;
}

export interface FollowDeps {
  /** Takes a piece of the file; the next one is read when this has resolved. */
  write(piece: Uint8Array): Promise<void>;
  /** Another file (or the same, emptied) begins: a line that has begun goes on no more. */
  breakLine(): Promise<void>;
  /** What is added from now on is handed over. */
  onReady?(): void;
}

/** A path that can't be followed. */
export class FollowError extends CodedError<'not-a-file' | 'unreadable'> {
  override name = 'FollowError';
}

/**
 * Hands over what is added to a file from now on, until the signal is aborted; then also what came up to that moment.
 *
 * Follows the path: after a rotation by rename the old file is read until it is quiet for a second, then the new one
 * from its start, and so on through quick rotations, as each file is opened when it comes; a file that is emptied is read from its start again, also where it
 * grew beyond its old size before anybody looked (but for one that begins as it did). A path where nothing is yet is waited for. Returns whether there was a file.
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
  readonly marks: FileMarks;
  /** When it was last seen to grow; undefined before its turn has come. */
  grewAt: number | undefined;
  /** Since when another file is at the path. */
  replacedAt: number | undefined;
}

class Follower implements AsyncDisposable {
  readonly #path: string;
  readonly #signal: AbortSignal;
  readonly #isMissing: () => void;
  readonly #deps: FollowDeps;
  #file: Followed | undefined;
  /** Files that came to the path later, in their order: each is opened when it comes, as the next rotation may be near. */
  readonly #next: Followed[] = [];
  #folderWatcher: FSWatcher | undefined;
  #looking: Promise<void> | undefined;
  #unreadableSince: number | undefined;
  #isDirty = false;
  #wake: (() => void) | undefined;

  constructor({ path, signal, isMissing = () => {} }: FollowOptions, deps: FollowDeps) {
    this.#path = path;
    this.#isMissing = isMissing;
    this.#signal = signal;
    this.#deps = deps;
    signal.addEventListener('abort', this.#stir);
  }

  async run(): Promise<{ wasFound: boolean }> {
    this.#watchFolder();
    this.#file = await this.#open();
    if (this.#file) {
      this.#file.position = await this.#file.marks.skip(this.#file.handle);
      this.#file.grewAt = Number.NEGATIVE_INFINITY;
    } else this.#isMissing();
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
    this.#folderWatcher?.close();
    await this.#looking?.catch(() => {});
    for (const file of [this.#file, ...this.#next]) {
      file?.watcher?.close();
      await file?.handle.close();
    }
  }

  /** Reads what is new, or goes on to another file. True when something was read. */
  async #step(): Promise<boolean> {
    this.#isDirty = false;
    await this.#look();
    const file = this.#file;
    if (!file) {
      await this.#goOn();
      return false;
    }
    const { size } = await file.handle.stat();
    if (await file.marks.isEmptied(file.handle, file.position, size)) {
      await this.#deps.breakLine();
      file.position = 0;
    }
    if (size > file.position) {
      // What was there when its turn came did not come now.
      file.grewAt = file.grewAt === undefined ? Number.NEGATIVE_INFINITY : performance.now();
      await this.#readUpTo(size);
      return true;
    }
    file.grewAt ??= Number.NEGATIVE_INFINITY;
    if (file.replacedAt !== undefined && isDone(file, file.replacedAt)) await this.#goOn();
    return false;
  }

  /** What came up to the end. True when there is a file. */
  async #readLast(): Promise<boolean> {
    await this.#look().catch(() => {});
    for (;;) {
      const file = this.#file;
      if (file) {
        const { size } = await file.handle.stat();
        await this.#readUpTo(Math.min(size, file.position + MAX_LAST_BYTES));
      }
      if (this.#next.length === 0) return file !== undefined;
      await this.#goOn();
    }
  }

  /** Goes on to the next file, where there is one. Its content is read at once, without waiting for a change. */
  async #goOn(): Promise<void> {
    const next = this.#next.shift();
    if (!next) return;
    const old = this.#file;
    this.#file = next;
    this.#isDirty = true;
    old?.watcher?.close();
    await old?.handle.close();
    if (old) await this.#deps.breakLine();
  }

  /** Opens what is at the path, where that is another file than the last one. */
  #look(): Promise<void> {
    this.#looking ??= this.#lookOnce().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #lookOnce(): Promise<void> {
    const there = await stat(this.#path).catch(() => undefined);
    const last = this.#next.at(-1) ?? this.#file;
    const isSame = there?.ino === last?.ino && there?.dev === last?.dev;
    if (!there || isSame || this.#next.length >= MAX_NEXT) return;
    const next = await this.#openLater();
    if (!next) return;
    if (last) last.replacedAt ??= performance.now();
    this.#next.push(next);
  }

  async #readUpTo(size: number): Promise<void> {
    const file = this.#file!;
    while (file.position < size) {
      const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, size - file.position));
      const { bytesRead } = await file.handle.read(buffer, { position: file.position });
      if (bytesRead === 0) return;
      file.marks.add(buffer.subarray(0, bytesRead), file.position);
      file.position += bytesRead;
      await this.#deps.write(buffer.subarray(0, bytesRead));
    }
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
      const state = { position: 0, marks: new FileMarks(), grewAt: undefined, replacedAt: undefined };
      return { handle, dev, ino, ...state, watcher: this.#watch() };
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

  /** Tells of another file at the path; where the system can't, the path is looked at now and then. */
  #watchFolder(): void {
    try {
      const name = basename(this.#path);
      const onChange = (_: string, changed: string | null) => {
        if (changed !== null && changed !== name) return;
        // Also while what was read waits to be taken: in that time the path may change more than once.
        this.#look().then(this.#stir, this.#stir);
      };
      const watcher = watch(dirname(this.#path), { persistent: false }, onChange);
      this.#folderWatcher = watcher.on('error', () => watcher.close());
    } catch {
      this.#folderWatcher = undefined;
    }
  }

  readonly #stir = (): void => {
    this.#isDirty = true;
    this.#wake?.();
  };

  async #rest(hasRead: boolean): Promise<void> {
    if (hasRead) return await this.#sleep(BREATH_MS);
    if (this.#isDirty) return;
    if (this.#file?.replacedAt !== undefined) return await this.#sleep(POLL_CHANGE_MS);
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

/** Whether nothing more is expected of a file that another one has replaced. */
function isDone({ grewAt = Number.NEGATIVE_INFINITY }: Followed, replacedAt: number): boolean {
  const now = performance.now();
  return now - Math.max(grewAt, replacedAt) >= QUIET_MS || now - replacedAt >= MAX_OVERLAP_MS;
}

function checkIsFile(path: string, stats: Stats): void {
  if (stats.isFile()) return;
  const what = stats.isDirectory() ? 'is a folder' : 'is no regular file';
  throw new FollowError('not-a-file', `${path} ${what}: only a file can be followed`);
}
