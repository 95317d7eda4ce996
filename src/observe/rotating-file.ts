import { type Stats, statSync, writeSync } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Rotation, setAside } from '../lib/set-aside.ts';

export interface RotatingFileOptions extends Rotation {
  readonly path: string;
}

const NEWLINE = 0x0a;
/** What is no larger is only copied into the system's memory, which is done here: another thread takes ten times as long. */
const SMALL_BYTES = 64 * 1024;

/** Opens a file of whole lines, mode 0600, ending a last line that a crash left torn. */
export async function openRotatingFile(options: RotatingFileOptions): Promise<RotatingFile> {
  const file = new RotatingFile(options);
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
  #open: { readonly handle: FileHandle; readonly found: Stats } | undefined;
  #torn = false;

  constructor(options: RotatingFileOptions) {
    this.#options = options;
  }

  /** Appends lines with one write; when that fails it takes back what was written of them, and throws. */
  async append(lines: Uint8Array): Promise<void> {
    let { handle, size, isFile } = await this.#current();
    if (size > 0 && size + lines.length > this.#options.maxBytes) {
      await this.#rotate();
      ({ handle, size, isFile } = await this.#current());
    }
    const bytes = this.#torn && size > 0 ? Buffer.concat([Uint8Array.of(NEWLINE), lines]) : lines;
    try {
      await writeAll(handle, bytes, isFile && bytes.length <= SMALL_BYTES);
      this.#torn = false;
    } catch (error) {
      const undone = await handle.truncate(size).then(
        () => true,
        () => false,
      );
      if (!undone) this.#torn = await endsInsideLine(handle);
      throw error;
    }
  }

  async close(): Promise<void> {
    const opened = this.#open;
    this.#open = undefined;
    await opened?.handle.close();
  }

  /** The file at the path, opened again when that is not the one we had. */
  async #current(): Promise<{ handle: FileHandle; size: number; isFile: boolean }> {
    const { path } = this.#options;
    if (this.#open !== undefined) {
      const { handle, found } = this.#open;
      const there = lookAt(path);
      if (there?.ino === found.ino && there.dev === found.dev)
        return { handle, size: there.size, isFile: there.isFile() };
      await this.close();
    }
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const handle = await open(path, 'a+', 0o600);
    const found = await handle.stat();
    this.#open = { handle, found };
    if (found.isFile() && (found.mode & 0o077) !== 0) await handle.chmod(0o600);
    this.#torn = await endsInsideLine(handle);
    return { handle, size: found.size, isFile: found.isFile() };
  }

  async #rotate(): Promise<void> {
    await this.close();
    await setAside(this.#options.path, this.#options.keepFiles);
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

/** A write may end early without an error, as on a disk that is about to be full. */
async function writeAll(handle: FileHandle, bytes: Uint8Array, isHere: boolean): Promise<void> {
  let rest = bytes;
  while (rest.length > 0) {
    const written = isHere ? writeSync(handle.fd, rest) : (await handle.write(rest)).bytesWritten;
    rest = rest.subarray(written);
  }
}

async function endsInsideLine(handle: FileHandle): Promise<boolean> {
  const found = await handle.stat();
  if (!found.isFile() || found.size === 0) return false;
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(1), 0, 1, found.size - 1);
  return bytesRead === 1 && buffer[0] !== NEWLINE;
}
