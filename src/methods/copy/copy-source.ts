import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CodedError } from '../../lib/coded-error.ts';
import { makeFolder, openNew } from '../../lib/open-inside.ts';
import { checkOpened, LinkError, realPathOf } from '../../lib/real-path.ts';
import { sizeWords } from '../../lib/size-words.ts';
import { systemFault } from '../../lib/system-fault.ts';
import { type FileSystem, systemFiles } from '../../lib/system-files.ts';

/** Why a file is not copied, in a sentence for people; with the code `target` the other node reports it itself. */
export class CopyError extends CodedError<'source' | 'target' | 'silent'> {
  override name = 'CopyError';
}

/** Where a source without a size of its own is kept while it is sent. */
export interface SourcePlace {
  readonly folder: string;
  readonly id: string;
  /** The file system; that of the machine unless told. */
  readonly files?: FileSystem;
  /** How much is read of a source without a size; 256 MiB unless told. */
  readonly maxUnsizedBytes?: number;
  /** How much of it is copied, bytes; all that it has when it is opened unless told. */
  readonly size?: number | undefined;
  /** What it has of the file that it was itself copied from. */
  readonly original?: Pick<CopySource, 'mode' | 'identity'> | undefined;
}

const HASH_BYTES = 512 * 1024;
/** How often a file is looked at whose time has changed while its size has not. */
const APPEND_LOOKS = 50;
/** What has no size of its own may have no end either, as /proc/self/pagemap: more is not read, bytes. */
const MAX_UNSIZED_BYTES = 256 * 1024 * 1024;

/**
 * A file that is read for a copy, up to the size that it had at first. It may grow meanwhile, as a log does; any other
 * change of its size, time or content ends the copy.
 */
export class CopySource implements AsyncDisposable {
  readonly path: string;
  readonly size: number;
  readonly mode: number;
  /** Tells this state of the file from others, also to a later life of the node. */
  readonly identity: string;
  readonly #handle: FileHandle;
  readonly #mtimeNs: bigint;
  readonly #hash = createHash('sha256');
  #hashed = 0;
  #hasGrown = false;

  private constructor(
    path: string,
    handle: FileHandle,
    stats: Stats,
    { size = Number(stats.size), original }: SourcePlace,
  ) {
    this.path = path;
    this.#handle = handle;
    this.#mtimeNs = stats.mtimeNs;
    this.size = size;
    this.mode = original?.mode ?? Number(stats.mode) & 0o777;
    this.identity = original?.identity ?? identityOf(stats);
    if (size > Number(stats.size)) throw this.#changed();
  }

  /**
   * Opens a regular file. What the system says is empty, as all of /proc, is read into a file in `folder`, which goes with
   * the source; `id` is that of the copy. Throws CopyError for what can't be read.
   */
  static async open(path: string, place: SourcePlace): Promise<CopySource> {
    const { files = systemFiles } = place;
    // Never wait for a FIFO's other end, never become a terminal's owner.
    const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
    let opened: FileHandle | undefined;
    try {
      const real = await realPathOf(resolve(path), files);
      opened = await files.open(path, flags);
      checkOpened(opened, real);
    } catch (error) {
      await opened?.close();
      const reason = error instanceof LinkError ? error.message : systemFault(error);
      throw new CopyError('source', `failed to open file: ${path}: ${reason}`);
    }
    const handle = opened;
    try {
      const stats = await handle.stat({ bigint: true });
      if (stats.isFile() && stats.size > 0n) return new CopySource(path, handle, stats, place);
      if (stats.isFile()) return await CopySource.#ofUnsized({ path, handle, stats }, place);
      const kind = stats.isDirectory() ? 'a directory' : 'no regular file';
      throw new CopyError('source', `failed to read file: ${path} is ${kind}`);
    } catch (error) {
      await handle.close();
      if (error instanceof CopyError) throw error;
      throw new CopyError('source', `failed to read file: ${path}: ${systemFault(error)}`);
    }
  }

  static async #ofUnsized(
    { path, handle, stats }: { path: string; handle: FileHandle; stats: Stats },
    asked: SourcePlace,
  ): Promise<CopySource> {
    const { folder, id, files = systemFiles, maxUnsizedBytes = MAX_UNSIZED_BYTES } = asked;
    const block = Buffer.allocUnsafeSlow(HASH_BYTES);
    let { bytesRead } = await handle.read(block);
    if (bytesRead === 0) return new CopySource(path, handle, stats, asked);
    const place = join(await makeFolder(folder, undefined, files), `source-${id}`);
    // One of the same copy was left behind by a crash.
    await files.rm(place, { force: true });
    const whole = await openNew(place, undefined, files);
    try {
      await files.rm(place);
      for (let total = 0; bytesRead > 0; { bytesRead } = await handle.read(block)) {
        total += bytesRead;
        if (total > maxUnsizedBytes) throw endless(path, maxUnsizedBytes);
        await whole.writeFile(block.subarray(0, bytesRead));
      }
      const { size, mtimeNs, ino, dev } = await whole.stat({ bigint: true });
      await handle.close();
      return new CopySource(path, whole, { size, mtimeNs, ino, dev, mode: stats.mode }, asked);
    } catch (error) {
      await whole.close();
      throw error;
    }
  }

  /** Reads the whole of a small file; that is less than its size where the system does not tell that right, as in /sys. */
  async readSmall(): Promise<Uint8Array> {
    const read = () => this.read(0, Buffer.allocUnsafeSlow(this.size));
    const bytes = await read();
    if (this.#hasGrown && !Buffer.from(bytes).equals(await read())) throw this.#changed();
    return bytes;
  }

  /**
   * Reads from a position on, into `bytes`: fills them where there is that much up to the size at first, and returns what it
   * filled. Throws CopyError where the file has changed.
   */
  async read(position: number, bytes: Uint8Array): Promise<Uint8Array> {
    const filled = await this.#fill(position, bytes.subarray(0, Math.max(0, this.size - position)));
    if (position === this.#hashed) this.#add(filled);
    return filled;
  }

  /** Takes what lies before a position into the sum. */
  async hashUpTo(position: number, signal: AbortSignal): Promise<void> {
    if (this.#hashed >= position) return;
    const block = Buffer.allocUnsafeSlow(HASH_BYTES);
    while (this.#hashed < position) {
      signal.throwIfAborted();
      const bytes = await this.read(this.#hashed, block.subarray(0, position - this.#hashed));
      if (bytes.length === 0) throw this.#changed();
    }
  }

  /**
   * The sum of all that was read, as hexadecimal digits. A file that has grown is read once more: only what was there
   * twice was there at any one time. Throws CopyError where it was not.
   */
  async sha256(signal: AbortSignal): Promise<string> {
    const sum = this.#hash.copy().digest('hex');
    await this.#checkUnchanged();
    if (!this.#hasGrown) return sum;
    const again = createHash('sha256');
    const block = Buffer.allocUnsafeSlow(HASH_BYTES);
    for (let position = 0; position < this.size; ) {
      signal.throwIfAborted();
      const bytes = await this.#fill(position, block.subarray(0, this.size - position));
      again.update(bytes);
      position += bytes.length;
    }
    if (again.digest('hex') !== sum) throw this.#changed();
    return sum;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }

  async #fill(position: number, bytes: Uint8Array): Promise<Uint8Array> {
    let done = 0;
    try {
      while (done < bytes.length) {
        const { bytesRead } = await this.#handle.read(bytes, done, bytes.length - done, position + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
    } catch (error) {
      throw new CopyError('source', `failed to read file: ${this.path}: ${systemFault(error)}`);
    }
    await this.#checkUnchanged();
    return bytes.subarray(0, done);
  }

  #add(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    this.#hashed += bytes.length;
  }

  async #checkUnchanged(): Promise<void> {
    for (let looks = 1; ; looks++) {
      const { size, mtimeNs } = await this.#handle.stat({ bigint: true });
      if (size > this.size) this.#hasGrown = true;
      if (size > this.size || (Number(size) === this.size && mtimeNs === this.#mtimeNs)) return;
      // While something is appended the system sets the time first, and then the size.
      if (Number(size) < this.size || looks === APPEND_LOOKS) throw this.#changed();
    }
  }

  #changed(): CopyError {
    const text = `${this.path} changed while it was copied; the target was not touched, send the request again`;
    return new CopyError('source', text);
  }
}

function endless(path: string, bytes: number): CopyError {
  const text = `failed to read file: ${path} has no size of its own, and goes on beyond ${sizeWords(bytes)}`;
  return new CopyError('source', text);
}

interface Stats {
  readonly size: bigint;
  readonly mode: bigint;
  readonly mtimeNs: bigint;
  readonly ino: bigint;
  readonly dev: bigint;
}

function identityOf({ size, mtimeNs, ino, dev }: Stats): string {
  return [dev, ino, size, mtimeNs].map((number) => number.toString(36)).join('-');
}
