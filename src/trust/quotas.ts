import type { QuotaConfig } from '../config/trust-config.ts';
import type { Clock } from '../lib/clock.ts';
import { sizeWords } from '../lib/size-words.ts';
import { type Store, statement } from '../store/store.ts';

interface QuotaDeps {
  readonly store: Pick<Store, 'all' | 'write'>;
  readonly clock: Clock;
  /** How many requests of a node wait here. */
  countWaiting(sender: string): number;
  readonly logger: { warn(fields: object, text: string): void };
}

/** What a message would add. */
export interface Load {
  /** Its place in its lane, so that one that comes again counts once. Its id is what its sender says, who may say it of all. */
  readonly place: string | undefined;
  readonly bytes: number;
  /** The file that it goes to; undefined where it goes to one that every node has. */
  readonly file?: string;
  /** Whether it is a request that waits for its turn. */
  readonly isRequest?: boolean;
  /** Whether it is taken whatever is left: it was asked for, by somebody else than who sends it. */
  readonly isOwed?: boolean;
}

interface Used {
  bytes: number;
  files: number;
  isSaved: boolean;
  /** Files and folders of today; one of long ago counts again. */
  readonly recent: Set<string>;
}

const DAY_MS = 86_400_000;
const SAVE_MS = 5000;
/** How many files and folders of a node are known by name. */
const MOST_FILES = 1000;
/** How many places are known, of all nodes: what comes again comes soon. */
const MOST_PLACES = 10_000;
/** How long a count of what waits holds, ms. */
const COUNT_MS = 1000;

/** Counts by day what nodes send unasked, so that none of them fills the disk of the others. */
export class Quotas implements AsyncDisposable {
  readonly #options: QuotaConfig;
  readonly #deps: QuotaDeps;
  readonly #used = new Map<string, Used>();
  readonly #waiting = new Map<string, { at: number; count: number }>();
  /** Of messages that were counted. */
  readonly #places = new Set<string>();
  #cancelSave: (() => void) | undefined;
  #isClosed = false;
  #day: number;

  constructor(options: QuotaConfig, deps: QuotaDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#day = this.#today();
    const sql = 'SELECT sender, bytes, files FROM quotas WHERE day = ?';
    for (const row of deps.store.all<{ sender: string; bytes: number; files: number }>(sql, this.#day))
      this.#used.set(row.sender, { bytes: row.bytes, files: row.files, isSaved: true, recent: new Set() });
  }

  /** Counts what a node sends; or says why it has to wait, as a sentence, and counts nothing. */
  take(sender: string, load: Load): string | undefined {
    this.#turnDay();
    const used = this.#used.get(sender) ?? { bytes: 0, files: 0, isSaved: false, recent: new Set() };
    if (load.place !== undefined && this.#places.has(load.place)) return undefined;
    const fresh = pathsOf(load.file).filter((path) => !used.recent.has(path));
    const reason = this.#tooMuch(sender, used, load, fresh.length);
    if (reason !== undefined && !load.isOwed) return reason;
    this.#used.set(sender, used);
    if (load.place !== undefined) remember(this.#places, load.place, MOST_PLACES);
    this.#saveLater();
    used.bytes += load.bytes;
    used.isSaved = false;
    used.files += fresh.length;
    for (const path of fresh) remember(used.recent, path, MOST_FILES);
    return undefined;
  }

  /** Writes down what was counted. */
  async save(): Promise<void> {
    this.#cancelSave?.();
    this.#cancelSave = undefined;
    const rows = [...this.#used].filter(([, { isSaved }]) => !isSaved);
    if (rows.length === 0) return;
    for (const [, used] of rows) used.isSaved = true;
    const sql = 'INSERT OR REPLACE INTO quotas (day, sender, bytes, files) VALUES (?, ?, ?, ?)';
    const written = rows.map(([sender, { bytes, files }]) => statement(sql, this.#day, sender, bytes, files));
    await this.#deps.store
      .write([...written, statement('DELETE FROM quotas WHERE day < ?', this.#day)])
      .catch((error) => {
        this.#deps.logger.warn({ err: error }, 'what nodes have sent today could not be written down');
        for (const [, used] of rows) used.isSaved = false;
        this.#saveLater();
      });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.save();
  }

  #saveLater(): void {
    if (!this.#isClosed) this.#cancelSave ??= this.#deps.clock.after(SAVE_MS, () => void this.save());
  }

  #tooMuch(sender: string, used: Used, { bytes, isRequest }: Load, files: number): string | undefined {
    const { bytesPerDay, filesPerDay } = this.#options;
    if (bytesPerDay > 0 && used.bytes + bytes > bytesPerDay)
      return over(sender, `${sizeWords(bytesPerDay)} a day that nobody asked for`, 'quotaMB');
    if (files > 0 && filesPerDay > 0 && used.files + files > filesPerDay)
      return over(sender, `${filesPerDay} new files and folders a day that nobody asked for`, 'quotaFiles');
    return isRequest ? this.#tooManyWait(sender) : undefined;
  }

  #tooManyWait(sender: string): string | undefined {
    const most = this.#options.waiting;
    const now = this.#deps.clock.steadyNow();
    const known = this.#waiting.get(sender);
    const isFresh = known !== undefined && now - known.at < COUNT_MS;
    const count = isFresh ? known.count : this.#deps.countWaiting(sender);
    if (most > 0 && count >= most) return over(sender, `${most} requests that wait`, 'quotaWaiting');
    this.#waiting.set(sender, { at: isFresh ? known.at : now, count: count + 1 });
    return undefined;
  }

  #today(): number {
    return Math.floor(this.#deps.clock.wallNow() / DAY_MS);
  }

  #turnDay(): void {
    const day = this.#today();
    if (day === this.#day) return;
    this.#day = day;
    this.#used.clear();
  }
}

/** A file, and each folder on the way to it: a path of 1,000 folders is as much for a disk as 1,000 files. */
function pathsOf(file = ''): string[] {
  const ends = [...file.matchAll(/\/|$/g)].map(({ index }) => index);
  return ends.filter((end) => end > 0).map((end) => file.slice(0, end));
}

function remember(set: Set<string>, text: string, most: number): void {
  set.add(text);
  if (set.size > most) set.delete(set.values().next().value!);
}

function over(sender: string, what: string, setting: string): string {
  return `${sender} has used its share here, ${what} (${setting}); the rest waits`;
}
