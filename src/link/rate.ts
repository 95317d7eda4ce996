/** What is known of how fast bytes get through; times are ms on a steady clock. Nothing of it is changed in place. */
export interface RateState {
  /** Measured rates that still count, the oldest first, which is the highest; bytes per ms. */
  readonly samples: readonly Sample[];
  /** Whether the link was ever full: until then the rates are the sender's own, and the link may do more. */
  readonly wasFull: boolean;
  /** The last round trip, ms; undefined until one was measured. */
  readonly lastRttMs: number | undefined;
  /** The shortest of late with nothing else on the way, ms, the bytes that went then, the highest rate since, and when it was. */
  readonly alone: {
    readonly rttMs: number;
    readonly bytes: number;
    readonly bytesPerMs: number;
    readonly at: number;
  };
  /** The rate in bytes per ms; undefined until one was measured. */
  readonly bytesPerMs: number | undefined;
  /** What a round trip takes of itself, ms; what the link needs for the bytes is no part of that. */
  readonly wayMs: number;
  /** How much longer an answer may take as it waits for what comes the other way, ms. */
  readonly backMs: number;
  /** How fast is sent while answers wait so, bytes per ms; undefined where they do not, and tell themselves when more may go. */
  readonly pacePerMs: number | undefined;
  /** How much may be on its way, bytes. */
  readonly windowBytes: number;
  /** How large a part of a message is to be, bytes. */
  readonly partBytes: number;
  /** Whether a way is so thin that what goes there is to be made small: at once, or where its answers take so long that nobody notices. */
  readonly isThin: boolean;
  /** Whether it is thin by how long its answers take alone: they may wait for what a busy node does, and not for the way. */
  readonly isModest: boolean;
}

interface Sample {
  readonly at: number;
  readonly bytesPerMs: number;
}

/** Some bytes were sent, and it is known now that they arrived. */
export interface Delivery {
  readonly at: number;
  readonly sentAt: number;
  /** What arrived from the last arrival before they were sent until now, themselves included, and in which time. */
  readonly deliveredBytes: number;
  readonly deliveredMs: number;
  /** What arrived just now, bytes, and how long nothing else had. */
  readonly arrivedBytes: number;
  readonly arrivedMs: number;
  /** How many bytes these were, and whether nothing else was on its way. */
  readonly bytes: number;
  readonly wasAlone: boolean;
  /** Whether they had to wait for room: else the rate was the sender's own, and the link may do more. */
  readonly wasFull: boolean;
  /** How busy the other way was meanwhile, from 0 to 1. */
  readonly busyBack: number;
}

/** How long a measured rate counts, ms, and in round trips. */
const KEPT_MS = 10_000;
const KEPT_ROUND_TRIPS = 8;
/**
 * In one of four spells more is out, this many times the usual; a spell takes two round trips, or this many ms. Where answers take longer
 * than the way, as those of a busy node, a window for the way alone would show less of a link than it does, and then become smaller still.
 */
const [MORE, SPELLS, SPELL_MS] = [1.25, 4, 500];
/**
 * Where both ways are full an answer waits for what comes the other way, and nobody can tell that from what waits on this one. Half of it is
 * taken for that, as the other end does the same: else one of them would leave the link to the other. So much at most, ms; of what is new a share.
 */
const [BACK_SHARE, MOST_BACK_MS, NEW_BACK_SHARE] = [1 / 2, 1500, 1 / 4];
/** What is sent meanwhile in each spell, as a share of the rate, and where that grew by so much since the last answer. */
const [PACES, GREW, GROWING_PACE] = [[1.25, 0.8, 1, 1], 1.1, 2];
/** Where what arrives comes at less than this share of the rate the link may be another one: little more is sent until it comes faster. */
const SLOWER = 1 / 3;
/** However slow a link seems, an answer is not waited for any longer, ms. */
export const LONGEST_PATIENCE_MS = 30_000;
/**
 * Below this rate a way is thin, and below the second one where a round trip takes so long; bytes per ms, ms. Where answers are
 * quick and the way was never full, the rate tells of the sender, and of the disk of the node that answers: not of the way.
 */
const [THIN_BYTES_PER_MS, MODEST_BYTES_PER_MS, LONG_MS] = [200, 1000, 10];
/** For so long a longer round trip alone counts for nothing: its answer may have waited behind what went the other way, ms. */
const ALONE_MS = 30_000;
/** The rate of a way of which nothing is known, where it is safer to wait than to act, bytes per ms. */
const ASSUMED_BYTES_PER_MS = 2;
/** The rate of a way of which nothing is known, where what is sent again in vain costs most: 5 kbit/s, bytes per ms. */
const THINNEST_BYTES_PER_MS = 0.6;
/** However much is on its way, nothing is silent for longer, ms. */
const MOST_SILENT_MS = 900_000;
/** What a part of a message takes, and how long the smallest two may take, ms. */
const [PART_MS, TWO_PARTS_MS] = [1000, 4000];

/** Of a way of which nothing is known, one part of this size is out. */
const START_BYTES = 4 * 1024;
const LEAST_WINDOW_BYTES = 2048;
/** The least that goes over a link that is cut again and again, bytes. */
const TINY_BYTES = 1024;
const MOST_WINDOW_BYTES = 4 * 1024 * 1024;
const [LEAST_PART_BYTES, MOST_PART_BYTES] = [2048, 256 * 1024];

const NEVER_ALONE = { rttMs: 0, bytes: 0, bytesPerMs: 0, at: Number.NEGATIVE_INFINITY };

export const UNMEASURED: RateState = {
  ...{ samples: [], wasFull: false, lastRttMs: undefined, alone: NEVER_ALONE },
  ...{ bytesPerMs: undefined, wayMs: 0, backMs: 0, pacePerMs: undefined, isThin: true, isModest: false },
  ...{ windowBytes: START_BYTES, partBytes: START_BYTES },
};

/** What is known after a delivery. */
export function delivered(state: RateState, delivery: Delivery): RateState {
  const rttMs = Math.max(0.05, delivery.at - delivery.sentAt);
  const samples = samplesAfter(state, delivery);
  const wasFull = state.wasFull || delivery.wasFull;
  const bytesPerMs = samples[0]?.bytesPerMs;
  const alone = aloneAfter(state, delivery, { rttMs, bytesPerMs });
  const known = { samples, wasFull, lastRttMs: rttMs, alone, bytesPerMs };
  if (bytesPerMs === undefined) return { ...UNMEASURED, ...known, wayMs: alone.rttMs };
  const wayMs = wasFull ? Math.max(0, alone.rttMs - alone.bytes / alone.bytesPerMs) : alone.rttMs;
  const arrivedPerMs = delivery.arrivedBytes / Math.max(0.05, delivery.arrivedMs);
  const outPerMs = delivery.wasFull && arrivedPerMs < bytesPerMs * SLOWER ? arrivedPerMs : bytesPerMs;
  // Of one part at a time it could not be told how long the way is, and how long the link takes for the part.
  const twoParts = clamp(outPerMs * TWO_PARTS_MS, LEAST_WINDOW_BYTES, 2 * LEAST_PART_BYTES);
  const [leastWindow, leastPart] = wasFull ? [twoParts, LEAST_PART_BYTES] : [START_BYTES, START_BYTES];
  const partBytes = clamp(outPerMs * PART_MS, leastPart, MOST_PART_BYTES);
  const spell = Math.floor(delivery.at / Math.max(SPELL_MS, 2 * rttMs)) % SPELLS;
  const back = backAfter(state, delivery.busyBack, { moreMs: rttMs - wayMs, bytesPerMs, spell });
  return {
    ...{ ...known, wayMs, ...back, ...thinness(known, rttMs), partBytes },
    windowBytes: clamp(
      (outPerMs * (wayMs + back.backMs) + Math.max(partBytes, outPerMs * PART_MS)) *
        (spell === 0 && back.backMs === 0 ? MORE : 1),
      leastWindow,
      MOST_WINDOW_BYTES,
    ),
  };
}

/** A longer round trip counts after a while, but not where its answer may have waited for what came the other way. */
function aloneAfter(
  { alone, wayMs }: RateState,
  { at, bytes, wasAlone, busyBack }: Delivery,
  { rttMs, bytesPerMs = 0 }: { readonly rttMs: number; readonly bytesPerMs: number | undefined },
): RateState['alone'] {
  const isOld = at - alone.at > ALONE_MS && (busyBack === 0 || alone === NEVER_ALONE);
  // Bytes that were not alone took the way too, and themselves.
  const isShorter = rttMs < alone.rttMs && rttMs - bytes / bytesPerMs < wayMs;
  const isNews = wasAlone ? rttMs <= alone.rttMs || isOld : isShorter;
  const before = isNews ? { rttMs, bytes, bytesPerMs: 0, at } : alone;
  return { ...before, bytesPerMs: Math.max(before.bytesPerMs, bytesPerMs) };
}

/** How much longer an answer may take, where one took so much more than the way, and how fast is sent then: less counts at once. */
function backAfter(
  state: RateState,
  busyBack: number,
  now: { readonly moreMs: number; readonly bytesPerMs: number; readonly spell: number },
): Pick<RateState, 'backMs' | 'pacePerMs'> {
  const nowMs = Math.min(busyBack * BACK_SHARE * Math.max(0, now.moreMs), MOST_BACK_MS);
  const backMs = Math.min(nowMs, state.backMs + (nowMs - state.backMs) * NEW_BACK_SHARE);
  if (backMs === 0) return { backMs, pacePerMs: undefined };
  const hasGrown = now.bytesPerMs > GREW * (state.bytesPerMs ?? now.bytesPerMs);
  return { backMs, pacePerMs: now.bytesPerMs * (hasGrown ? GROWING_PACE : PACES[now.spell]!) };
}

function thinness(
  { bytesPerMs = 0, wasFull }: Pick<RateState, 'bytesPerMs' | 'wasFull'>,
  rttMs: number,
): Pick<RateState, 'isThin' | 'isModest'> {
  const isVeryThin = wasFull && bytesPerMs < THIN_BYTES_PER_MS;
  const isModest = !isVeryThin && rttMs >= LONG_MS && bytesPerMs < MODEST_BYTES_PER_MS;
  return { isThin: isVeryThin || isModest, isModest };
}

/** The same, with less out, and in smaller parts. */
export function shareOf(state: RateState, share: number): RateState {
  const [windowBytes, partBytes] = [state.windowBytes, state.partBytes].map((bytes) =>
    Math.max(TINY_BYTES, Math.floor(bytes * share)),
  );
  return { ...state, windowBytes: windowBytes!, partBytes: partBytes! };
}

/** How long an answer takes with this number of bytes ahead of it, ms; undefined where nothing is known. */
export function answerMs({ lastRttMs, bytesPerMs }: RateState, bytesAhead: number): number | undefined {
  return bytesPerMs === undefined || lastRttMs === undefined
    ? undefined
    : lastRttMs + bytesAhead / bytesPerMs;
}

/** When an answer to what is sent now is overdue, ms from now, with this number of bytes ahead of it; where nothing is known the way may be a thin one. */
export function overdueMs(state: RateState, bytesAhead: number): number {
  return Math.min(
    LONGEST_PATIENCE_MS,
    2 * (answerMs(state, bytesAhead) ?? bytesAhead / THINNEST_BYTES_PER_MS),
  );
}

/** For how long nothing may be heard while bytes are on their way, ms: twice what they take. */
export function patienceMs({ bytesPerMs = ASSUMED_BYTES_PER_MS }: RateState, bytes: number): number {
  return Math.min(MOST_SILENT_MS, (2 * bytes) / bytesPerMs);
}

/** The newest rate counts where the link was full; one that the sender made itself only where it is the highest. */
function samplesAfter(state: RateState, delivery: Delivery): readonly Sample[] {
  const { at, deliveredBytes, deliveredMs, wasFull } = delivery;
  const bytesPerMs = deliveredBytes / Math.max(0.05, deliveredMs);
  if (!wasFull && bytesPerMs <= (state.bytesPerMs ?? 0)) return state.samples;
  const keptMs = Math.max(KEPT_MS, KEPT_ROUND_TRIPS * state.wayMs);
  // A lower one than the newest can never be the highest again.
  const kept = state.samples.filter((sample) => at - sample.at <= keptMs && sample.bytesPerMs > bytesPerMs);
  return [...kept, { at, bytesPerMs }];
}

function clamp(value: number, least: number, most: number): number {
  return Math.floor(Math.min(Math.max(value, least), most));
}
