import { hash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { type Clock, wait } from '../lib/clock.ts';
import { KeyedLock } from '../lib/keyed-lock.ts';
import type { FileSystem } from '../lib/system-files.ts';
import type { RelayedFile } from '../message/relayed-file.ts';
import { describeBytes } from '../methods/copy/copy-progress.ts';
import { CopyError } from '../methods/copy/copy-source.ts';
import { abortedState } from '../methods/method-timeout.ts';

/** How long a file is kept that no copy needs any more, ms. */
const IDLE_MS = 600_000;
/** How often it is looked whether a file has come, or whether there is room for one, ms. */
const LOOK_MS = 500;
const NOTE = 'fetch.json';

interface RelayedFilesDeps {
  /** How much is kept in all, bytes. */
  readonly maxBytes: number;
  readonly clock: Pick<Clock, 'after' | 'steadyNow'>;
  readonly files: FileSystem;
  /** Asks a node for a file; returns the id of the request once that is on disk. */
  fetch(sender: string, file: RelayedFile, place: string): Promise<string>;
  /** How such a request stands; undefined where nothing is known of it. */
  stateOf(
    id: string,
  ): { readonly isOpen: boolean; readonly state: string; readonly reason: string } | undefined;
  cancel(id: string): Promise<void>;
}

interface Kept {
  readonly size: number;
  /** How many copies need it. */
  users: number;
  /** Since when none does, by the steady clock. */
  idleSince: number;
}

interface Call {
  readonly sender: string;
  readonly signal: AbortSignal;
  progress(text: string): void;
}

/**
 * The files that this node relays and that are too large for a message, each in a folder of its own. The first copy that needs one
 * fetches it from its sender, as any file is copied, and those that come meanwhile wait for that. A file stays until no copy has
 * needed it for 10 min, or another one needs its room.
 */
export class RelayedFiles implements Disposable {
  readonly #folder: string;
  readonly #deps: RelayedFilesDeps;
  /** By the names of their folders. */
  readonly #kept: Promise<Map<string, Kept>>;
  readonly #lock = new KeyedLock();
  #cancelLook: (() => void) | undefined;
  #isOver = false;

  constructor(folder: string, deps: RelayedFilesDeps) {
    this.#folder = folder;
    this.#deps = deps;
    this.#kept = this.#read();
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#cancelLook?.();
  }

  /** Where a file is, which stays there until that is disposed. Throws CopyError where it cannot be had, or the signal's reason. */
  async hold(file: RelayedFile, call: Call): Promise<Disposable & { readonly path: string }> {
    const { source, identity, size } = file;
    const state = JSON.stringify([call.sender, source, identity, size]);
    const name = hash('sha256', state, 'hex').slice(0, 32);
    const place = join(this.#folder, name, 'file');
    const entry = await this.#reserve(name, file.size, call);
    const release = () => {
      entry.users--;
      entry.idleSince = this.#deps.clock.steadyNow();
      this.#lookLater();
    };
    try {
      const lock = this.#lock.acquire([name]);
      const unlock = await orAborted(lock, call.signal).catch((error) => {
        void lock.then((free) => free());
        throw error;
      });
      try {
        await this.#fetch(file, place, { ...call, isAlone: () => entry.users === 1 });
      } finally {
        unlock();
      }
    } catch (error) {
      release();
      throw error;
    }
    return { path: place, [Symbol.dispose]: release };
  }

  /** Waits until a file is here, which it asks for unless that was done before. */
  async #fetch(file: RelayedFile, place: string, call: Call & { isAlone(): boolean }): Promise<void> {
    const { sender, signal } = call;
    const noted = await this.#noted(place);
    let id = noted !== undefined && this.#deps.stateOf(noted)?.isOpen ? noted : undefined;
    while (!(await this.#isHere(place, file.size))) {
      if (id === undefined) id = await this.#begin(file, place, sender);
      else this.#checkOpen(id, sender);
      call.progress(`waiting for the file of ${sender}`);
      await wait(this.#deps.clock, LOOK_MS, signal);
      if (!signal.aborted) continue;
      if (abortedState(signal) === 'cancelled' && call.isAlone()) await this.#deps.cancel(id);
      throw signal.reason;
    }
  }

  #checkOpen(id: string, sender: string): void {
    const found = this.#deps.stateOf(id);
    if (!found?.isOpen) throw new CopyError('source', reasonOf(found, sender));
  }

  async #begin(file: RelayedFile, place: string, sender: string): Promise<string> {
    const { files, fetch } = this.#deps;
    const folder = dirname(place);
    await files.rm(folder, { recursive: true, force: true });
    await files.mkdir(folder, { recursive: true, mode: 0o700 });
    const id = await fetch(sender, file, place);
    files.writeFileSync(join(folder, NOTE), JSON.stringify({ id, size: file.size }), { mode: 0o600 });
    return id;
  }

  /** Takes room for a file where it has none, and waits until there is: what other copies need is not removed. */
  async #reserve(name: string, size: number, { signal, progress }: Call): Promise<Kept> {
    const { maxBytes, clock } = this.#deps;
    const kept = await this.#kept;
    for (;;) {
      let total = size;
      for (const entry of kept.values()) total += entry.size;
      const entry = kept.get(name) ?? (total <= maxBytes ? { size, users: 0, idleSince: 0 } : undefined);
      if (entry) {
        kept.set(name, entry);
        entry.users++;
        return entry;
      }
      const idle = [...kept].filter(([, { users }]) => users === 0);
      const [oldest] = idle.sort(([, a], [, b]) => a.idleSince - b.idleSince);
      if (oldest !== undefined) await this.#remove(kept, oldest[0]);
      else {
        const most = describeBytes(maxBytes);
        progress(`waiting for room: files that are relayed may take ${most} here (relayKeepMB)`);
        await wait(clock, LOOK_MS, signal);
        signal.throwIfAborted();
      }
    }
  }

  async #isHere(place: string, size: number): Promise<boolean> {
    return await this.#deps.files.stat(place).then(
      (found) => found.size === size,
      () => false,
    );
  }

  /** The request that a file was asked for with. */
  async #noted(place: string): Promise<string | undefined> {
    return (await this.#noteIn(dirname(place)))?.id;
  }

  async #noteIn(folder: string): Promise<{ readonly id: string; readonly size: number } | undefined> {
    try {
      const { id, size } = JSON.parse(await this.#deps.files.readFile(join(folder, NOTE), 'utf8'));
      return typeof id === 'string' && typeof size === 'number' ? { id, size } : undefined;
    } catch {
      return undefined;
    }
  }

  async #read(): Promise<Map<string, Kept>> {
    const kept = new Map<string, Kept>();
    const idleSince = this.#deps.clock.steadyNow();
    for (const name of await this.#deps.files.readdir(this.#folder).catch(() => [])) {
      const note = await this.#noteIn(join(this.#folder, name));
      if (note) kept.set(name, { size: note.size, users: 0, idleSince });
      else await this.#deps.files.rm(join(this.#folder, name), { recursive: true, force: true });
    }
    if (kept.size > 0) this.#lookLater();
    return kept;
  }

  /** Removes what no copy needs, once it was not needed for a while. */
  #lookLater(): void {
    if (this.#isOver) return;
    const { clock } = this.#deps;
    this.#cancelLook ??= clock.after(IDLE_MS, async () => {
      this.#cancelLook = undefined;
      const kept = await this.#kept;
      const before = clock.steadyNow() - IDLE_MS;
      for (const [name, { users, idleSince }] of kept)
        if (users === 0 && idleSince <= before) await this.#remove(kept, name).catch(() => {});
      if ([...kept.values()].some(({ users }) => users === 0)) this.#lookLater();
    });
  }

  async #remove(kept: Map<string, Kept>, name: string): Promise<void> {
    kept.delete(name);
    const unlock = await this.#lock.acquire([name]);
    try {
      if (!kept.has(name))
        await this.#deps.files.rm(join(this.#folder, name), { recursive: true, force: true });
    } finally {
      unlock();
    }
  }
}

function reasonOf(
  found: { readonly state: string; readonly reason: string } | undefined,
  sender: string,
): string {
  if (found === undefined || found.state === 'succeeded')
    return `the file of ${sender} came and is gone again`;
  return `the file of ${sender} did not come: ${found.reason || found.state}`;
}

/** Settles as the promise does, or rejects with the reason of the signal once that is aborted. */
async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
