import { randomUUID } from 'node:crypto';
import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolders } from './make-folders.ts';
import { syncFolder } from './open-inside.ts';

/**
 * Replaces a file so that after a crash either the old or the new text is there, whole. The folder is made
 * where it is missing (0700). A new file gets mode 0600; an existing one keeps its owner and its mode, except
 * that others lose theirs.
 */
export async function writeAtomically(path: string, text: string): Promise<void> {
  const folder = dirname(path);
  await makeFolders(folder, 0o700);
  const temporary = `${path}.${process.pid}-${randomUUID()}.tmp`;
  const existing = await stat(path).catch(() => undefined);
  try {
    await using file = await open(temporary, 'wx', 0o600);
    await file.writeFile(text);
    if (existing !== undefined) {
      await file.chown(existing.uid, existing.gid).catch(() => undefined);
      await file.chmod(existing.mode & 0o770);
    }
    await file.sync();
    await rename(temporary, path);
    await syncFolder(folder);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}
