import type { KeyedLock } from '../lib/keyed-lock.ts';
import { type BorrowedFile, OpenFiles } from '../lib/open-files.ts';
import { systemFault } from '../lib/system-fault.ts';
import { isTemporary, TemporaryError } from '../lib/temporary-error.ts';
import type { Message } from '../message/message.ts';
import type { Incoming, Outcome } from '../message/method-work.ts';
import { checksum, encodeAppendNote, recoverAppends, WITHDRAWN_NOTE } from './append-note.ts';
import { fileFailure } from './file-failure.ts';
import { type TargetOptions, targetFile } from './target-file.ts';

const OK: Outcome = { ok: true };

/** One file of a batch: the messages for it, what they add, and the file once it is open. */
interface Append {
  readonly path: string;
  readonly messages: number[];
  readonly data: Uint8Array[];
  content: Uint8Array;
  file: BorrowedFile | undefined;
}

/**
 * Appends to files of the data folder so that no append is lost or doubled, whatever moment the program dies at:
 * a note of where which bytes go is durable before the first of them is written, and `recover` reads it back.
 *
 * One file and batch cost one lstat, one write and one fdatasync. Files stay open for 2 s.
 */
export class AppendFiles {
  readonly #folder: string;
  readonly #files: OpenFiles;
  readonly #lock: KeyedLock;
  readonly #unfinishedUndo = new Map<string, number>();

  constructor(options: { readonly dataFolder: string }, deps: { readonly lock: KeyedLock }) {
    this.#folder = options.dataFolder;
    this.#files = new OpenFiles({ folder: options.dataFolder });
    this.#lock = deps.lock;
  }

  /** Appends the data of each message to its file, as it is; a file that can't be written fails its messages only. */
  async append(
    batch: readonly Incoming[],
    intend: (note: string) => Promise<void>,
    target?: TargetOptions,
  ): Promise<Outcome[]> {
    const outcomes: Outcome[] = new Array(batch.length).fill(OK);
    const appends = groupByFile(batch, outcomes, target);
    const releases = [await this.#lock.acquire(appends.map((append) => append.path))];
    try {
      await this.#open(appends, outcomes);
      const ready = appends.filter((append) => append.file !== undefined);
      releases.push(await this.#lockFiles(ready));
      if (ready.some((append) => append.content.length > 0))
        await intend(encodeAppendNote(ready.map(noteOf)));
      await this.#write(ready, outcomes).catch((error) => withdraw(error, intend));
    } finally {
      await Promise.all(appends.map(({ path, file }) => file && this.#files.giveBack(path)));
      for (const release of releases) release();
    }
    return outcomes;
  }

  /** Whether the appends of a note are complete; otherwise they are undone. See `recoverAppends`. */
  recover(note: string): Promise<boolean> {
    return recoverAppends(this.#folder, note);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#files[Symbol.asyncDispose]();
  }

  async #open(appends: readonly Append[], outcomes: Outcome[]): Promise<void> {
    const results = await Promise.allSettled(
      appends.map(async (append) => {
        append.file = await this.#files.borrow(append.path);
        append.content = append.data.length === 1 ? append.data[0]! : Buffer.concat(append.data);
      }),
    );
    refuse(appends, results, outcomes);
  }

  /** Two paths may be one file, by a link: the files themselves are locked too, and looked at again after a wait. */
  async #lockFiles(appends: readonly Append[]): Promise<() => void> {
    const keys = appends.map(({ file }) => identity(file!));
    const mustWait = this.#lock.isTaken(keys);
    const release = await this.#lock.acquire(keys);
    for (const { path, file } of appends) {
      const cutAt = this.#unfinishedUndo.get(identity(file!));
      if (mustWait) file!.size = (await file!.handle.stat()).size;
      if (cutAt === undefined) continue;
      file!.size = Math.min(file!.size, cutAt);
      await this.#undo(path, file!);
    }
    return release;
  }

  async #write(appends: readonly Append[], outcomes: Outcome[]): Promise<void> {
    const results = await Promise.allSettled(appends.map(writeOne));
    const failed = results.filter((result) => result.status === 'rejected');
    if (failed.length === 0) return;
    const undoAll = failed.some((result) => isTemporary(result.reason));
    const undone = appends.filter((_, index) => undoAll || results[index]!.status === 'rejected');
    await Promise.all(undone.map(({ path, file }) => this.#undo(path, file!)));
    refuse(appends, results, outcomes);
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

/**
 * What was begun has been undone, and others may append next to these files. The note must not outlive that: after
 * a crash it would look like a torn write, and what others wrote would be cut off.
 */
async function withdraw(error: unknown, intend: (note: string) => Promise<void>): Promise<never> {
  await intend(WITHDRAWN_NOTE).catch(() => undefined);
  throw error;
}

function groupByFile(batch: readonly Incoming[], outcomes: Outcome[], target?: TargetOptions): Append[] {
  const appends = new Map<string, Append>();
  let last: { message: Message; append: Append } | undefined;
  for (const [index, { message }] of batch.entries()) {
    let append = last !== undefined && hasSameTarget(last.message, message) ? last.append : undefined;
    if (append === undefined) {
      const place = targetFile(message, target);
      if ('fault' in place) {
        outcomes[index] = { ok: false, reason: place.fault };
        continue;
      }
      append = appends.get(place.path) ?? newAppend(place.path);
      appends.set(place.path, append);
    }
    append.messages.push(index);
    if (message.data !== null) append.data.push(...message.data);
    last = { message, append };
  }
  return [...appends.values()];
}

function identity({ dev, ino }: BorrowedFile): string {
  return `${dev}:${ino}`;
}

function newAppend(path: string): Append {
  return { path, messages: [], data: [], content: new Uint8Array(0), file: undefined };
}

function hasSameTarget(a: Message, b: Message): boolean {
  return (
    a.fileName === b.fileName &&
    a.directory === b.directory &&
    a.toNode === b.toNode &&
    a.method === b.method &&
    a.previousMessage?.toNode === b.previousMessage?.toNode &&
    a.previousMessage?.method === b.previousMessage?.method
  );
}

/** Fails the messages of the files whose work was rejected; throws when one of the faults may pass. */
function refuse(
  appends: readonly Append[],
  results: ReadonlyArray<PromiseSettledResult<unknown>>,
  outcomes: Outcome[],
): void {
  for (const [index, result] of results.entries()) {
    if (result.status === 'fulfilled') continue;
    const { path, messages } = appends[index]!;
    const outcome = fileFailure(path, result.reason);
    for (const message of messages) outcomes[message] = outcome;
  }
}

function noteOf({ path, content, file }: Append) {
  return { path, ino: file!.ino, offset: file!.size, bytes: content.length, sum: checksum(content) };
}

async function writeOne({ content, file }: Append): Promise<void> {
  if (content.length === 0) return;
  const { handle, size } = file!;
  for (let done = 0; done < content.length; ) {
    const { bytesWritten } = await handle.write(content, done, content.length - done, size + done);
    done += bytesWritten;
  }
  await handle.datasync();
}
