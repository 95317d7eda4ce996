import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { disposeAfter, type TestScope } from './dispose-after.ts';
import { tempFolder } from './temp-folder.ts';

const run = promisify(execFile);
const MB = 1024 * 1024;

/** A folder that is a file system of its own, in memory, so that it can be full. */
export class SmallDisk implements AsyncDisposable {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Writes until there is no room for anything more. */
  async fill(): Promise<void> {
    for (const bytes of [MB, 64 * 1024, 4096]) while (await this.#add(bytes));
  }

  /** Takes away what `fill` wrote. */
  free(): Promise<void> {
    return rm(join(this.path, 'filler'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run('umount', ['-l', this.path]);
  }

  #add(bytes: number): Promise<boolean> {
    return writeFile(join(this.path, 'filler'), Buffer.alloc(bytes), { flag: 'a' }).then(
      () => true,
      () => false,
    );
  }
}

/** Makes a folder and mounts a disk of a few MB on it. */
export async function mountSmallDisk(path: string, scope?: TestScope): Promise<SmallDisk> {
  await mkdir(path, { recursive: true });
  await run('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'none', path]);
  return disposeAfter(scope, new SmallDisk(path));
}

/** Whether this process may mount; an ordinary user may not. */
export async function canMount(): Promise<boolean> {
  await using folder = await tempFolder();
  try {
    await using disk = await mountSmallDisk(join(folder.path, 'disk'));
    return disk.path !== '';
  } catch {
    return false;
  }
}
