import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { dirname, normalize } from 'node:path/posix';
import type { FileSystem } from '../../src/lib/system-files.ts';
import type { Life } from './machine.ts';
import type { SimFile, SimFiles } from './sim-files.ts';

/** The folders that a machine has from the beginning. */
const FOLDERS = ['/', '/in', '/out', '/data', '/startup', '.'];
const BLOCK_BYTES = 4096;
const [FOLDER_MODE, FILE_MODE] = [0o755, 0o600];

/** The names of a machine's files: who made, moved or removed one is not sure of it before its folder was synced. */
export class SimNames {
  readonly #files: Map<string, SimFile>;
  readonly #folders = new Set(FOLDERS);
  /** What undoes each change since the last sync, in their order. */
  #undo: (() => void)[] = [];

  constructor(files: Map<string, SimFile>) {
    this.#files = files;
  }

  isFolder(path: string): boolean {
    return this.#folders.has(path);
  }

  addFolder(path: string): void {
    this.#folders.add(path);
  }

  /** The names in a folder. */
  in(folder: string): string[] {
    const names = [...this.#files.keys()].filter((path) => dirname(path) === folder);
    return names.map((path) => path.slice(folder.length + 1));
  }

  /** Puts a file at a path, or removes what is there. */
  set(path: string, file: SimFile | undefined): void {
    const before = this.#files.get(path);
    this.#undo.push(() => this.#put(path, before));
    this.#put(path, file);
  }

  sync(): void {
    this.#undo = [];
  }

  get unsynced(): number {
    return this.#undo.length;
  }

  /** The power fails: the last changes were not made. */
  lose(count: number): void {
    for (const undo of this.#undo.splice(this.#undo.length - count).reverse()) undo();
    this.#undo = [];
  }

  #put(path: string, file: SimFile | undefined): void {
    if (file) this.#files.set(path, file);
    else this.#files.delete(path);
  }
}

/** The file system of a machine, as a life of a node asks it. */
export function simFileSystem(files: SimFiles, life: Life): FileSystem {
  const { names } = files;
  const at = (path: string) => files.file(clean(path));
  const statsAt = (path: string, isBig = false) => {
    const file = at(path);
    if (file) return statsOf(file, isBig);
    if (names.isFolder(clean(path))) return FOLDER;
    throw fault('ENOENT', path);
  };
  const look = async (path: string, { bigint = false } = {}) => {
    await files.work(life);
    return statsAt(path, bigint);
  };
  const system = {
    stat: look,
    lstat: look,
    statfs: async () => {
      await files.work(life);
      return { bsize: BLOCK_BYTES, bavail: files.trouble === 'ENOSPC' ? 0 : 1_000_000 };
    },
    realpath: async (path: string) => {
      await look(path);
      return clean(path);
    },
    readlink: async (path: string) => {
      throw fault('EINVAL', path);
    },
    readdir: async (path: string) => {
      await look(path);
      return names.in(clean(path));
    },
    readFile: async (path: string) => {
      await look(path);
      files.failAs('EIO');
      return at(path)?.content.toString() ?? '';
    },
    readPlainFileSync: (path: string) => {
      const file = at(path);
      if (!file) throw fault('ENOENT', path);
      files.failAs('EIO');
      return Buffer.from(file.content);
    },
    // Nobody waits for the disk to have it.
    writeFileSync: (path: string, text: string) => {
      files.fail();
      if (!at(path)) names.set(clean(path), files.makeFile(FILE_MODE));
      const file = at(path)!;
      file.content = Buffer.from(text);
      file.changes++;
    },
    rename: async (from: string, to: string) => {
      await files.work(life);
      files.failAs('EIO');
      const file = at(from);
      if (!file) throw fault('ENOENT', from);
      names.set(clean(from), undefined);
      names.set(clean(to), file);
      files.seen(clean(to));
      files.replacedAt(clean(to));
    },
    rm: async (path: string, { force = false } = {}) => {
      await files.work(life);
      files.failAs('EIO');
      if (at(path)) names.set(clean(path), undefined);
      else if (!force) throw fault('ENOENT', path);
    },
    mkdir: async (path: string) => {
      await files.work(life);
      names.addFolder(clean(path));
    },
    keepAttributes: async () => undefined,
    utimes: async (path: string, _: number, seconds: number) => {
      await look(path);
      const file = at(path);
      if (file) file.mtimeMs = seconds * 1000;
    },
    open: async (path: string, flags: number | string = constants.O_RDONLY) => {
      await files.work(life);
      if (names.isFolder(clean(path))) return folderHandle(files, life);
      const isNew = flags === 'w' || (Number(flags) & constants.O_CREAT) !== 0;
      if (at(path) && isNew && flags !== 'w') throw fault('EEXIST', path);
      if (!at(path) && !isNew) throw fault('ENOENT', path);
      if (isNew) {
        files.fail();
        names.set(clean(path), files.makeFile(FILE_MODE));
      }
      return files.handle(at(path)!, life);
    },
  };
  return system as unknown as FileSystem;
}

function folderHandle(files: SimFiles, life: Life): FileHandle {
  const sync = async () => {
    await files.work(life);
    files.failAs('EIO');
    files.names.sync();
  };
  return { sync, close: async () => {}, [Symbol.asyncDispose]: async () => {} } as unknown as FileHandle;
}

const FOLDER = {
  ...{ dev: 1, ino: 0, size: 0, uid: 0, gid: 0, nlink: 1, mtimeMs: 0, mode: FOLDER_MODE },
  ...{ isFile: () => false, isDirectory: () => true, isSymbolicLink: () => false },
};

/** What the system says of a file. */
export function statsOf({ ino, content, mode, mtimeMs, changes }: SimFile, isBig: boolean) {
  const kind = { isFile: () => true, isDirectory: () => false, isSymbolicLink: () => false };
  const numbers = { dev: 1, ino, size: content.length, uid: 0, gid: 0, nlink: 1, mode };
  if (!isBig) return { ...numbers, ...kind, mtimeMs };
  const big = Object.entries(numbers).map(([name, value]) => [name, BigInt(value)]);
  // Two changes within a millisecond have times of their own.
  const mtimeNs = BigInt(Math.floor(mtimeMs)) * 1_000_000n + BigInt(changes);
  return { ...Object.fromEntries(big), ...kind, mtimeNs };
}

function clean(path: string): string {
  const short = normalize(path);
  return short.length > 1 && short.endsWith('/') ? short.slice(0, -1) : short;
}

function fault(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: simulated, ${path}`), { code });
}
