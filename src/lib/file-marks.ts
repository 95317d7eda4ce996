import type { FileHandle } from 'node:fs/promises';

const MARK_BYTES = 64;
const NOTHING = Buffer.alloc(0);

/**
 * How a file began and ended when it was read: by that one is known that was emptied and filled again beyond the position of its
 * reader. Both must be others: a program may write anew what is at the start, or into room that it made at the end.
 */
export class FileMarks {
  #head: Buffer = NOTHING;
  #tail: Buffer = NOTHING;

  /** Takes the marks of all that a file holds, and answers how much that is, bytes. */
  async skip(handle: FileHandle): Promise<number> {
    const { size } = await handle.stat();
    this.#head = await piece(handle, 0, Math.min(size, MARK_BYTES));
    const from = Math.max(0, size - MARK_BYTES);
    this.#tail = await piece(handle, from, size - from);
    return size;
  }

  /** Takes what was read at a position, where the last piece ended. */
  add(bytes: Buffer, position: number): void {
    if (position < MARK_BYTES)
      this.#head = Buffer.concat([this.#head, bytes.subarray(0, MARK_BYTES - position)]);
    this.#tail = Buffer.concat([this.#tail, bytes.subarray(-MARK_BYTES)]).subarray(-MARK_BYTES);
  }

  /** Whether a file that has `size` bytes now is to be read from its start again; then the marks begin anew too. */
  async isEmptied(handle: FileHandle, position: number, size: number): Promise<boolean> {
    if (size >= position && (await this.#areIn(handle, position))) return false;
    this.#head = this.#tail = NOTHING;
    return true;
  }

  async #areIn(handle: FileHandle, position: number): Promise<boolean> {
    const [head, tail] = [this.#head, this.#tail];
    if ((await piece(handle, 0, head.length)).equals(head)) return true;
    return (await piece(handle, position - tail.length, tail.length)).equals(tail);
  }
}

async function piece(handle: FileHandle, position: number, bytes: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafeSlow(bytes), 0, bytes, position);
  return buffer.subarray(0, bytesRead);
}
