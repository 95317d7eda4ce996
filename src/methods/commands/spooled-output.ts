import { readSync, write } from 'node:fs';
import { promisify } from 'node:util';
import type { ReplyBody, RunResult } from '../../message/method-contract.ts';
import type { Spool } from './spool.ts';

const MAX_BYTES_IN_MEMORY = 512 * 1024;

/** Gathers what a run brings forth, for its reply: in memory while it is small and there is room, then in a file of the spool. */
export class SpooledOutput {
  readonly #spool: Spool;
  readonly #kind: 'out' | 'err';
  #pieces: Uint8Array[] = [];
  #file: number | undefined;
  /** How much was added. */
  bytes = 0;

  constructor(spool: Spool, kind: 'out' | 'err' = 'out') {
    this.#spool = spool;
    this.#kind = kind;
  }

  /** Keeps everything in the file from now on, so that a later life of the node finds it. */
  keepInFile(): this {
    this.#file ??= this.#spool.open(this.#kind);
    return this;
  }

  /** Adds a piece; resolves when there is room for the next. Throws the system's error where the file takes no more. */
  readonly add = async (piece: Uint8Array): Promise<void> => {
    const isSmall = this.#file === undefined && this.bytes + piece.length <= MAX_BYTES_IN_MEMORY;
    if (isSmall && this.#spool.hold(piece.length)) {
      this.#pieces.push(piece);
      this.bytes += piece.length;
      return;
    }
    const isFirst = this.#file === undefined;
    this.keepInFile();
    if (isFirst) {
      const held = Buffer.concat(this.#pieces.splice(0));
      this.bytes = 0;
      await this.#write(held);
      this.#spool.release(held.length);
    }
    await this.#write(piece);
  };

  /** Reads from the file, from `offset` on, to its end or as much as is wanted. */
  read(offset: number, most = Number.POSITIVE_INFINITY): Uint8Array {
    const bytes = Buffer.allocUnsafe(Math.min(Math.max(0, this.bytes - offset), most));
    let done = 0;
    while (done < bytes.length) {
      const read = readSync(this.#file!, bytes, done, bytes.length - done, offset + done);
      if (read === 0) break;
      done += read;
    }
    return bytes.subarray(0, done);
  }

  /** All of it, as a reply; a file, which is no longer the spool's then, where it is large, or memory is short. */
  reply(): Pick<RunResult, 'reply' | 'release'> {
    const { bytes } = this;
    if (this.#file === undefined)
      return { reply: Buffer.concat(this.#pieces), release: this.#spool.handOver(bytes) };
    if (bytes <= MAX_BYTES_IN_MEMORY && this.#spool.hold(bytes))
      return { reply: this.read(0), release: this.#spool.handOver(bytes) };
    return { reply: { path: this.#spool.keep(this.#kind), bytes } };
  }

  /** All of it, which stays in its file. */
  leave(): ReplyBody {
    return { path: this.#spool.keep(this.#kind), bytes: this.bytes, isKept: true };
  }

  async #write(data: Uint8Array): Promise<void> {
    for (let done = 0; done < data.length; ) {
      const { bytesWritten } = await writeTo(this.#file!, data, done, data.length - done, this.bytes);
      done += bytesWritten;
      this.bytes += bytesWritten;
    }
  }
}

const writeTo = promisify(write);
