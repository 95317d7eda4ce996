import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../lib/system-fault.ts';
import type { ReplyBody } from '../message/method-work.ts';
import type { OutputStream } from '../message/output.ts';

const NAME = /^run-[0-9a-f]{12}-\d+\.(out|err|data|fifo)$/;
const TOLD_NAME = /^told-[0-9a-f-]{36}\.(out|err|data)$/;
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const RUN = randomBytes(6).toString('hex');
let count = 0;

/**
 * The files of one command: what it prints goes to disk, so that its size is no matter. Calls are synchronous:
 * they are small, local, and a fraction of what starting a process costs.
 */
export class Spool {
  readonly #folder: string;
  readonly #base: string;
  readonly #files = new Map<string, { path: string; fd: number }>();

  /** `toldId`: the request whose output is told of while it runs, so that it is found again after a crash. */
  constructor(folder: string, toldId?: string) {
    count += 1;
    this.#folder = folder;
    this.#base = join(folder, isId(toldId) ? `told-${toldId}` : `run-${RUN}-${count}`);
  }

  /** Makes the file for one of the outputs; its descriptor belongs to the spool. */
  open(kind: 'out' | 'err'): { readonly path: string; readonly fd: number } {
    const path = `${this.#base}.${kind}`;
    const file = { path, fd: this.#made(() => openSync(path, 'wx+', 0o600)) };
    this.#files.set(kind, file);
    return file;
  }

  /** Keeps the data of a message in a file that only this user can read, and gives its path. */
  writeData(data: Uint8Array): string {
    const path = `${this.#base}.data`;
    this.#made(() => writeFileSync(path, data, { mode: 0o600, flag: 'wx' }));
    this.#files.set('data', { path, fd: -1 });
    return path;
  }

  /** Makes sure of the folder and gives a path in it where nothing is yet; what is made there is removed at the end. */
  reserve(kind: 'fifo'): string {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const path = `${this.#base}.${kind}`;
    this.#files.set(kind, { path, fd: -1 });
    return path;
  }

  /** How many bytes an output has. */
  size(kind: 'out' | 'err'): number {
    return fstatSync(this.#files.get(kind)!.fd).size;
  }

  /** Reads an output from `offset` on, to its end or as much as is wanted. */
  read(kind: 'out' | 'err', offset: number, most = Number.POSITIVE_INFINITY): Uint8Array {
    const { fd } = this.#files.get(kind)!;
    const bytes = Buffer.allocUnsafe(Math.min(Math.max(0, this.size(kind) - offset), most));
    let done = 0;
    while (done < bytes.length) {
      const read = readSync(fd, bytes, done, bytes.length - done, offset + done);
      if (read === 0) break;
      done += read;
    }
    return bytes.subarray(0, done);
  }

  /** Takes an output out of the spool: it is not removed with the rest. */
  keep(kind: 'out' | 'err'): string {
    const { path, fd } = this.#files.get(kind)!;
    this.#files.delete(kind);
    closeSync(fd);
    return path;
  }

  /** Closes and removes what the spool still has. */
  [Symbol.dispose](): void {
    for (const { path, fd } of this.#files.values()) {
      if (fd >= 0) closeSync(fd);
      remove(path);
    }
    this.#files.clear();
  }

  #made<T>(make: () => T): T {
    try {
      return make();
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      return make();
    }
  }
}

/**
 * Removes the files that commands of an earlier, dead process left in a spool folder; nothing else in it. What of their
 * output may still be told of goes when the function is called that is given.
 */
export async function cleanSpool(folder: string): Promise<() => Promise<void>> {
  const names = await readdir(folder).catch(() => []);
  const removeAll = async (some: readonly string[]) => {
    await Promise.all(some.map((name) => rm(join(folder, name), { force: true })));
  };
  await removeAll(names.filter((name) => NAME.test(name) && !name.startsWith(`run-${RUN}-`)));
  const told = names.filter((name) => TOLD_NAME.test(name));
  return () => removeAll(told);
}

/** The files that a request's command of an earlier process printed into, where its output was told of. */
export function leftOutput(
  folder: string,
  id: string,
): Record<OutputStream, Exclude<ReplyBody, Uint8Array>> | undefined {
  if (!isId(id)) return undefined;
  const fileOf = (kind: 'out' | 'err') => {
    const path = join(folder, `told-${id}.${kind}`);
    return { path, bytes: statSync(path, { throwIfNoEntry: false })?.size ?? 0 };
  };
  return { stdout: fileOf('out'), stderr: fileOf('err') };
}

function isId(id: string | undefined): id is string {
  return id !== undefined && ID.test(id);
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    rmSync(path, { force: true });
  }
}
