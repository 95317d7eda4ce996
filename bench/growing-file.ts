import { type FSWatcher, mkdirSync, statSync, watch } from 'node:fs';
import { dirname } from 'node:path';

/** Tells at once when a file has reached a size: for times that polling would blur. */
export class GrowingFile implements Disposable {
  readonly #path: string;
  readonly #watcher: FSWatcher;
  #wanted = 0;
  #reached: (() => void) | undefined;

  constructor(path: string) {
    this.#path = path;
    mkdirSync(dirname(path), { recursive: true });
    this.#watcher = watch(dirname(path), () => this.#look());
  }

  /** Resolves when the file holds this many bytes; one wait at a time. Fails after `timeoutMs`. */
  async reaches(bytes: number, timeoutMs: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      reject(new Error(`${this.#path} has ${this.size()} of ${bytes} bytes after ${timeoutMs} ms`));
    }, timeoutMs);
    this.#wanted = bytes;
    this.#reached = resolve;
    this.#look();
    await promise.finally(() => clearTimeout(timer));
  }

  size(): number {
    return statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0;
  }

  [Symbol.dispose](): void {
    this.#watcher.close();
  }

  #look(): void {
    if (this.#reached === undefined || this.size() < this.#wanted) return;
    this.#reached();
    this.#reached = undefined;
  }
}
