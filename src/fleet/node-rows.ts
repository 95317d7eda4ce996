import type { Logger } from '../observe/logger.ts';
import { type Statement, type Store, statement } from '../store/store.ts';

/** How much of hellos may wait to be written, characters. */
const MOST_WAITING = 2 * 1024 * 1024;
/** What a row is taken for besides what its hello said, characters. */
const ROW_LENGTH = 1000;

/** Statement that enters a node that said hello into the node list. */
function helloStatement(name: string, at: number, about: string | undefined): Statement {
  const sql = `INSERT INTO nodes (name, last_seen, info, told_at) VALUES (?1, ?2, ?3, ?2)
    ON CONFLICT (name) DO UPDATE SET
      last_seen = excluded.last_seen, info = excluded.info, told_at = excluded.told_at`;
  return statement(sql, name, at, about ?? null);
}

/** Statement that notes when nodes were heard of. */
export function seenStatement(
  seen: readonly { readonly name: string; readonly lastSeen: number }[],
): Statement {
  const sql = `INSERT INTO nodes (name, last_seen) VALUES (?, ?)
    ON CONFLICT (name) DO UPDATE SET last_seen = max(last_seen, excluded.last_seen)`;
  return { sql, rows: seen.map(({ name, lastSeen }) => [name, lastSeen]) };
}

/** What one node said of itself, as JSON, and when, unix ms. */
export interface SaidHello {
  readonly name: string;
  readonly at: number;
  readonly about: string | undefined;
}

/** Writes down which nodes said hello. Made-up nodes may say it faster than a disk takes that. */
export class HelloRows {
  readonly #deps: { readonly store: Pick<Store, 'write'>; readonly logger: Pick<Logger, 'warn'> };
  #waiting = 0;

  constructor(deps: { readonly store: Pick<Store, 'write'>; readonly logger: Pick<Logger, 'warn'> }) {
    this.#deps = deps;
  }

  /** Writes a hello down, with further statements; false where too much waits already, and then it does not. */
  note({ name, at, about }: SaidHello, more: readonly Statement[]): boolean {
    if (this.#waiting >= MOST_WAITING) return false;
    const length = ROW_LENGTH + (about?.length ?? 0);
    this.#waiting += length;
    this.#deps.store
      .write([helloStatement(name, at, about), ...more])
      .catch((error) => this.#deps.logger.warn({ err: error }, 'the node list could not be written'))
      .finally(() => {
        this.#waiting -= length;
      });
    return true;
  }
}
