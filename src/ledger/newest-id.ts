import type { Clock } from '../lib/clock.ts';
import { timeOfId } from '../lib/new-id.ts';
import type { FileSystem } from '../lib/system-files.ts';
import type { Store } from '../store/store.ts';

/** How often the newest id is noted next to the database, ms. */
const NOTE_EVERY_MS = 10_000;
const DAY_MS = 86_400_000;
const BEHIND =
  'the database does not know what this node asked for last (it was emptied, or is a backup): such requests have no state here, and what of them was not delivered is lost';

type NoteFiles = Pick<FileSystem, 'readPlainFileSync' | 'writeFileSync'>;

/** The highest id that this node gave a message, as far as its database knows; undefined where there is none. */
export function newestId(store: Pick<Store, 'get'>): string | undefined {
  return store.get<{ id: string | null }>('SELECT max(id) AS id FROM ledger')?.id ?? undefined;
}

/** Whether a database is behind what was noted next to it: it is a backup that was written over the file in its place. */
export function isOlder(store: Pick<Store, 'get'>, noted = ''): boolean {
  return (newestId(store) ?? '') < noted;
}

/**
 * Whether a node may have sent more than its database knows, as its newest id tells: it lies ahead of the clock, which was
 * set back, or behind `noted`, which `NewestIdNote` had noted.
 */
export function mayHaveSentMore(
  store: Pick<Store, 'get'>,
  { wallNow, noted }: { readonly wallNow: number; readonly noted?: string | undefined },
): boolean {
  return isOlder(store, noted) || wallNow < timeOfId(newestId(store) ?? '');
}

/**
 * Keeps the newest id in a file of its own, a few seconds late: a database with a lower one has gone back to an earlier
 * state. The file is not forced to the disk; where it is lost or late, that does not show.
 */
export class NewestIdNote implements Disposable {
  /** What an earlier life of this node had noted. */
  readonly before: string | undefined;
  readonly #path: string;
  readonly #store: Pick<Store, 'get'>;
  readonly #files: NoteFiles;
  readonly #stopTimer: () => void;
  #noted: string | undefined;

  constructor(
    path: string,
    deps: {
      readonly store: Pick<Store, 'get'>;
      readonly clock: Pick<Clock, 'wallNow' | 'every'>;
      readonly files: NoteFiles;
      readonly logger: { warn(text: string): void };
    },
  ) {
    this.#path = path;
    this.#store = deps.store;
    this.#files = deps.files;
    this.before = readNote(path, deps.files);
    this.#noted = this.before;
    // What is older may have been pruned.
    const ageMs = deps.clock.wallNow() - timeOfId(this.before ?? '');
    if (ageMs < DAY_MS && (newestId(deps.store) ?? '') < (this.before ?? '')) deps.logger.warn(BEHIND);
    this.#stopTimer = deps.clock.every(NOTE_EVERY_MS, () => this.#note());
  }

  [Symbol.dispose](): void {
    this.#stopTimer();
    this.#note();
  }

  #note(): void {
    const newest = newestId(this.#store);
    if (newest === undefined || newest <= (this.#noted ?? '')) return;
    try {
      this.#files.writeFileSync(this.#path, newest, { mode: 0o600 });
      this.#noted = newest;
    } catch {
      // It is a help after a restore, and no reason to stop anything: the next time comes.
    }
  }
}

function readNote(path: string, files: NoteFiles): string | undefined {
  try {
    const text = files.readPlainFileSync(path).toString('latin1').trim();
    return timeOfId(text) > 0 ? text : undefined;
  } catch {
    return undefined;
  }
}
