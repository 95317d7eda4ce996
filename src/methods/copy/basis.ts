import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { type FileSystem, systemFiles } from '../../lib/system-files.ts';
import { isBlockSize, MOST_BLOCKS, SUM_BYTES, stretchSum, sumsOf } from './block-sums.ts';
import { checkPlace } from './copy-target.ts';
import { parseBlocks } from './fine-blocks.ts';
import { type BlockSums, MOST_PIECE_BYTES, type Span, type SumsQuestion } from './piece-place.ts';

/** An answer with sums is no larger, bytes. */
const MOST_SUMS_BYTES = 32 * 1024;
const NOTHING: BlockSums = { span: { from: 0, count: 0, more: '0' }, bytes: new Uint8Array(0) };

/**
 * A file that the target of a copy has already: the one that is to be replaced, or what came of an earlier attempt. What a
 * copy takes over from it is verified as it is read, as others may write to it meanwhile.
 */
export class Basis implements AsyncDisposable {
  readonly size: number;
  readonly #handle: FileHandle;
  #isReading = false;

  private constructor(handle: FileHandle, size: number) {
    this.#handle = handle;
    this.size = size;
  }

  /** Opens the largest of some files; undefined where none can be read. */
  static async open(paths: readonly string[], files: FileSystem = systemFiles): Promise<Basis | undefined> {
    let best: Basis | undefined;
    for (const path of paths) {
      const next = await openRegular(path).catch(() => undefined);
      if (!next) continue;
      const worse = best && best.size >= next.size ? next : best;
      await worse?.[Symbol.asyncDispose]();
      if (worse !== next) best = next;
    }
    return best;

    async function openRegular(path: string): Promise<Basis | undefined> {
      await checkPlace(path, files);
      const handle = await files.open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      const stats = await handle.stat();
      if (stats.isFile() && stats.size > 0) return new Basis(handle, stats.size);
      await handle.close();
      return undefined;
    }
  }

  /** The sums of its blocks that are asked for; undefined where the question makes no sense, or the one before is not answered yet. */
  async sums({ from, count, more, blocks }: SumsQuestion): Promise<BlockSums | undefined> {
    const blockBytes = Number.parseInt(more, 16);
    const most = Math.floor(MOST_SUMS_BYTES / SUM_BYTES);
    const rows =
      blocks === undefined
        ? [{ first: from, count: Math.min(count, most, MOST_BLOCKS - from) }]
        : parseBlocks(blocks, most);
    if (!isBlockSize(blockBytes) || !rows || this.#isReading) return undefined;
    const pages: Uint8Array[] = [];
    this.#isReading = true;
    try {
      for (const row of rows) pages.push(...(await this.#sumsOfRow(row, blockBytes)));
    } finally {
      this.#isReading = false;
    }
    const bytes = Buffer.concat(pages);
    return { span: { from, count: bytes.length / SUM_BYTES, more: this.size.toString(16) }, bytes };
  }

  /** The sums of blocks in a row, as far as there are any. */
  async #sumsOfRow(
    { first, count }: { first: number; count: number },
    blockBytes: number,
  ): Promise<Uint8Array[]> {
    const pages: Uint8Array[] = [];
    const atOnce = Math.max(1, Math.floor(MOST_PIECE_BYTES / blockBytes));
    for (let block = 0; block < count; block += atOnce) {
      const blocks = Math.min(atOnce, count - block);
      const bytes = await this.#read((first + block) * blockBytes, blocks * blockBytes);
      pages.push(sumsOf(bytes, blockBytes));
      if (bytes.length < blocks * blockBytes) break;
    }
    return pages;
  }

  /** A stretch of it; undefined where it is not what its sender takes it to be. */
  async take({ from, count, more }: Span): Promise<Uint8Array | undefined> {
    if (count > MOST_PIECE_BYTES || from + count > this.size) return undefined;
    const bytes = await this.#read(from, count);
    return bytes.length === count && stretchSum(bytes) === more ? bytes : undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }

  async #read(position: number, length: number): Promise<Uint8Array> {
    const bytes = Buffer.allocUnsafeSlow(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await this.#handle.read(bytes, done, length - done, position + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return bytes.subarray(0, done);
  }
}

/** Answers a question for sums, also where there is nothing to tell of. */
export async function sumsFrom(
  basis: Basis | undefined,
  question: SumsQuestion,
): Promise<BlockSums | undefined> {
  return basis ? await basis.sums(question).catch(() => NOTHING) : NOTHING;
}
