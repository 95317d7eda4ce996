import { hash } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../lib/clock.ts';
import type { FileSystem } from '../lib/system-files.ts';
import { type KeptStretch, LEAST_KEPT_BYTES, sumOf } from '../message/told-output.ts';

/** How long data is kept that nobody sends again, ms. */
const KEEP_MS = 7 * 86_400_000;

interface KeptDataDeps {
  /** How much is kept in all; 0 keeps nothing. */
  readonly maxBytes: number;
  readonly clock: Pick<Clock, 'wallNow'>;
  readonly files: FileSystem;
  readonly logger: { warn(fields: object, text: string): void };
}

interface Kept {
  readonly bytes: number;
  /** When it was last of use, unix ms. */
  readonly at: number;
}

/**
 * The data of messages that this node relayed, in files: what a sender sends again for another target need not travel again.
 * Each sender is given its own alone. What was not of use for longest goes first. A loss costs no more than that the data comes again.
 */
export class KeptData {
  readonly #folder: string;
  readonly #deps: KeptDataDeps;
  /** By file name, what was not of use for longest first; undefined until the folder was read. */
  #files: Map<string, Kept> | undefined;
  #turn: Promise<void> = Promise.resolve();

  constructor(folder: string, deps: KeptDataDeps) {
    this.#folder = folder;
    this.#deps = deps;
  }

  /** Keeps data of a sender; resolves when it is there, or cannot be. */
  keep(sender: string, data: Uint8Array): Promise<void> {
    if (data.length < LEAST_KEPT_BYTES || data.length > this.#deps.maxBytes) return Promise.resolve();
    this.#turn = this.#turn
      .then(() => this.#keep(fileName(sender, sumOf(data)), data))
      .catch((error) => {
        // Its folder may be gone: it is made, and read, anew.
        this.#files = undefined;
        const text = 'the data of a relayed message is not kept: it travels again for each target';
        this.#deps.logger.warn({ err: error }, text);
      });
    return this.#turn;
  }

  /** The data of this sum that the sender sent before; undefined where it is not here. */
  find(sender: string, { sum, count }: KeptStretch): Uint8Array | undefined {
    const path = join(this.#folder, fileName(sender, sum));
    try {
      const data = this.#deps.files.readPlainFileSync(path);
      if (data.length === count && sumOf(data) === sum) return data;
    } catch {
      // It is not here, or cannot be read.
    }
    this.#files?.delete(fileName(sender, sum));
    return undefined;
  }

  async #keep(name: string, data: Uint8Array): Promise<void> {
    const folder = this.#folder;
    this.#files ??= await this.#read();
    const files = this.#files;
    const path = join(folder, name);
    const at = this.#deps.clock.wallNow();
    const isThere = files.delete(name);
    await this.#makeRoom(files, data.length, at);
    if (isThere) await this.#deps.files.utimes(path, at / 1000, at / 1000);
    else await this.#write(path, data);
    files.set(name, { bytes: data.length, at });
  }

  async #makeRoom(files: Map<string, Kept>, bytes: number, now: number): Promise<void> {
    let total = bytes;
    for (const kept of files.values()) total += kept.bytes;
    for (const [name, kept] of files) {
      if (total <= this.#deps.maxBytes && now - kept.at < KEEP_MS) return;
      await this.#deps.files.rm(join(this.#folder, name), { force: true });
      files.delete(name);
      total -= kept.bytes;
    }
  }

  async #read(): Promise<Map<string, Kept>> {
    const folder = this.#folder;
    const { files } = this.#deps;
    await files.mkdir(folder, { recursive: true, mode: 0o700 });
    const found: [string, Kept][] = [];
    for (const name of await files.readdir(folder)) {
      const { size: bytes, mtimeMs: at } = await files.stat(join(folder, name));
      found.push([name, { bytes, at }]);
    }
    return new Map(found.sort(([, a], [, b]) => a.at - b.at));
  }

  /** What a crash leaves of it half written has no name that is looked for. */
  async #write(path: string, data: Uint8Array): Promise<void> {
    const { files } = this.#deps;
    const unfinished = `${path}.new`;
    try {
      await using file = await files.open(unfinished, 'w', 0o600);
      await file.writeFile(data);
      await files.rename(unfinished, path);
    } catch (error) {
      await files.rm(unfinished, { force: true });
      throw error;
    }
  }
}

function fileName(sender: string, sum: string): string {
  return `${hash('sha256', sender, 'hex').slice(0, 16)}-${sum}`;
}
