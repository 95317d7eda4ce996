import type { Clock } from '../lib/clock.ts';
import { type Statement, type Store, statement } from '../store/store.ts';

/** What a node asked for in vain. */
export interface Refused {
  /** The sender as it is proved, or ''. */
  readonly sender: string;
  /** The sender as the message has it. */
  readonly claimed: string;
  readonly method: string;
  readonly reason: string;
}

/** What was refused of one kind, or would have been, within the time that is asked about. */
export interface RefusalCount extends Refused {
  readonly count: number;
  /** Unix ms. */
  readonly lastAt: number;
}

interface RefusalsDeps {
  readonly store: Pick<Store, 'all' | 'write' | 'query'>;
  readonly clock: Clock;
  readonly logger: { warn(fields: object, text: string): void };
}

interface Counted {
  readonly refused: Refused;
  count: number;
  lastAt: number;
}

const DAY_MS = 86_400_000;
const SAVE_MS = 5000;
const KEEP_DAYS = 30;
/** More kinds than this in one day, and of one proved sender, are counted together, however many names somebody makes up. */
const [MOST_KINDS, MOST_OF_SENDER] = [500, 100];
const MAX_REASON = 300;

/** Counts what a closed node refuses, or an open one would if it were closed, by sender, method and reason. */
export class Refusals implements AsyncDisposable {
  readonly #deps: RefusalsDeps;
  readonly #unsaved = new Map<string, Counted>();
  /** The kinds of today, by their senders. */
  readonly #seen = new Map<string, Set<string>>();
  #seenCount = 0;
  readonly #proved = new Set<string>();
  /** The nodes that ever proved who they are. */
  readonly provers: ReadonlySet<string> = this.#proved;
  #cancelSave: (() => void) | undefined;
  #isClosed = false;
  #day = 0;

  constructor(deps: RefusalsDeps) {
    this.#deps = deps;
    for (const { name } of deps.store.all<{ name: string }>('SELECT name FROM proofs'))
      this.#proved.add(name);
  }

  /** Counts one; answers whether it is the first of its kind today. */
  note(given: Refused): boolean {
    const at = this.#deps.clock.wallNow();
    this.#turnDay(at);
    const kind = kindOf(given);
    const ofSender = this.#seen.get(given.sender) ?? new Set();
    const isFirst = !ofSender.has(kind);
    const isMuch = given.sender !== '' && ofSender.size >= MOST_OF_SENDER;
    const isTooMany = isFirst && (isMuch || this.#seenCount >= MOST_KINDS);
    const refused = isTooMany ? { ...given, claimed: '', reason: 'many other kinds' } : cut(given);
    if (isFirst && !isTooMany) {
      this.#seen.set(given.sender, ofSender.add(kind));
      this.#seenCount++;
    }
    const key = kindOf(refused);
    const known = this.#unsaved.get(key) ?? { refused, count: 0, lastAt: at };
    this.#unsaved.set(key, known);
    known.count++;
    known.lastAt = at;
    this.#saveLater();
    return isFirst && !isTooMany;
  }

  /** A node proved who it is. */
  proved(node: string): void {
    if (this.#proved.has(node)) return;
    this.#proved.add(node);
    const sql = 'INSERT OR REPLACE INTO proofs (name, at) VALUES (?, ?)';
    // What is not written down is proved again after the next start.
    this.#deps.store.write([statement(sql, node, this.#deps.clock.wallNow())]).catch(() => {});
  }

  /** Forgets that a node proved who it is. */
  async forget(node: string): Promise<void> {
    if (this.#proved.delete(node))
      await this.#deps.store.write([statement('DELETE FROM proofs WHERE name = ?', node)]);
  }

  /** What was counted in the last days, the most frequent first. */
  async list(days: number): Promise<RefusalCount[]> {
    await this.save();
    const since = Math.floor(this.#deps.clock.wallNow() / DAY_MS) - days;
    return await this.#deps.store.query<RefusalCount>(
      `SELECT sender, claimed, method, reason, sum(count) AS count, max(last_at) AS lastAt FROM refusals
       WHERE day > ? GROUP BY sender, claimed, method, reason ORDER BY count DESC LIMIT 1000`,
      since,
    );
  }

  /** Writes down what was counted. */
  async save(): Promise<void> {
    this.#cancelSave?.();
    this.#cancelSave = undefined;
    if (this.#unsaved.size === 0) return;
    const day = Math.floor(this.#deps.clock.wallNow() / DAY_MS);
    const rows = [...this.#unsaved.values()];
    this.#unsaved.clear();
    await this.#deps.store
      .write([
        ...rows.map((row) => counted(day, row)),
        statement('DELETE FROM refusals WHERE day < ?', day - KEEP_DAYS),
      ])
      .catch((error) => {
        this.#deps.logger.warn({ err: error }, 'what was refused could not be written down');
        for (const row of rows) this.#addBack(row);
        this.#saveLater();
      });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.save();
  }

  #addBack(row: Counted): void {
    const newer = this.#unsaved.get(kindOf(row.refused));
    if (newer) newer.count += row.count;
    else this.#unsaved.set(kindOf(row.refused), row);
  }

  #saveLater(): void {
    if (!this.#isClosed) this.#cancelSave ??= this.#deps.clock.after(SAVE_MS, () => void this.save());
  }

  #turnDay(at: number): void {
    const day = Math.floor(at / DAY_MS);
    if (day === this.#day) return;
    this.#day = day;
    this.#seen.clear();
    this.#seenCount = 0;
  }
}

function counted(day: number, row: Counted): Statement {
  const { sender, claimed, method, reason } = row.refused;
  return statement(
    `INSERT INTO refusals (day, sender, claimed, method, reason, count, last_at) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET count = count + excluded.count, last_at = max(last_at, excluded.last_at)`,
    ...[day, sender, claimed, method, reason, row.count, row.lastAt],
  );
}

function cut({ sender, claimed, method, reason }: Refused): Refused {
  return { sender, claimed: claimed.slice(0, 128), method, reason: reason.slice(0, MAX_REASON) };
}

function kindOf({ sender, claimed, method, reason }: Refused): string {
  return JSON.stringify([sender, claimed, method, reason.slice(0, MAX_REASON)]);
}
