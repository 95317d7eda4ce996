import { zstdCompressSync } from 'node:zlib';
import { SHIPPED_TEXT } from './shipped-text.ts';

/** The word for reading bundles that are compressed with what came before them in their lane, behind this version of SHIPPED_TEXT. */
export const DICTIONARY = 'dict1';

/** How much of a lane is kept for that, and of all lanes together; bytes. */
const [LANE_BYTES, MOST_BYTES] = [64 * 1024, 6 * 1024 * 1024];
/** What a lane takes besides, and a bundle in it; bytes. */
const [LANE_COST, BUNDLE_COST] = [400, 16];
/** After so long a target may have let go of it, or have been started anew, ms. */
const KEPT_MS = 300_000;
/** For how many bundles at most a lane goes without whose target keeps lacking what went before, and behind how many good ones that is forgotten. */
const [MOST_SKIPPED, GOOD_BUNDLES] = [64, 16];

/** Whether the engine has dictionaries for zstd: a Node.js before 24.6 ignores them. */
export const HAS_DICTIONARIES = hasDictionaries();

/** What a bundle is compressed with: SHIPPED_TEXT, and what came before it. */
export function dictionaryOf(before: Uint8Array): Uint8Array {
  return Buffer.concat([SHIPPED_TEXT, before]);
}

/** Names what a bundle was compressed with: the last `count` bundles of the lane before it, the first of which has the place `from`. */
export interface Base {
  readonly from: number;
  readonly count: number;
}

/** What a bundle is compressed with besides SHIPPED_TEXT, and how that is named. */
interface Based {
  readonly base: Base | 'none';
  readonly before: Uint8Array;
}

const NOTHING: Based = { base: 'none', before: new Uint8Array(0) };

interface Kept {
  /** Bundles as they were before they were compressed, one behind the other, and the place and the end of each. */
  readonly bytes: Uint8Array;
  readonly bundles: readonly { readonly seq: number; readonly end: number }[];
}

/** Bundles that came in some lanes of late, as they were before they were compressed; those of lanes unused longest give way. */
export class Dictionaries {
  readonly #lanes = new Map<string, Kept>();
  #bytes = 0;

  /** How much memory it takes, bytes. */
  get size(): number {
    return this.#bytes;
  }

  /** Notes a bundle; what was noted from its place on came in another form, or never arrived. */
  add(lane: string, seq: number, bundle: Uint8Array): void {
    const { bytes, bundles } = this.#before(lane, seq);
    this.forget(lane);
    if (bundle.length > LANE_BYTES) return;
    const over = bytes.length + bundle.length - LANE_BYTES;
    const first = over > 0 ? bundles.findIndex(({ end }) => end >= over) + 1 : 0;
    const start = startOf(bundles, first);
    const left = bundles.slice(first).map((each) => ({ seq: each.seq, end: each.end - start }));
    const end = bytes.length - start + bundle.length;
    const kept = { bytes: new Uint8Array(end), bundles: [...left, { seq, end }] };
    kept.bytes.set(bytes.subarray(start));
    kept.bytes.set(bundle, end - bundle.length);
    this.#lanes.set(lane, kept);
    this.#bytes += costOf(lane, kept);
    for (const longest of this.#lanes.keys()) {
      if (this.#bytes <= MOST_BYTES) break;
      this.forget(longest);
    }
  }

  /** All that was noted before a place, and how it is named; undefined where that is nothing. */
  baseFor(lane: string, seq: number): Based | undefined {
    const { bytes, bundles } = this.#before(lane, seq);
    const [first] = bundles;
    return first && { base: { from: first.seq, count: bundles.length }, before: bytes };
  }

  /** What a bundle with this place names; undefined where not all of it is here. */
  find(lane: string, seq: number, { from, count }: Base): Uint8Array | undefined {
    const { bytes, bundles } = this.#before(lane, seq);
    const first = bundles.length - count;
    if (count < 1 || bundles[first]?.seq !== from) return undefined;
    return bytes.subarray(startOf(bundles, first));
  }

  forget(lane: string): void {
    const kept = this.#lanes.get(lane);
    if (!kept) return;
    this.#bytes -= costOf(lane, kept);
    this.#lanes.delete(lane);
  }

  #before(lane: string, seq: number): Kept {
    const { bytes, bundles } = this.#lanes.get(lane) ?? { bytes: new Uint8Array(0), bundles: [] };
    const before = bundles.at(-1)?.seq ?? 0;
    const earlier = before < seq ? bundles : bundles.filter((each) => each.seq < seq);
    return { bytes: bytes.subarray(0, earlier.at(-1)?.end ?? 0), bundles: earlier };
  }
}

interface Pace {
  usedAt: number;
  /** How many bundles go without yet, how many go without when the next is lacked, and how many went well since. */
  left: number;
  skip: number;
  good: number;
}

/** What a node sent in its lanes of late: it chooses with what the next bundle is compressed. */
export class SentDictionaries {
  readonly #sent = new Dictionaries();
  readonly #paces = new Map<string, Pace>();
  readonly #now: () => number;

  /** `now`: ms on a steady clock. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * With what a bundle is to be compressed; undefined where it is to be read without anything, and is not kept. `isLacked`: its target
   * said that it has not what this one was compressed with.
   */
  baseFor(lane: string, seq: number, isLacked: boolean): Based | undefined {
    const now = this.#now();
    const pace = this.#paces.get(lane) ?? { usedAt: now, left: 0, skip: 0, good: 0 };
    if (isLacked) lack(pace);
    if (isLacked || now - pace.usedAt > KEPT_MS) this.#sent.forget(lane);
    pace.usedAt = now;
    this.#paces.delete(lane);
    this.#paces.set(lane, pace);
    if (this.#paces.size > MOST_PACES) this.#paces.delete(this.#paces.keys().next().value!);
    if (pace.left > 0) {
      pace.left--;
      this.#sent.forget(lane);
      return undefined;
    }
    if (++pace.good > GOOD_BUNDLES) pace.skip = 0;
    return this.#sent.baseFor(lane, seq) ?? NOTHING;
  }

  /** Notes what went out. */
  add(lane: string, seq: number, bundle: Uint8Array): void {
    this.#sent.add(lane, seq, bundle);
  }
}

/** Of how many lanes it is known how they fared. */
const MOST_PACES = 2000;

function lack(pace: Pace): void {
  pace.left = pace.skip;
  pace.skip = Math.min(MOST_SKIPPED, pace.skip * 2 + 1);
  pace.good = 0;
}

/** Writes a base behind the place of a bundle. */
export function formatBase(base: Base | 'none'): string {
  return base === 'none' ? ' 0' : ` ${base.from}*${base.count}`;
}

/** Reads the header of a bundle: its place, and its base where it has one, or is to be kept for others; undefined where it is malformed. */
export function parseBased(
  header: string,
): { readonly place: string; readonly base: Base | 'none' | undefined } | undefined {
  const [, place, base, from, count] = /^(\S+)(?: (0|(\d{1,10})\*(\d{1,5})))?$/.exec(header) ?? [];
  if (place === undefined) return undefined;
  if (base === undefined) return { place, base };
  return { place, base: base === '0' ? 'none' : { from: Number(from), count: Number(count) } };
}

function startOf(bundles: Kept['bundles'], index: number): number {
  return bundles[index - 1]?.end ?? 0;
}

function costOf(lane: string, { bytes, bundles }: Kept): number {
  return LANE_COST + 2 * lane.length + bytes.length + bundles.length * BUNDLE_COST;
}

function hasDictionaries(): boolean {
  const text = Buffer.from('what came before in this lane');
  const [plain, based] = [undefined, text].map((dictionary) => zstdCompressSync(text, { dictionary }).length);
  return based! < plain!;
}
