import { dirname, join } from 'node:path';
import { syncFolder } from '../../lib/open-inside.ts';
import { type FileSystem, systemFiles } from '../../lib/system-files.ts';
import { isTemporary } from '../../lib/temporary-error.ts';

/** What the target keeps of a transfer while it goes on, and for a while after. */
export interface CopyRecord {
  readonly transfer: string;
  /** The target's real path, and the growing file next to it. */
  readonly target: string;
  readonly part: string;
  readonly total: number;
  readonly mode: number;
  readonly identity: string;
  /** Set when the whole was verified: from then on it is only moved in place. */
  readonly sha256?: string;
  /** The number of the verified file, by which it is known at its place. */
  readonly ino?: number;
  /** Why it failed: whoever asks again, as the answer could not be written down, hears the same. */
  readonly fault?: string | undefined;
}

const PART_NAME = /^\.steward-([\w-]{1,64})\.copy$/;

/** The records of transfers, a file each: they outlive the node, and tell what growing files were left behind. */
export class CopyRecords {
  readonly #folder: string;
  readonly #files: FileSystem;

  constructor(folder: string, files: FileSystem = systemFiles) {
    this.#folder = folder;
    this.#files = files;
  }

  /** The record of a transfer; undefined where there is none, or one that makes no sense. Throws faults that pass. */
  async read(transfer: string): Promise<CopyRecord | undefined> {
    try {
      const record: unknown = JSON.parse(await this.#files.readFile(this.#path(transfer), 'utf8'));
      return isRecord(record) ? record : undefined;
    } catch (error) {
      if (isTemporary(error)) throw error;
      return undefined;
    }
  }

  /** Keeps a record; durable when it resolves. */
  async write(record: CopyRecord): Promise<void> {
    await this.#files.mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const path = this.#path(record.transfer);
    await using handle = await this.#files.open(`${path}.new`, 'w', 0o600);
    await handle.writeFile(JSON.stringify(record));
    await handle.sync();
    await this.#files.rename(`${path}.new`, path);
    await syncFolder(this.#folder, this.#files);
  }

  async remove(transfer: string): Promise<void> {
    await this.#files.rm(this.#path(transfer), { force: true });
  }

  /** The growing files of other transfers to the same target. */
  async othersTo({ target, transfer }: CopyRecord): Promise<string[]> {
    const names = await this.#files.readdir(dirname(target)).catch(() => []);
    const found: string[] = [];
    for (const name of names) {
      const other = PART_NAME.exec(name)?.[1];
      const record = other && other !== transfer ? await this.read(other).catch(() => undefined) : undefined;
      if (record?.target === target) found.push(record.part);
    }
    return found;
  }

  /** Removes what was last touched more than `ageMs` ago: records, and growing files that nobody came back for. */
  async prune(ageMs: number, now: number): Promise<void> {
    await this.#each(async (path, record) => {
      const times = await Promise.all([this.#touched(path), this.#touched(record?.part)]);
      if (Math.max(...times) > now - ageMs) return;
      if (record) await this.#files.rm(record.part, { force: true });
      await this.#files.rm(path, { force: true });
    });
  }

  /** Notes that the clock which files are dated by was set by so much: they are no older, and no younger. */
  async shift(ms: number): Promise<void> {
    await this.#each(async (recordPath, record) => {
      for (const path of [recordPath, ...(record ? [record.part] : [])]) {
        const then = (await this.#touched(path)) + ms;
        if (then > ms) await this.#files.utimes(path, then / 1000, then / 1000);
      }
    });
  }

  /** Does something for each record by its path; what fails with one is left until the next time, and stops no other. */
  async #each(visit: (path: string, record: CopyRecord | undefined) => Promise<void>): Promise<void> {
    for (const name of await this.#files.readdir(this.#folder).catch(() => []))
      await this.read(name.replace(/\.json$/, ''))
        .then((record) => visit(join(this.#folder, name), record))
        .catch(() => undefined);
  }

  /** When something was touched last, unix ms; 0 where nothing is. */
  async #touched(path: string | undefined): Promise<number> {
    if (path === undefined) return 0;
    return await this.#files.stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    );
  }

  #path(transfer: string): string {
    return join(this.#folder, `${transfer}.json`);
  }
}

function isRecord(value: unknown): value is CopyRecord {
  const record = value as Partial<CopyRecord> | null;
  return typeof record?.part === 'string' && typeof record.target === 'string';
}
