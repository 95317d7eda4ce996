import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { systemFault } from '../lib/system-fault.ts';

/** Why a file is not copied, in a sentence for whoever asked. */
export class CopyError extends Error {
  override name = 'CopyError';
  /** `target`: the other node has said so, and reports it itself. */
  readonly code: 'source' | 'target' | 'silent';
  constructor(code: 'source' | 'target' | 'silent', message: string) {
    super(message);
    this.code = code;
  }
}

const HASH_BYTES = 512 * 1024;

/** A file that is read for a copy. It must stay as it was: a change of size, time or identity ends the copy. */
export class CopySource implements AsyncDisposable {
  readonly path: string;
  readonly size: number;
  readonly mode: number;
  /** Tells this state of the file from others, also to a later life of the node. */
  readonly identity: string;
  readonly #handle: FileHandle;
  readonly #hash = createHash('sha256');
  #hashed = 0;

  private constructor(path: string, handle: FileHandle, stats: Stats) {
    this.path = path;
    this.#handle = handle;
    this.size = Number(stats.size);
    this.mode = Number(stats.mode) & 0o777;
    this.identity = identityOf(stats);
  }

  /** Opens a regular file. Throws CopyError for what can't be read. */
  static async open(path: string): Promise<CopySource> {
    // Never wait for a FIFO's other end, never become a terminal's owner.
    const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
    const handle = await open(path, flags).catch((error: unknown) => {
      throw new CopyError('source', `failed to open file: ${path}: ${systemFault(error)}`);
    });
    try {
      const stats = await handle.stat({ bigint: true });
      if (stats.isFile()) return new CopySource(path, handle, stats);
      const kind = stats.isDirectory() ? 'a directory' : 'no regular file';
      throw new CopyError('source', `failed to read file: ${path} is ${kind}`);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /**
   * Reads from a position on, into `bytes`: fills them where there is that much, and gives what it filled. Throws
   * CopyError where the file has changed.
   */
  async read(position: number, bytes: Uint8Array): Promise<Uint8Array> {
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
    if (position === this.#hashed) this.#add(bytes.subarray(0, done));
    return bytes.subarray(0, done);
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

  /** The sum of all that was read, as hexadecimal digits. */
  sha256(): string {
    return this.#hash.copy().digest('hex');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }

  #add(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    this.#hashed += bytes.length;
  }

  async #checkUnchanged(): Promise<void> {
    if (identityOf(await this.#handle.stat({ bigint: true })) !== this.identity) throw this.#changed();
  }

  #changed(): CopyError {
    const text = `${this.path} changed while it was copied; the target was not touched, send the request again`;
    return new CopyError('source', text);
  }
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
