import { type Stats, statSync, writeSync } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemClock } from '../lib/clock.ts';
import { fileSystemOf, mayStandStill } from '../lib/file-system.ts';
import { makeFolders } from '../lib/make-folders.ts';
import { type Rotation, setAside } from '../lib/set-aside.ts';
import { succeeds } from '../lib/succeeds.ts';

export interface RotatingFileOptions extends Rotation {
  readonly path: string;
}

/** What a test replaces. */
export interface RotatingFileDeps {
  steadyNow(): number;
  /** The number of the file system that holds a path, as statfs names it; undefined where nobody says. */
  fileSystemOf(path: string): Promise<number | undefined>;
  writeSync(descriptor: number, bytes: Uint8Array): number;
}

const NEWLINE = 0x0a;
/** What is no larger is only copied into the system's memory, which is done here: another thread takes ten times as long. */
const SMALL_BYTES = 64 * 1024;
/** As long as the last append took no longer than this, and is no longer ago than that, ms. */
const [QUICK_MS, RECENT_MS] = [20, 1000];
const SYSTEM: RotatingFileDeps = { steadyNow: systemClock.steadyNow, fileSystemOf, writeSync };

/**
 * Opens a file of whole lines, mode 0600, ending a last line that a crash left torn. Its folder is made where it is missing; it is not
 * made again later, which would be in the way of whoever puts a folder back that was moved.
 */
export async function openRotatingFile(
  options: RotatingFileOptions,
  deps: RotatingFileDeps = SYSTEM,
): Promise<RotatingFile> {
  await makeFolders(dirname(options.path), 0o700);
  const file = new RotatingFile(options, deps);
  await file.append(new Uint8Array(0));
  return file;
}

/**
 * A file that only grows by whole lines, is set aside when it is large, and made anew when somebody took it away.
 *
 * Callers wait for one append before they begin the next.
 */
export class RotatingFile {
  readonly #options: RotatingFileOptions;
  readonly #deps: RotatingFileDeps;
  #open: { readonly handle: FileHandle; readonly found: Stats; readonly mayStandStill: boolean } | undefined;
  #torn = false;
  /** Until when the next append is taken for a quick one, by the steady clock. */
  #quickUntil = Number.NEGATIVE_INFINITY;

  constructor(options: RotatingFileOptions, deps: RotatingFileDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Appends lines with one write; when that fails it takes back what was written of them, and throws. */
  async append(lines: Uint8Array): Promise<void> {
    const began = this.#deps.steadyNow();
    try {
      await this.#append(lines, began < this.#quickUntil && lines.length <= SMALL_BYTES);
    } finally {
      const now = this.#deps.steadyNow();
      this.#quickUntil = now - began <= QUICK_MS ? now + RECENT_MS : Number.NEGATIVE_INFINITY;
    }
  }

  async close(): Promise<void> {
    const opened = this.#open;
    this.#open = undefined;
    await opened?.handle.close();
  }

  /** `isQuick`: whether this thread may do it. */
  async #append(lines: Uint8Array, isQuick: boolean): Promise<void> {
    let { handle, size, isHere } = await this.#current(isQuick);
    if (size > 0 && size + lines.length > this.#options.maxBytes) {
      await this.#rotate();
      ({ handle, size, isHere } = await this.#current(isQuick));
    }
    const bytes = this.#torn && size > 0 ? Buffer.concat([Uint8Array.of(NEWLINE), lines]) : lines;
    try {
      await this.#write(handle, bytes, isHere);
      this.#torn = false;
    } catch (error) {
      const undone = await succeeds(handle.truncate(size));
      if (!undone) this.#torn = await endsInsideLine(handle);
      throw error;
    }
  }

  /** The file at the path, opened again when that is not the one we had; and whether it is written here. */
  async #current(isQuick: boolean): Promise<{ handle: FileHandle; size: number; isHere: boolean }> {
    const { path } = this.#options;
    if (this.#open !== undefined) {
      const { handle, found, mayStandStill } = this.#open;
      const isHere = isQuick && !mayStandStill;
      const there = isHere ? lookAt(path) : await stat(path).catch(() => undefined);
      if (there?.ino === found.ino && there.dev === found.dev)
        return { handle, size: there.size, isHere: isHere && there.isFile() };
      await this.close();
    }
    const handle = await open(path, 'a+', 0o600);
    const found = await refuseFifo(handle, path);
    const fileSystem = await this.#deps.fileSystemOf(path);
    this.#open = { handle, found, mayStandStill: mayStandStill(fileSystem) };
    if (found.isFile() && (found.mode & 0o077) !== 0) await handle.chmod(0o600);
    this.#torn = await endsInsideLine(handle);
    return { handle, size: found.size, isHere: isQuick && !this.#open.mayStandStill && found.isFile() };
  }

  async #rotate(): Promise<void> {
    await this.close();
    await setAside(this.#options.path, this.#options.keepFiles);
  }

  /** A write may end early without an error, as on a disk that is about to be full. */
  async #write(handle: FileHandle, bytes: Uint8Array, isHere: boolean): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const rest = bytes.subarray(done);
      done += isHere ? this.#deps.writeSync(handle.fd, rest) : (await handle.write(rest)).bytesWritten;
    }
  }
}

/** In this thread: it is a matter of microseconds, and handing it to another one takes ten times as long. */
function lookAt(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** Nobody may read a FIFO, and what fits into it is gone. Throws where it is one, and closes it. */
async function refuseFifo(handle: FileHandle, path: string): Promise<Stats> {
  const found = await handle.stat();
  if (!found.isFIFO()) return found;
  await handle.close();
  throw new Error(`${path} is a FIFO, not a regular file`);
}

async function endsInsideLine(handle: FileHandle): Promise<boolean> {
  const found = await handle.stat();
  if (!found.isFile() || found.size === 0) return false;
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(1), 0, 1, found.size - 1);
  return bytesRead === 1 && buffer[0] !== NEWLINE;
}
