import type { Clock } from '../../lib/clock.ts';
import type { KeyedLock } from '../../lib/keyed-lock.ts';
import { type BorrowedFile, OpenFiles } from '../../lib/open-files.ts';
import type { FolderRules } from '../../lib/open-inside.ts';
import type { Rotation } from '../../lib/set-aside.ts';
import { systemFault } from '../../lib/system-fault.ts';
import { isTemporary, TemporaryError } from '../../lib/temporary-error.ts';
import type { Incoming, Intend, Outcome } from '../../message/method-contract.ts';
import { type Append, groupByFile, identity, newAppend, noteOf, writeOne } from './append-batch.ts';
import { filesOf, recoverAppends } from './append-note.ts';
import { fileFailure } from './file-failure.ts';
import type { TargetOptions } from './target-file.ts';

const OK: Outcome = { ok: true };
/** Time until what could not be undone is tried again, where nobody appends to its file before, ms. */
const MEND_AFTER_MS = 10_000;

/** The files that are appended to; those of a disk unless others are handed in. */
export type AppendableFiles = AsyncDisposable &
  Pick<OpenFiles, 'borrow' | 'giveBack' | 'openExisting'> &
  Partial<Pick<OpenFiles, 'setAside'>>;

/** What stands in for missing parts of a path, and the size at which a file is set aside. */
export type AppendTarget = TargetOptions & { readonly rotation?: Rotation | undefined };

/**
 * Appends to files of the data folder so that no append is lost or doubled, whatever moment the program dies at:
 * a note of where which bytes go is durable before the first of them is written, and `recover` reads it back.
 *
 * One file and batch cost one lstat, one write and one fdatasync. Files stay open for 2 s.
 */
export class AppendFiles {
  /** Undefined where the files are no disk's. */
  readonly #dataFolder: string | undefined;
  readonly #files: AppendableFiles;
  readonly #lock: KeyedLock;
  readonly #unfinishedUndo = new Map<string, number>();
  /** Inodes of files in which a crash cut an append short, and that could not be read since. */
  readonly #unchecked = new Set<number>();
  /** By the file: notes of appends that were undone, which could not be withdrawn yet. */
  readonly #unwithdrawn = new Map<string, Set<() => Promise<void>>>();
  readonly #clock: Pick<Clock, 'after'>;
  /** Paths of files in which something is left to undo, with their identities. */
  readonly #toMend = new Map<string, string>();
  #cancelMending: (() => void) | undefined;
  #isClosed = false;

  constructor(
    { dataFolder, rules }: { readonly dataFolder: string; readonly rules?: FolderRules },
    deps: {
      readonly lock: KeyedLock;
      readonly clock: Pick<Clock, 'after'>;
      readonly files?: AppendableFiles;
    },
  ) {
    this.#clock = deps.clock;
    this.#dataFolder = deps.files ? undefined : dataFolder;
    this.#files = deps.files ?? new OpenFiles({ folder: dataFolder, rules });
    this.#lock = deps.lock;
  }

  /** Appends the data of each message to its file, as it is; a file that can't be written fails its messages only. */
  async append(
    batch: readonly Incoming[],
    intend: Omit<Intend, 'forget'> & ((note: string) => Promise<void>),
    target?: AppendTarget,
  ): Promise<Outcome[]> {
    const outcomes: Outcome[] = new Array(batch.length).fill(OK);
    const appends = groupByFile(batch, outcomes, target);
    const releases = [await this.#lock.acquire(appends.map((append) => append.path))];
    try {
      await this.#open(appends, outcomes, target?.rotation);
      const ready = appends.filter((append) => append.file !== undefined);
      const { release, hasWaited } = await this.#lockFiles(ready);
      releases.push(release);
      await this.#prepare(ready, hasWaited);
      const note = JSON.stringify(ready.map(noteOf));
      try {
        if (ready.some((append) => append.content.length > 0)) await intend(note);
        await this.#write(ready, outcomes);
      } catch (error) {
        await this.#withdraw(ready, () => intend.withdraw(note));
        throw error;
      }
    } finally {
      await Promise.all(appends.map(({ path, file }) => file && this.#files.giveBack(path)));
      for (const release of releases) release();
    }
    return outcomes;
  }

  /** Whether the appends of a note are complete; otherwise they are undone. See `recoverAppends`. */
  readonly recover = async (note: string): Promise<boolean> => {
    const files = filesOf(note);
    const release = await this.#lock.acquire(files.map(({ path }) => path));
    // Until it is known what is in them nobody else appends: that could be cut off with what is undone.
    for (const { ino } of files) this.#unchecked.add(ino);
    try {
      const isComplete = await recoverAppends(this.#files, note);
      for (const { ino } of files) this.#unchecked.delete(ino);
      return isComplete;
    } finally {
      release();
    }
  };

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#cancelMending?.();
    await this.#files[Symbol.asyncDispose]();
  }

  async #open(appends: readonly Append[], outcomes: Outcome[], rotation?: Rotation): Promise<void> {
    const results = await Promise.allSettled(
      appends.map(async (append) => {
        append.file = await this.#files.borrow(append.path);
        if (rotation && append.file.size >= rotation.maxBytes)
          append.file = (await this.#files.setAside?.(append.path, rotation.keepFiles)) ?? append.file;
        append.content = append.data.length === 1 ? append.data[0]! : Buffer.concat(append.data);
      }),
    );
    await this.#refuse(appends, results, outcomes);
  }

  /** Two paths may be one file, by a link: the files themselves are locked too. */
  async #lockFiles(appends: readonly Append[]): Promise<{ release: () => void; hasWaited: boolean }> {
    const keys = appends.map(({ file }) => identity(file!));
    const hasWaited = this.#lock.isTaken(keys);
    return { release: await this.#lock.acquire(keys), hasWaited };
  }

  /** Looks again at files that others may have appended to, and finishes what an earlier append left undone there. */
  async #prepare(appends: readonly Append[], hasWaited: boolean): Promise<void> {
    for (const { path, file } of appends) {
      if (this.#unchecked.has(file!.ino))
        throw new TemporaryError(`what a crash left in the file ${path} could not be checked yet`);
      const cutAt = this.#unfinishedUndo.get(identity(file!));
      if (hasWaited) file!.size = (await file!.handle.stat()).size;
      if (cutAt === undefined) continue;
      file!.size = Math.min(file!.size, cutAt);
      await this.#undo(path, file!);
    }
    for (const { file } of appends) await this.#withdrawAll(identity(file!));
  }

  /**
   * What was begun has been undone, and others may append to these files. The note must not outlive that: after a crash
   * it would look like a torn write, and what others wrote would be cut off. So none of them does until it is withdrawn.
   */
  async #withdraw(appends: readonly Append[], withdraw: () => Promise<void>): Promise<void> {
    const keys = appends.map(({ file }) => identity(file!));
    const whenUndone = async () => {
      if (!new Set(keys).isDisjointFrom(this.#unfinishedUndo))
        throw new TemporaryError('a file that an earlier append left in parts cannot be cut back');
      await withdraw();
      for (const key of keys) this.#unwithdrawn.get(key)?.delete(whenUndone);
    };
    for (const key of keys)
      this.#unwithdrawn.set(key, (this.#unwithdrawn.get(key) ?? new Set()).add(whenUndone));
    await whenUndone().catch(() => {
      for (const { path, file } of appends) this.#toMend.set(path, identity(file!));
      this.#mendLater();
    });
  }

  /** The next append to a file finishes what is left undone there; there may be none, as what waited for it has expired. */
  #mendLater(): void {
    if (this.#toMend.size > 0 && !this.#isClosed)
      this.#cancelMending ??= this.#clock.after(MEND_AFTER_MS, () => void this.#mend());
  }

  async #mend(): Promise<void> {
    for (const [path, key] of [...this.#toMend]) {
      await this.#mendOne(path, key).then(
        () => this.#toMend.delete(path),
        () => undefined,
      );
    }
    this.#cancelMending = undefined;
    this.#mendLater();
  }

  async #mendOne(path: string, key: string): Promise<void> {
    const append = newAppend(path);
    const releases = [await this.#lock.acquire([path])];
    try {
      if (await this.#isThere(path, key)) {
        append.file = await this.#files.borrow(path);
        const { release, hasWaited } = await this.#lockFiles([append]);
        releases.push(release);
        await this.#prepare([append], hasWaited);
      } else {
        // Of a file that somebody removed or replaced nothing is left to undo.
        this.#unfinishedUndo.delete(key);
        await this.#withdrawAll(key);
      }
    } finally {
      if (append.file) await this.#files.giveBack(path);
      for (const release of releases) release();
    }
  }

  async #isThere(path: string, key: string): Promise<boolean> {
    const handle = await this.#files.openExisting(path);
    if (handle === undefined) return false;
    try {
      return identity(await handle.stat()) === key;
    } finally {
      await handle.close();
    }
  }

  async #withdrawAll(key: string): Promise<void> {
    for (const withdraw of this.#unwithdrawn.get(key) ?? []) await withdraw();
  }

  async #write(appends: readonly Append[], outcomes: Outcome[]): Promise<void> {
    const results = await Promise.allSettled(appends.map(writeOne));
    const failed = results.filter((result) => result.status === 'rejected');
    if (failed.length === 0) return;
    const undoAll = failed.some((result) => isTemporary(result.reason));
    const undone = appends.filter((_, index) => undoAll || results[index]!.status === 'rejected');
    await Promise.all(undone.map(({ path, file }) => this.#undo(path, file!)));
    await this.#refuse(appends, results, outcomes);
  }

  /** Fails the messages of the files whose work was rejected; throws when one of the faults may pass. */
  async #refuse(
    appends: readonly Append[],
    results: ReadonlyArray<PromiseSettledResult<unknown>>,
    outcomes: Outcome[],
  ): Promise<void> {
    for (const [index, result] of results.entries()) {
      if (result.status === 'fulfilled') continue;
      const { path, messages } = appends[index]!;
      const outcome = await fileFailure(this.#dataFolder, path, result.reason);
      for (const message of messages) outcomes[message] = outcome;
    }
  }

  /** Cuts a file back to the size it was borrowed with; where even that fails, the next append does it first. */
  async #undo(path: string, file: BorrowedFile): Promise<void> {
    const { handle, size } = file;
    try {
      this.#unfinishedUndo.set(identity(file), size);
      await handle.truncate(size);
      await handle.datasync();
      this.#unfinishedUndo.delete(identity(file));
    } catch (error) {
      throw new TemporaryError(`the file ${path} can't be cut back: ${systemFault(error)}`, { cause: error });
    }
  }
}
