import { writeFileSync } from 'node:fs';
import { readPlainFileSync } from '../lib/plain-file.ts';

/** Smaller messages, by what they become, end no node but by a fault of its own, bytes. */
export const LARGE_BYTES = 1024 * 1024;
/** Ends of the node in the same message after which it is set aside. */
const MAX_DEATHS = 2;
/** Deaths that are remembered. */
const MOST_DEATHS = 1000;

interface Noted {
  /** The ids of messages that the node has in hand: of large ones, or of all where an unexpected error ends it. */
  readonly held: string[];
  /** By the id of a message: how often the node ended while it had it in hand. */
  readonly deaths: Record<string, number>;
}

/**
 * Remembers which messages a node had in hand when it ended: one that ends it at every start, as it needs more memory than
 * there is or meets a fault of the program, is set aside after two such ends. Small ones are noted only where an unexpected error
 * ends the node: whoever kills it has nothing against them. The note is a file that is not forced to the disk, as what it has
 * to outlive is the process alone.
 */
export class Perils implements Disposable {
  readonly #path: string;
  /** Whether they are large, by id. */
  readonly #held = new Map<string, boolean>();
  readonly #deaths = new Map<string, number>();
  /** The messages that the node ended with in hand: each is taken in hand alone, so that no other is blamed. */
  readonly suspects: ReadonlyMap<string, number> = this.#deaths;
  #isCrashed = false;
  /** Whether it is written down what was in hand then; nothing after that counts. */
  #isNoted = false;

  /** Counts what the file at `path` says that an earlier life of the node had in hand. */
  constructor(path: string) {
    this.#path = path;
    const { held, deaths } = read(path);
    for (const [id, count] of Object.entries(deaths)) this.#deaths.set(id, count);
    for (const id of held) this.#deaths.set(id, (this.#deaths.get(id) ?? 0) + 1);
    if (held.length > 0) this.#write();
  }

  /** Why a message is not to be touched any more, or undefined; `bytes` is its size as it travels. */
  faultOf(id: string, bytes: number): string | undefined {
    if ((this.#deaths.get(id) ?? 0) < MAX_DEATHS) return undefined;
    const size =
      bytes < LARGE_BYTES ? `${Math.ceil(bytes / 1024)} kB` : `${Math.ceil(bytes / LARGE_BYTES)} MB`;
    return `set aside: this node ended ${MAX_DEATHS} times while it had this message of ${size} in hand; see why in its log, give it more memory, or set its maxMessageMB lower and send smaller ones`;
  }

  /** The node takes a message in hand that becomes this large, until `release`, which comes back too. */
  hold(id: string, bytes: number): () => void {
    if (id !== '') {
      const isLarge = bytes >= LARGE_BYTES;
      this.#held.set(id, isLarge);
      if (isLarge) this.#write();
    }
    return () => this.release(id);
  }

  /** The node is through with a message. */
  release(id: string): void {
    const isLarge = this.#held.get(id);
    if (isLarge === undefined) return;
    this.#held.delete(id);
    if (this.#deaths.delete(id) || isLarge) this.#write();
  }

  /** The node lays a message down that it is not through with. */
  layDown(id: string): void {
    if (this.#held.get(id) !== true) return void this.#held.delete(id);
    this.#held.delete(id);
    this.#write();
  }

  /** An unexpected error ends the node: what it has in hand counts. */
  crashed(): void {
    this.#isCrashed = true;
    this.#write();
  }

  /** An end that was meant is no sign of anything. */
  [Symbol.dispose](): void {
    const isNoted = [...this.#held.values()].includes(true);
    this.#held.clear();
    if (isNoted) this.#write();
  }

  #write(): void {
    if (this.#isCrashed && this.#isNoted) return;
    const held = [...this.#held].filter(([, isLarge]) => isLarge || this.#isCrashed).map(([id]) => id);
    const deaths = [...this.#deaths].slice(-MOST_DEATHS);
    const noted: Noted = { held, deaths: Object.fromEntries(deaths) };
    this.#isNoted = this.#isCrashed;
    try {
      writeFileSync(this.#path, JSON.stringify(noted), { mode: 0o600 });
    } catch {
      // Without the note such a message is tried again at each start.
    }
  }
}

function read(path: string): Noted {
  try {
    const { held = [], deaths = {} } = JSON.parse(readPlainFileSync(path).toString()) as Partial<Noted>;
    return { held, deaths };
  } catch {
    return { held: [], deaths: {} };
  }
}
