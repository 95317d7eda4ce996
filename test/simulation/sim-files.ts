import type { FileHandle } from 'node:fs/promises';
import type { BorrowedFile } from '../../src/lib/open-files.ts';
import type { AppendableFiles } from '../../src/methods/files/append-files.ts';
import type { Life, Machine } from './machine.ts';
import { SimNames, statsOf } from './sim-file-system.ts';

export interface SimFile {
  readonly ino: number;
  /** What programs see. */
  content: Buffer;
  /** What is there after the power failed: what was synced, and of what was not, a part. */
  synced: Buffer;
  mode: number;
  mtimeMs: number;
  /** How often it was written to. */
  changes: number;
}

/** What is wrong with the files of a machine: the code of each fault that writing meets. */
export type FileTrouble = 'ENOSPC' | 'EIO' | 'EBUSY';

/** The data folder of a machine. */
export class SimFiles {
  trouble: FileTrouble | undefined;
  /** Whether the power failed here: what need not outlast that may be gone. */
  hasLostPower = false;
  readonly #machine: Machine;
  readonly #files = new Map<string, SimFile>();
  readonly names = new SimNames(this.#files);
  #inodes = 1;
  /** What was seen at a path, one after the other: what was put there, and what a power cut left of it. */
  readonly #seen = new Map<string, Buffer[]>();
  /** What was put in place of a file, one after the other. */
  readonly #replaced = new Map<string, string[]>();

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** What a file holds; '' where there is none. */
  read(path: string): string {
    return this.#files.get(path)?.content.toString() ?? '';
  }

  /** What a file was replaced with, one after the other. */
  replaced(path: string): readonly string[] {
    return this.#replaced.get(path) ?? [];
  }

  /** Something other than a node removes a file. */
  remove(path: string): void {
    this.#files.delete(path);
  }

  /** A file was put in place of another one. */
  replacedAt(path: string): void {
    this.#replaced.set(path, [...this.replaced(path), this.read(path)]);
  }

  paths(): string[] {
    return [...this.#files.keys()];
  }

  /** What was put at a path, and what a power cut left there, one after the other. */
  seenAt(path: string): readonly Buffer[] {
    return this.#seen.get(path) ?? [];
  }

  /** Notes what is at a path now. */
  seen(path: string): void {
    const { content } = this.#files.get(path)!;
    const before = this.seenAt(path);
    if (before.at(-1) !== content) this.#seen.set(path, [...before, content]);
  }

  /** Something other than a node writes a file. */
  put(path: string, content: Buffer): void {
    const file = this.#at(path);
    file.content = content;
    file.synced = content;
    this.#touch(file);
    this.seen(path);
  }

  file(path: string): SimFile | undefined {
    return this.#files.get(path);
  }

  /** The power fails: of what was not synced, a part is there, perhaps with zeros in it. */
  losePower(): void {
    const { chance } = this.#machine;
    this.hasLostPower = true;
    if (this.names.unsynced > 0) this.names.lose(chance.below(this.names.unsynced + 1));
    for (const file of this.#files.values()) {
      if (file.content.equals(file.synced)) continue;
      const kept = chance.below(file.content.length + 1);
      const left = Buffer.from(
        file.content.subarray(0, Math.max(kept, Math.min(file.synced.length, file.content.length))),
      );
      if (chance.happens(0.3)) left.fill(0, Math.min(file.synced.length, left.length));
      file.content = left;
      file.synced = Buffer.from(left);
    }
    for (const path of this.#seen.keys()) if (this.#files.has(path)) this.seen(path);
    this.#forgetLost();
  }

  /** What was put in place, and is not there any more, was not yet confirmed. */
  #forgetLost(): void {
    for (const [path, held] of this.#replaced)
      while (held.length > 0 && held.at(-1) !== this.read(path)) held.pop();
  }

  /** The files as a life of a node opens them. */
  open(life: Life): AppendableFiles {
    return {
      borrow: async (path): Promise<BorrowedFile> => {
        await this.work(life);
        const file = this.#at(path);
        const size = file.content.length;
        return { path, handle: this.handle(file, life), dev: 1, ino: file.ino, size };
      },
      giveBack: async () => {},
      openExisting: async (path) => {
        await this.work(life);
        const file = this.#files.get(path);
        return file && this.handle(file, life);
      },
      [Symbol.asyncDispose]: async () => {},
    };
  }

  #at(path: string): SimFile {
    let file = this.#files.get(path);
    if (!file) {
      file = this.makeFile();
      this.#files.set(path, file);
    }
    return file;
  }

  makeFile(mode = 0o600): SimFile {
    const mtimeMs = this.#machine.wallNow();
    const empty = Buffer.alloc(0);
    return { ino: this.#inodes++, content: empty, synced: empty, mode, mtimeMs, changes: 0 };
  }

  #touch(file: SimFile): void {
    file.mtimeMs = this.#machine.wallNow();
    file.changes++;
  }

  /** An open file. */
  handle(file: SimFile, life: Life): FileHandle {
    const handle = {
      stat: async ({ bigint = false } = {}) => {
        await this.work(life);
        return statsOf(file, bigint);
      },
      writev: async (parts: readonly Uint8Array[], position: number) => {
        const bytes = Buffer.concat(parts);
        return await handle.write(bytes, 0, bytes.length, position);
      },
      writeFile: async (data: Uint8Array | string) => {
        const bytes = Buffer.from(data);
        await handle.write(bytes, 0, bytes.length, file.content.length);
      },
      sync: () => handle.datasync(),
      chmod: async (mode: number) => {
        await this.work(life);
        file.mode = mode;
      },
      chown: async () => {},
      [Symbol.asyncDispose]: async () => {},
      write: async (bytes: Uint8Array, offset: number, length: number, position: number) => {
        await this.work(life);
        // A full disk takes a part before it refuses.
        const count = this.trouble === undefined ? length : life.chance.below(length + 1);
        const end = position + count;
        const grown = Buffer.alloc(Math.max(end, file.content.length));
        file.content.copy(grown);
        grown.set(bytes.subarray(offset, offset + count), position);
        file.content = grown;
        this.#touch(file);
        this.fail();
        return { bytesWritten: count };
      },
      read: async (buffer: Uint8Array, offset: number, length: number, position: number) => {
        await this.work(life);
        return { bytesRead: file.content.copy(buffer, offset, position, position + length) };
      },
      truncate: async (size: number) => {
        await this.work(life);
        this.failAs('EIO');
        file.content = Buffer.concat(
          [file.content, Buffer.alloc(Math.max(0, size - file.content.length))],
          size,
        );
        this.#touch(file);
      },
      datasync: async () => {
        await this.work(life);
        this.failAs('EIO');
        file.synced = Buffer.from(file.content);
      },
      close: async () => {},
    };
    return handle as unknown as FileHandle;
  }

  /** Throws what is wrong with files just now. */
  fail(): void {
    if (this.trouble) throw Object.assign(new Error(`${this.trouble}: simulated`), { code: this.trouble });
  }

  /** Throws one fault, where it is that. */
  failAs(code: FileTrouble): void {
    if (this.trouble === code) this.fail();
  }

  /** Takes the time of a call to the system. Never resolves for a life that is over. */
  work(life: Life): Promise<void> {
    return new Promise((resolve) => {
      life.later(life.chance.spread(0.02, 2), () => {
        this.#machine.worked();
        if (!life.isOver) resolve();
      });
    });
  }
}
