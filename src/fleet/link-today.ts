import { dayOf } from '../lib/time-words.ts';
import { PRIORITIES } from '../message/priority.ts';
import type { KeptTime } from '../store/kept-clock.ts';
import { readMeta, saveMeta } from '../store/meta.ts';
import type { Statement } from '../store/statement.ts';
import type { Store } from '../store/store.ts';

/** What went over this node's link on a day. */
export interface LinkDay {
  /** As the machine's zone has it: `2026-03-01`. */
  readonly day: string;
  /** Over the connection to the broker, bytes. */
  readonly inBytes: number;
  readonly outBytes: number;
  /** Payload of messages, for each of PRIORITIES, bytes. */
  readonly sentBytes: readonly number[];
}

type Totals = Omit<LinkDay, 'day'>;

interface LinkTodayDeps {
  readonly store: Pick<Store, 'get'>;
  readonly kept: Pick<KeptTime, 'now'>;
  /** What went since the process started. */
  totals(): Totals;
}

const META_KEY = 'link_day';

/** Counts by days of the kept clock what goes over the link: a step of the machine's clock begins no day. */
export class LinkToday {
  readonly #deps: LinkTodayDeps;
  #counted: Totals = { inBytes: 0, outBytes: 0, sentBytes: PRIORITIES.map(() => 0) };
  #today: LinkDay;

  constructor(deps: LinkTodayDeps) {
    this.#deps = deps;
    this.#today = savedDay(deps.store) ?? emptyDay(this.#day);
  }

  /** Adds what went since the last look to the day that it is now. */
  look(): LinkDay {
    const before = this.#today.day === this.#day ? this.#today : emptyDay(this.#day);
    const { inBytes, outBytes, sentBytes } = this.#deps.totals();
    const counted = this.#counted;
    this.#counted = { inBytes, outBytes, sentBytes: [...sentBytes] };
    this.#today = {
      day: before.day,
      inBytes: before.inBytes + inBytes - counted.inBytes,
      outBytes: before.outBytes + outBytes - counted.outBytes,
      sentBytes: before.sentBytes.map((bytes, at) => bytes + sentBytes[at]! - counted.sentBytes[at]!),
    };
    return this.#today;
  }

  /** Statements that keep the count over a restart, to commit with others. */
  statements(): Statement[] {
    return [saveMeta(META_KEY, JSON.stringify(this.look()))];
  }

  get #day(): string {
    return dayOf(new Date(this.#deps.kept.now()));
  }
}

function emptyDay(day: string): LinkDay {
  return { day, inBytes: 0, outBytes: 0, sentBytes: PRIORITIES.map(() => 0) };
}

function savedDay(store: Pick<Store, 'get'>): LinkDay | undefined {
  const saved = readMeta(store, META_KEY);
  return saved === undefined ? undefined : (JSON.parse(saved) as LinkDay);
}
