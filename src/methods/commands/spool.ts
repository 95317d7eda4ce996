import { randomBytes } from 'node:crypto';
import { closeSync, openSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ByteBudget } from '../../lib/byte-budget.ts';
import { makeFoldersSync } from '../../lib/make-folders.ts';
import { errorCode } from '../../lib/system-fault.ts';
import { isUuid } from '../../lib/uuid.ts';
import type { ReplyBody } from '../../message/method-contract.ts';
import type { OutputStream } from '../../message/output.ts';

const NAME = /^run-[0-9a-f]{12}-\d+\.(out|err|data|fifo)$/;
const TOLD_NAME = /^told-[0-9a-f-]{36}\.(out|err|data)$/;
const RUN = randomBytes(6).toString('hex');
let count = 0;

/** A path of this process in a spool folder at which nothing is yet. */
export function spoolPath(folder: string, kind: 'out' | 'err' | 'data' | 'fifo'): string {
  count += 1;
  return join(folder, `run-${RUN}-${count}.${kind}`);
}

/** Makes sure of a spool folder. */
export function makeSpoolFolder(folder: string): void {
  try {
    // With the dot a file that stands in its place is refused.
    statSync(`${folder}/.`);
  } catch (error) {
    if (errorCode(error) === 'ENOTDIR') {
      const text = `${folder} is no folder: move away what stands there, and the folder is made again`;
      throw new Error(text, { cause: error });
    }
    if (errorCode(error) !== 'ENOENT') throw error;
    makeFoldersSync(folder, 0o700);
  }
}

/** Where outputs are gathered: in memory that all commands share, and in files. */
export interface SpoolPlace {
  readonly spoolFolder: string;
  /** No limit unless given. */
  readonly outputs?: ByteBudget | undefined;
}

/** What the outputs of all commands may take in memory until their replies are queued, bytes. */
export const OUTPUT_BYTES = 8 * 1024 * 1024;

/** The files of one command, and its part of the memory for outputs. Calls are synchronous: they are small, local, and a fraction of what starting a process costs. */
export class Spool {
  readonly #folder: string;
  readonly #memory: ByteBudget | undefined;
  #heldBytes = 0;
  readonly #toldId: string | undefined;
  readonly #files = new Map<string, { path: string; fd: number }>();

  /** `toldId`: the request whose output is sent while it runs, so that it is found again after a crash. */
  constructor({ spoolFolder, outputs }: SpoolPlace, toldId?: string) {
    this.#folder = spoolFolder;
    this.#memory = outputs;
    this.#toldId = isId(toldId) ? toldId : undefined;
  }

  /** Makes the file for one of the outputs, for reading and writing; its descriptor belongs to the spool. */
  open(kind: 'out' | 'err'): number {
    const path = this.#pathOf(kind);
    const fd = openSync(path, 'wx+', 0o600);
    this.#files.set(kind, { path, fd });
    return fd;
  }

  /** Keeps the data of a message in a file that only this user can read, and returns its path. */
  writeData(data: Uint8Array): string {
    const path = this.#pathOf('data');
    writeFileSync(path, data, { mode: 0o600, flag: 'wx' });
    this.#files.set('data', { path, fd: -1 });
    return path;
  }

  /** Takes an output out of the spool: it is not removed with the rest. */
  keep(kind: 'out' | 'err'): string {
    const { path, fd } = this.#files.get(kind)!;
    this.#files.delete(kind);
    closeSync(fd);
    return path;
  }

  /** Holds so much of the memory for outputs; false where no more is left. */
  hold(bytes: number): boolean {
    if (this.#memory?.hold(bytes) === false) return false;
    this.#heldBytes += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#heldBytes -= bytes;
    this.#memory?.release(bytes);
  }

  /** Memory that outlives the spool; what comes back is to be called when it is not needed any more. */
  handOver(bytes: number): () => void {
    this.#heldBytes -= bytes;
    return () => this.#memory?.release(bytes);
  }

  /** Closes and removes what the spool still has. */
  [Symbol.dispose](): void {
    this.release(this.#heldBytes);
    for (const { path, fd } of this.#files.values()) {
      if (fd >= 0) closeSync(fd);
      rmSync(path, { force: true });
    }
    this.#files.clear();
  }

  #pathOf(kind: 'out' | 'err' | 'data'): string {
    makeSpoolFolder(this.#folder);
    return this.#toldId === undefined
      ? spoolPath(this.#folder, kind)
      : join(this.#folder, `told-${this.#toldId}.${kind}`);
  }
}

/**
 * Removes the files that commands of an earlier, dead process left in a spool folder; nothing else in it. What of their
 * output may still be sent goes when the function is called that comes back, but for what is still read.
 */
export async function cleanSpool(
  folder: string,
): Promise<(stillRead: { has(id: string): boolean }) => Promise<void>> {
  const names = await readdir(folder).catch(() => []);
  const removeAll = async (some: readonly string[]) => {
    await Promise.all(some.map((name) => rm(join(folder, name), { force: true })));
  };
  await removeAll(names.filter((name) => NAME.test(name) && !name.startsWith(`run-${RUN}-`)));
  const told = names.filter((name) => TOLD_NAME.test(name));
  return (stillRead) =>
    removeAll(told.filter((name) => !stillRead.has(name.slice('told-'.length, -'.out'.length))));
}

/** The files that a request's command of an earlier process printed into, where its output was sent. */
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
  return id !== undefined && isUuid(id);
}
