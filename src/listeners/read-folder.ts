import { type FSWatcher, watch } from 'node:fs';
import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { systemClock } from '../lib/clock.ts';
import { pause } from '../lib/pause.ts';
import { readFault, readPlainFile } from '../lib/plain-file.ts';
import { succeeds } from '../lib/succeeds.ts';
import { errorCode, systemFault } from '../lib/system-fault.ts';
import { isTemporary } from '../lib/temporary-error.ts';
import { readSubmission } from '../message/input/read-submission.ts';
import { FileTransfer, type TransferDeps } from './file-transfer.ts';

/** Times in milliseconds. */
export interface ReadFolderOptions {
  readonly folder: string;
  readonly maxBytes: number;
  /** How long a file must stay the same before it counts as written. */
  readonly settleMs?: number;
  /** How long a file that cannot be read as messages may stay the same before it is refused. */
  readonly refuseMs?: number;
  /** How often the folder is looked at where the system does not tell of changes. */
  readonly pollMs?: number;
  /** How long the node waits after it could not store what was submitted. */
  readonly retryMs?: number;
}

export type ReadFolderDeps = TransferDeps;

type Settings = Required<ReadFolderOptions>;

/** How a file looked when it was last seen, since when, and when it did not look so yet; `fault` is why it could not be read as it is. */
interface Seen {
  readonly look: string;
  /** By the steady clock, ms. */
  readonly notBefore: number;
  readonly since: number;
  fault?: string;
}

const DEFAULTS = { settleMs: 300, refuseMs: 10_000, pollMs: 1000, retryMs: 10_000 };
/** However often the folder changes, it is looked at no more often than this. */
const REST_MS = 50;

/**
 * Watches a folder, which is made (0700) where it is missing, and sends the message files that are dropped there, by a rename
 * or by a slow writer; see FileTransfer for where they go. A folder that cannot be had is reported, and tried again.
 */
export async function startReadFolder(options: ReadFolderOptions, deps: ReadFolderDeps): Promise<ReadFolder> {
  const settings = { ...DEFAULTS, ...options };
  const transfer = new FileTransfer(settings, deps);
  const isMade = await succeeds(transfer.makeParts([]));
  return new ReadFolder(settings, deps, { transfer, isMade });
}

/** A folder that is watched until this is disposed of. */
export class ReadFolder implements AsyncDisposable {
  readonly #settings: Settings;
  readonly #deps: ReadFolderDeps;
  readonly #transfer: FileTransfer;
  readonly #seen = new Map<string, Seen>();
  readonly #stopping = new AbortController();
  readonly #done: Promise<void>;
  #watcher: FSWatcher | undefined;
  #isMade: boolean;
  /** Which folder that is. */
  #watched = '';
  #wake = new AbortController();
  /** When the folder was looked at, and the time before, ms of the steady clock. */
  #lookedAt = Number.NEGATIVE_INFINITY;
  #lookedBefore = Number.NEGATIVE_INFINITY;
  #lastFault: string | undefined;
  #retryAt = 0;
  /** Why the first of the files could not be read that cannot be read for now. */
  #unread: Error | undefined;

  constructor(
    settings: Settings,
    deps: ReadFolderDeps,
    { transfer, isMade }: { transfer: FileTransfer; isMade: boolean },
  ) {
    this.#settings = settings;
    this.#deps = deps;
    this.#transfer = transfer;
    this.#isMade = isMade;
    this.#done = this.#run();
  }

  /** Finishes the file under way and stops watching. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    this.#wake.abort();
    this.#watcher?.close();
    return this.#done;
  }

  /** Sees to the folders, and to the watch: the folder may be another one than last time. */
  async #open(): Promise<void> {
    const { folder } = this.#settings;
    // Only once: who renames the folder means to put another one in its place.
    if (!this.#isMade) await this.#transfer.makeParts([]);
    this.#isMade = true;
    const { dev, ino } = await stat(folder);
    if (this.#watched !== `${dev} ${ino}`) this.#watch();
    this.#watched = `${dev} ${ino}`;
    await this.#transfer.makeParts(await readdir(folder));
  }

  /** Polling goes on where the system cannot watch (too many watches, some network file systems). */
  #watch(): void {
    this.#watcher?.close();
    try {
      const watcher = watch(this.#settings.folder, () => this.#wake.abort());
      this.#watcher = watcher.on('error', () => watcher.close());
    } catch (error) {
      this.#deps.logger.warn({ err: error }, 'the read folder is polled, as it cannot be watched');
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      this.#wake = new AbortController();
      const waitMs = await this.#tryLook();
      await pause(REST_MS, signal);
      if (!signal.aborted) await pause(Math.max(0, waitMs - REST_MS), this.#wake.signal);
    }
  }

  /** Looks at the folder; answers with how long to wait before the next time. */
  async #tryLook(): Promise<number> {
    try {
      await this.#open();
      await this.#finishOld();
      const waitMs = await this.#look();
      if (this.#retryAt === Number.POSITIVE_INFINITY) this.#lastFault = undefined;
      return waitMs;
    } catch (error) {
      const fault = readFault(error);
      if (fault !== this.#lastFault) {
        this.#deps.errorReporter.report(
          `error: read folder ${this.#settings.folder}: ${fault}; it is tried again`,
        );
      }
      this.#lastFault = fault;
      this.#retryAt = performance.now() + this.#settings.retryMs;
      return this.#settings.pollMs;
    }
  }

  /** Goes on with files that were being sent when the node ended, or that could not be stored. */
  async #finishOld(): Promise<void> {
    if (performance.now() < this.#retryAt) return;
    this.#retryAt = Number.POSITIVE_INFINITY;
    await this.#transfer.finishAll(this.#stopping.signal);
  }

  async #look(): Promise<number> {
    const { folder, pollMs } = this.#settings;
    const now = systemClock.steadyNow();
    const names = (await readdir(folder)).filter((name) => !name.startsWith('.') && !name.endsWith('.tmp'));
    this.#lookedBefore = this.#lookedAt;
    this.#lookedAt = now;
    for (const name of this.#seen.keys()) if (!names.includes(name)) this.#seen.delete(name);
    let waitMs = pollMs;
    const found = await inOrderOfTime(folder, names);
    if (found.length < names.length) this.#reportUnnamed(names);
    this.#unread = undefined;
    for (const name of found) {
      if (this.#stopping.signal.aborted) break;
      waitMs = Math.min(waitMs, await this.#consider(name));
    }
    if (this.#unread) throw this.#unread;
    return waitMs;
  }

  /** Deals with one file; answers with how long to wait before it is worth looking at again. */
  async #consider(name: string): Promise<number> {
    const { folder, settleMs, refuseMs, pollMs } = this.#settings;
    const stats = await lstat(join(folder, name), { bigint: true }).catch(() => undefined);
    if (stats === undefined || stats.isDirectory()) return pollMs;
    if (!stats.isFile()) {
      await this.#transfer.refuse(name, 'it is not a regular file');
      return pollMs;
    }
    const look = `${stats.ino} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}`;
    let seen = this.#seen.get(name);
    if (seen?.look !== look) {
      seen = { look, since: performance.now(), notBefore: this.#lookedBefore };
      this.#seen.set(name, seen);
    }
    const ageMs = performance.now() - seen.since;
    if (ageMs < settleMs) return settleMs - ageMs;
    seen.fault ??= await this.#fault(name);
    if (seen.fault === undefined) return pollMs;
    if (seen.fault === '') await this.#send(name, seen.notBefore);
    else if (ageMs < refuseMs) return refuseMs - ageMs;
    else await this.#transfer.refuse(name, seen.fault);
    return pollMs;
  }

  /** Bytes that are no UTF-8 make a name by which no file is found. */
  #reportUnnamed(names: readonly string[]): void {
    for (const name of names.filter((one) => one.includes('\ufffd') && !this.#seen.has(one))) {
      this.#seen.set(name, { look: '', since: 0, notBefore: 0 });
      const text = `error: read folder: ${name}: its name is no UTF-8, so it is not sent: rename it`;
      this.#deps.errorReporter.report(text);
    }
  }

  /** Why the file cannot be read as messages yet; '' when it can, undefined where that may pass: it holds up no others. */
  async #fault(name: string): Promise<string | undefined> {
    const { folder, maxBytes } = this.#settings;
    try {
      await readSubmission(await readPlainFile(join(folder, name), { maxBytes, followsLinks: false }));
      return '';
    } catch (error) {
      if (!isTemporary(error)) return systemFault(error);
      this.#unread ??= new Error(`${name}: ${readFault(error)}`, { cause: error });
      return undefined;
    }
  }

  async #send(name: string, notBefore: number): Promise<void> {
    try {
      await this.#transfer.send(name, notBefore);
    } catch (error) {
      // Taken back by whoever put it there, unless a folder is what is missing.
      if (errorCode(error) !== 'ENOENT' || (await exists(join(this.#settings.folder, name)))) throw error;
    }
  }
}

async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}

/** What was dropped first comes first. */
async function inOrderOfTime(folder: string, names: readonly string[]): Promise<string[]> {
  const found: { name: string; at: bigint }[] = [];
  for (const name of names) {
    const stats = await lstat(join(folder, name), { bigint: true }).catch(() => undefined);
    if (stats !== undefined) found.push({ name, at: stats.mtimeNs });
  }
  return found
    .sort((a, b) => Number(a.at - b.at) || Number(a.name > b.name) - Number(a.name < b.name))
    .map(({ name }) => name);
}
