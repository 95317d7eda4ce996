import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** Reads a regular file, through no symbolic link and without waiting; refuses one of more than `maxBytes`. */
export async function readPlainFile(path: string, maxBytes: number): Promise<Uint8Array> {
  await using handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  const stats = await handle.stat();
  if (!stats.isFile()) throw new Error('it is not a regular file');
  if (stats.size > maxBytes) {
    throw new Error(`it has ${stats.size} bytes, and ${maxBytes} are the most that is read`);
  }
  return await handle.readFile();
}
