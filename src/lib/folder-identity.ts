import { statSync } from 'node:fs';

/** A short text that stays with a folder, also when it is moved, and that no other folder of the machine has, a copy included. */
export function folderIdentity(path: string): string {
  const { dev, ino } = statSync(path, { bigint: true });
  return `${dev.toString(36)}-${ino.toString(36)}`;
}
