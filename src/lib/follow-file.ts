import { type BigIntStats, type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { closeFollowed, type FollowedFile, isDone, openFollowed } from './followed-file.ts';
import { MovedNames } from './moved-names.ts';

const READ_BYTES = 64 * 1024;
/** How often the path is looked at: while changes are told, while they are not, and while another file is taking over. */
const POLL_WATCHED_MS = 1000;
const POLL_MS = 250;
const POLL_CHANGE_MS = 50;
/** A pause after what was read, so that many small writes become few reads. */
const BREATH_MS = 10;
/** How long a file that came later may be unreadable: it may be about to get its owner and mode. */
const UNREADABLE_MS = 10_000;
const MAX_LAST_BYTES = 1024 * 1024;
/** Files that are open and wait for their turn, at most. */
const MAX_NEXT = 64;
/** Files that were read and are remembered, at most. */
const MAX_SEEN = 1000;
const END_OF_TIME = 2n ** 63n;

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

/**
 * Hands over what is added to a file from now on, until the signal is aborted; then also what came up to that moment.
 *
 * Follows the path: after a rotation by rename the old file is read until it is quiet for a second, then the new one
 * from its start, and so on through quick rotations, as each file is opened when it comes, or under the name that it was moved to; a file that is emptied is read from its start again, also where it
 * grew beyond its old size before anybody looked (but for one that begins as it did). A path where nothing is yet is waited for. Returns whether there was a file.
 *
 * @throws FollowError for what is no regular file or can't be read.
 */
export async function followFile(options: FollowOptions, deps: FollowDeps): Promise<{ wasFound: boolean }> {
  await using follower = new Follower(options, deps);
  return await follower.run();
}

class Follower implements AsyncDisposable {
  readonly #path: string;
  readonly #signal: AbortSignal;
  readonly #isMissing: () => void;
  readonly #deps: FollowDeps;
  #file: FollowedFile | undefined;
  /** Files that came to the path later, in their order: each is opened when it comes, as the next rotation may be near. */
  readonly #next: FollowedFile[] = [];
  readonly #moved: MovedNames;
  readonly #seen = new Set<string>();
  /** Whether the file system tells when a file was made. */
  #tellsBirths = false;
  #firstBirth = 0n;
  #folderWatcher: FSWatcher | undefined;
  #looking: Promise<void> | undefined;
  #looksAgain = false;
  #unreadableSince: number | undefined;
  #isDirty = false;
  #wake: (() => void) | undefined;

  constructor({ path, signal, isMissing = () => {} }: FollowOptions, deps: FollowDeps) {
    this.#path = path;
    this.#isMissing = isMissing;
    this.#moved = new MovedNames(basename(path));
    this.#signal = signal;
    this.#deps = deps;
    signal.addEventListener('abort', this.#stir);
  }

  async run(): Promise<{ wasFound: boolean }> {
    this.#watchFolder();
    this.#learn(await statOf(dirname(this.#path)));
    this.#file = await openFollowed(this.#path, this.#stir);
    if (this.#file) {
      this.#firstBirth = this.#file.birthtimeNs;
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
    for (const file of [this.#file, ...this.#next]) await closeFollowed(file);
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
    if (old) this.#seen.add(keyOf(old));
    if (this.#seen.size > MAX_SEEN) this.#seen.delete(this.#seen.values().next().value!);
    this.#file = next;
    this.#isDirty = true;
    await closeFollowed(old);
    if (old) await this.#deps.breakLine();
  }

  /** Opens what is at the path, where that is another file than the last one, and what was moved away unseen. */
  #look(): Promise<void> {
    this.#looksAgain = true;
    this.#looking ??= this.#lookUntilDone().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #lookUntilDone(): Promise<void> {
    while (this.#looksAgain && this.#next.length < MAX_NEXT) {
      this.#looksAgain = false;
      const names = this.#moved.fresh();
      const there = await statOf(this.#path);
      await this.#takeAllMoved(names, there);
      if (there && !this.#isOpen(there)) await this.#add(await this.#openLater());
    }
  }

  /** What was moved away is older than what is at the path after that; without that nobody knows yet. */
  async #takeAllMoved(names: readonly string[], there: Identity | undefined): Promise<void> {
    const newest = there?.birthtimeNs ?? (this.#signal.aborted ? END_OF_TIME : undefined);
    if (newest === undefined) return this.#moved.putBack(names);
    for (const name of names) await this.#takeMoved(join(dirname(this.#path), name), newest);
  }

  /** Opens a file that was at the path too short to be opened there. When it was made tells it from what was read long ago. */
  async #takeMoved(path: string, newest: bigint): Promise<void> {
    const there = await statOf(path);
    this.#learn(there);
    if (!this.#tellsBirths || !there?.isFile() || there.birthtimeNs > newest) return;
    const known = this.#isOpen(there);
    if (known) known.hasMoved = true;
    if (known || there.birthtimeNs < this.#firstBirth || this.#seen.has(keyOf(there))) return;
    const file = await openFollowed(path, this.#stir).catch(() => undefined);
    if (file) await this.#add({ ...file, hasMoved: true });
  }

  /** Some file systems do not tell when something was made, or tell when it changed. */
  #learn(stats: BigIntStats | undefined): void {
    this.#tellsBirths ||=
      stats !== undefined && stats.birthtimeNs > 0n && stats.birthtimeNs !== stats.ctimeNs;
  }

  #isOpen(file: Identity): FollowedFile | undefined {
    return [this.#file, ...this.#next].find((open) => file.dev === open?.dev && file.ino === open.ino);
  }

  /** Files wait in the order in which they were made; of several at one moment that is last which was not moved yet. */
  async #add(next: FollowedFile | undefined): Promise<void> {
    if (!next) return;
    // Another file may have got the name before it was opened.
    if (this.#isOpen(next) || (next.hasMoved && this.#seen.has(keyOf(next))))
      return await closeFollowed(next);
    const isAfter = ({ birthtimeNs, hasMoved }: FollowedFile) =>
      next.hasMoved && (birthtimeNs > next.birthtimeNs || (birthtimeNs === next.birthtimeNs && !hasMoved));
    const at = this.#next.findIndex(isAfter);
    this.#next.splice(at === -1 ? this.#next.length : at, 0, next);
    for (const file of [this.#file, ...this.#next.slice(0, -1)])
      if (file) file.replacedAt ??= performance.now();
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
  async #openLater(): Promise<FollowedFile | undefined> {
    try {
      const file = await openFollowed(this.#path, this.#stir);
      this.#unreadableSince = undefined;
      return file;
    } catch (error) {
      this.#unreadableSince ??= performance.now();
      if (performance.now() - this.#unreadableSince > UNREADABLE_MS) throw error;
      return undefined;
    }
  }

  /** Tells of another file at the path; where the system can't, the path is looked at now and then. */
  #watchFolder(): void {
    try {
      const name = basename(this.#path);
      const onChange = (event: string, changed: string | null) => {
        const hasMoved = event === 'rename' && changed !== null && this.#moved.take(changed);
        if (changed !== null && changed !== name && !hasMoved) return;
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

type Identity = Pick<BigIntStats, 'dev' | 'ino' | 'birthtimeNs'>;

function keyOf({ dev, ino, birthtimeNs }: Identity): string {
  return `${dev} ${ino} ${birthtimeNs}`;
}

async function statOf(path: string): Promise<BigIntStats | undefined> {
  return await stat(path, { bigint: true }).catch(() => undefined);
}
