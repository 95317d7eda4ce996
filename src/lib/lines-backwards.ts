import { type FileHandle, open } from 'node:fs/promises';
import { passOver } from './system-fault.ts';

const CHUNK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/** The lines of a file from its last one on, without their ends; empty ones are left out, and a missing file has none. */
export async function* linesBackwards(path: string, chunkBytes = CHUNK_BYTES): AsyncGenerator<string> {
  const file = await open(path, 'r').catch(passOver('ENOENT'));
  if (!file) return;
  try {
    /** Pieces of the line that is not whole yet, the last one first. */
    let pieces: Buffer[] = [];
    const takeLine = (): string => {
      const line = Buffer.concat(pieces.toReversed()).toString();
      pieces = [];
      return line;
    };
    for (let end = (await file.stat()).size; end > 0; end -= chunkBytes) {
      let chunk = await readChunk(file, Math.max(0, end - chunkBytes), Math.min(chunkBytes, end));
      for (let at = chunk.lastIndexOf(NEWLINE); at !== -1; at = chunk.lastIndexOf(NEWLINE)) {
        pieces.push(chunk.subarray(at + 1));
        const line = takeLine();
        if (line !== '') yield line;
        chunk = chunk.subarray(0, at);
      }
      pieces.push(chunk);
    }
    const first = takeLine();
    if (first !== '') yield first;
  } finally {
    await file.close();
  }
}

async function readChunk(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}
