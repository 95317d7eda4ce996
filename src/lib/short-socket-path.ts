import { constants, openSync } from 'node:fs';
import { basename, dirname } from 'node:path';

/** What the kernel takes as a socket's path on Linux, without the closing zero. */
export const MAX_SOCKET_PATH_BYTES = 107;

/**
 * A path by which this process can bind or reach a socket: the same one where the kernel takes it, else one by way of its
 * folder, which stays open from then on. Only Linux shows open folders; elsewhere a long path stays as it is.
 */
export function shortSocketPath(path: string): string {
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES || process.platform !== 'linux') return path;
  try {
    const descriptor = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
    return `/proc/self/fd/${descriptor}/${basename(path)}`;
  } catch {
    return path;
  }
}
