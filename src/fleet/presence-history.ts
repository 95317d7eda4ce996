import type { Presence, PresenceChange } from '../contract/nodes.ts';
import { WEEK_MS } from '../contract/presence-week.ts';
import { type Statement, type Store, statement } from '../store/store.ts';
import { presenceWeek } from './presence-week.ts';

/** How long it is remembered when nodes came and went, ms. */
export const HISTORY_MS = 30 * 86_400_000;
/** What lies further ahead than this was noted by a clock that was wrong, ms. */
const AHEAD_MS = 60_000;
/** As many absences make a usual one. */
const FEWEST = 3;
/** An absence is longer than usual from this many times the median on. */
const TIMES_MEDIAN = 3;

/** How a node stands, and when it was last heard of. */
interface Seen {
  readonly name: string;
  readonly presence: Presence;
  readonly seenAt: number | null;
}

const NOTE = `INSERT INTO presence (name, at, is_here) SELECT ?1, ?2, ?3
  WHERE (SELECT is_here FROM presence WHERE name = ?1 ORDER BY at DESC LIMIT 1) IS NOT ?3
  ON CONFLICT (name, at) DO UPDATE SET is_here = excluded.is_here`;

/** With the one before, which says how it began. */
const READ_SINCE = `SELECT wanted.key AS place, at, is_here FROM json_each(?1) wanted CROSS JOIN presence ON name = wanted.value
  AND at >= coalesce((SELECT max(at) FROM presence WHERE name = wanted.value AND at <= ?2), ?2)`;

/** Remembers for 30 days when nodes came and went. Times are unix ms. */
export class PresenceHistory {
  readonly #store: Pick<Store, 'all'>;
  /** Whether a node was here when that was noted last. */
  readonly #noted = new Map<string, boolean>();
  /** What was asked about and has not changed since. */
  readonly #usual = new Map<string, number | null>();

  constructor(store: Pick<Store, 'all'>) {
    this.#store = store;
  }

  /**
   * The statements that note which nodes came or went since the last time; of a node of which it is not known whether it
   * is here nothing is noted.
   */
  note(nodes: Iterable<Seen>): Statement[] {
    const rows: [string, number, number][] = [];
    for (const { name, presence, seenAt } of nodes) {
      const isHere = presence === 'here';
      if (presence === 'unknown' || seenAt === null || this.#noted.get(name) === isHere) continue;
      this.#noted.set(name, isHere);
      this.#usual.delete(name);
      // An absence begins right after the node was last heard of, which is never before it was noted as here.
      rows.push([name, isHere ? seenAt : seenAt + 1, Number(isHere)]);
    }
    return rows.length === 0 ? [] : [{ sql: NOTE, rows }];
  }

  /** What was noted last could not be written: it is noted anew. */
  unwritten(): void {
    this.#noted.clear();
    this.#usual.clear();
  }

  /** The statements that forget what is older than 30 days, and what lies ahead since the clock was set back. */
  prune(now: number): Statement[] {
    // One for both would read the whole table.
    return [
      statement('DELETE FROM presence WHERE at < ?', now - HISTORY_MS),
      statement('DELETE FROM presence WHERE at > ?', now + AHEAD_MS),
    ];
  }

  /** When a node came and went, in order. */
  of(name: string): PresenceChange[] {
    return this.#store
      .all<{ at: number; is_here: number }>(
        'SELECT at, is_here FROM presence WHERE name = ? ORDER BY at',
        name,
      )
      .map(changeOf);
  }

  /** How each of these nodes was here in the week before `now`, in their order and the form of `contract/presence-week.ts`. */
  weeksOf(names: readonly string[], now: number): string[] {
    const rows = this.#store.all<{ place: number; at: number; is_here: number }>(
      READ_SINCE,
      JSON.stringify(names),
      now - WEEK_MS,
    );
    const rowsOf = Map.groupBy(
      rows.sort((a, b) => a.at - b.at),
      ({ place }) => place,
    );
    return names.map((_, place) => presenceWeek((rowsOf.get(place) ?? []).map(changeOf), now));
  }

  /** An absence of a node that takes longer than this, ms, is no usual one; null where too few are known. */
  readonly usualAwayMs = (name: string): number | null => {
    const known = this.#usual.get(name);
    if (known !== undefined) return known;
    const usual = usualOf(this.of(name));
    this.#usual.set(name, usual);
    return usual;
  };
}

function changeOf({ at, is_here }: { at: number; is_here: number }): PresenceChange {
  return { at, presence: is_here ? 'here' : 'away' };
}

/** Three times the median of the absences that have ended. */
export function usualOf(changes: readonly PresenceChange[]): number | null {
  const absences = changes
    .map(({ at, presence }, index) =>
      presence === 'away' ? (changes[index + 1]?.at ?? Number.NaN) - at : Number.NaN,
    )
    .filter((ms) => !Number.isNaN(ms))
    .sort((a, b) => a - b);
  return absences.length < FEWEST ? null : absences[Math.floor(absences.length / 2)]! * TIMES_MEDIAN;
}
