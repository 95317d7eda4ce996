import type { Went } from '../bus/traffic.ts';
import type { Clock } from '../lib/clock.ts';
import { dayOf } from '../lib/time-words.ts';
import { PRIORITIES } from '../message/priority.ts';
import { type Statement, type Store, statement } from '../store/store.ts';

/** What went over a node's link on a day. */
export interface LinkDay {
  /** As the node's zone has it: `2026-03-01`. */
  readonly day: string;
  /** Over its connection to the broker, bytes. */
  readonly inBytes: number;
  readonly outBytes: number;
  /** Payload of messages, for each of PRIORITIES, bytes; null of a node that told only the sums. */
  readonly sentBytes: readonly number[] | null;
}

/** What a node tells of its link in a hello: the day, bytes in and out on it, and those of the day before. */
export type ToldDays = readonly [day: string, inBytes: number, outBytes: number, ...before: number[]];

/** The same, with the payload of messages for each of PRIORITIES. */
type Totals = Pick<Went, 'inBytes' | 'outBytes'> & { readonly sentBytes: readonly number[] };

interface LinkDaysDeps {
  readonly store: Pick<Store, 'get' | 'all'>;
  readonly clock: Pick<Clock, 'wallNow'>;
  /** What went since the process started. */
  totals(): Totals;
}

/** How many days are kept. */
export const LINK_DAYS = 31;
const DAY_MS = 86_400_000;
/** A node's day may be another one than here: it may be anywhere. */
const APART_DAYS = 2;
const APART_MS = APART_DAYS * DAY_MS;
const NOTHING: Totals = { inBytes: 0, outBytes: 0, sentBytes: PRIORITIES.map(() => 0) };

const SAVE = `INSERT OR REPLACE INTO link_days (day, node, in_bytes, out_bytes, sent) VALUES (?, ?, ?, ?, ?)`;
const READ =
  'SELECT day, in_bytes AS inBytes, out_bytes AS outBytes, sent FROM link_days WHERE node = ? AND day = ?';

/** Counts what goes over the link by days, and keeps that for a month, with what other nodes tell of theirs. */
export class LinkDays {
  readonly #node: string;
  readonly #deps: LinkDaysDeps;
  #counted = NOTHING;
  #today: LinkDay & Totals;
  /** Days that are over and not written down. */
  #over: LinkDay[] = [];

  constructor(node: string, deps: LinkDaysDeps) {
    this.#node = node;
    this.#deps = deps;
    this.#today = this.#begun(this.#day);
  }

  /** Adds what went since the last look to the day that it is now. */
  look(): LinkDay & Totals {
    if (this.#today.day !== this.#day) {
      this.#over.push(this.#today);
      this.#today = this.#begun(this.#day);
    }
    const totals = this.#deps.totals();
    const { inBytes, outBytes, sentBytes } = this.#counted;
    this.#counted = { ...totals, sentBytes: [...totals.sentBytes] };
    this.#today = {
      day: this.#today.day,
      inBytes: this.#today.inBytes + totals.inBytes - inBytes,
      outBytes: this.#today.outBytes + totals.outBytes - outBytes,
      sentBytes: this.#today.sentBytes.map((bytes, at) => bytes + totals.sentBytes[at]! - sentBytes[at]!),
    };
    return this.#today;
  }

  /** Statements that keep the count over a restart, to commit with others; days that are over leave room for new ones. */
  statements(): Statement[] {
    const today = this.look();
    const over = this.#over;
    this.#over = [];
    const rows = [...over, today].map(this.#row);
    return [...over.flatMap(({ day }) => pruning(day, today.day)), { sql: SAVE, rows }];
  }

  /** The last days of a node, this one's or one that told of its own, the oldest first; days of which nothing is known are left out. */
  of(node: string, count: number): LinkDay[] {
    const isOwn = node === this.#node;
    const today = isOwn ? this.look() : undefined;
    const ahead = isOwn ? 0 : APART_DAYS;
    const labels = Array.from({ length: count + ahead }, (_, ago) =>
      dayBefore(this.#deps.clock.wallNow(), ago - ahead),
    );
    const over = new Map(this.#over.map((day) => [day.day, day]));
    return labels
      .reverse()
      .flatMap((day) => (day === today?.day ? [today] : (over.get(day) ?? this.#read(node, day) ?? [])));
  }

  /** What this node tells others of its link. */
  told(): ToldDays {
    const { day, inBytes, outBytes } = this.look();
    const before = this.of(this.#node, 2).find((each) => each.day !== day);
    return [day, inBytes, outBytes, ...(before ? [before.inBytes, before.outBytes] : [])];
  }

  /** Statements that note what another node told of its link; none for days that cannot be now. */
  heard(node: string, told: ToldDays | null): Statement[] {
    if (told === null || node === this.#node) return [];
    const [day, inBytes, outBytes, ...before] = told;
    const at = Date.parse(day);
    if (!(Math.abs(at - this.#deps.clock.wallNow()) <= APART_MS)) return [];
    const rows = [[day, node, inBytes, outBytes, null]];
    const [inBefore, outBefore] = before;
    if (outBefore !== undefined)
      rows.push([new Date(at - DAY_MS).toISOString().slice(0, 10), node, inBefore!, outBefore, null]);
    return [{ sql: SAVE, rows }];
  }

  /** Statement that forgets what a node told. */
  forgotten(node: string): Statement {
    return statement('DELETE FROM link_days WHERE node = ?', node);
  }

  get #day(): string {
    return dayOf(new Date(this.#deps.clock.wallNow()));
  }

  /** A day as it was left: it is not begun again where the clock was set back to it. */
  #begun(day: string): LinkDay & Totals {
    const over = this.#over.find((each) => each.day === day) ?? this.#read(this.#node, day);
    return { ...NOTHING, day, ...over, sentBytes: over?.sentBytes ?? NOTHING.sentBytes };
  }

  #read(node: string, day: string): LinkDay | undefined {
    const row = this.#deps.store.get<Omit<LinkDay, 'sentBytes'> & { sent: string | null }>(READ, node, day);
    if (row === undefined) return undefined;
    const { sent, ...rest } = row;
    return { ...rest, sentBytes: sent === null ? null : (JSON.parse(sent) as number[]) };
  }

  readonly #row = ({ day, inBytes, outBytes, sentBytes }: LinkDay): (string | number | null)[] => {
    return [day, this.#node, inBytes, outBytes, sentBytes && JSON.stringify(sentBytes)];
  };
}

/** Forgets what is too old or lies ahead, where the clock went on by itself: one that was set far would forget all. */
function pruning(before: string, today: string): Statement[] {
  const gapMs = Date.parse(today) - Date.parse(before);
  if (gapMs <= 0 || gapMs > LINK_DAYS * DAY_MS) return [];
  const dayAt = (ms: number) => new Date(Date.parse(today) + ms).toISOString().slice(0, 10);
  return [
    statement('DELETE FROM link_days WHERE day < ?', dayAt(-LINK_DAYS * DAY_MS)),
    statement('DELETE FROM link_days WHERE day > ?', dayAt(APART_MS)),
  ];
}

/** The day that was a number of days ago. */
function dayBefore(now: number, ago: number): string {
  const time = new Date(now);
  return dayOf(new Date(time.getFullYear(), time.getMonth(), time.getDate() - ago));
}
