import { readlinkSync } from 'node:fs';

/**
 * What the system calls the file behind an open descriptor of this process: `/a/b.out`, `pipe:[7]`. Another process
 * that holds the same file open shows the same name. Undefined where there is no /proc to tell.
 */
export function descriptorName(descriptor: number): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return undefined;
  }
}
