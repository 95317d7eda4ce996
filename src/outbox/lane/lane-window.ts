import { type Flight, SendWindow } from '../../link/send-window.ts';
import { ENVELOPE_BYTES, type Sent } from '../../link/way-out.ts';
import type { Priority } from '../../message/priority.ts';
import type { ShortReply } from '../../message/told-output.ts';
import type { EndRider, ToldPart } from '../outbox-deps.ts';
import { LaneProgress } from './lane-progress.ts';

/** What is known of a message of a lane while its turn is near; its body stays on disk. Times are unix ms. */
export interface Entry {
  readonly seq: number;
  readonly id: string;
  /** Kept time, as the next one. */
  readonly queuedAt: number;
  readonly expiresAt: number | null;
  readonly ackTimeoutMs: number;
  readonly format: number;
  /** The size of its body, bytes. */
  readonly size: number;
  /** Present where the memory for bodies has room for it. */
  body: Uint8Array | undefined;
  /** Whether that memory counts it. */
  isHeld: boolean;
  /** When it is to run again and again, as JSON; null where it runs once. */
  readonly schedule: string | null;
  /** What its sender wants of its output; null for the usual. */
  readonly output: string | null;
  /** The id of the request that it is the reply to; null where there is none. */
  readonly re: string | null;
  /** What its sender wants it to go before; null for the usual. */
  readonly priority: Priority | null;
  /** The key of which only the newest counts; null where there is none. */
  readonly supersedes: string | null;
  /** Whether it went in the form for an original node whose reply is its output. */
  awaitsReply: boolean;
  /** Whether the node sent it of its own accord, as far as is known. */
  readonly isOwn: boolean;
  /** The end that travels with it, if it is a reply; once it went without, never again. */
  rider: EndRider | undefined;
  /** What its target was told of it; once it went without that, or was refused so, never again. */
  told: ToldPart | undefined;
  /** How it travels without that; undefined where it goes whole. */
  short: ShortReply | undefined;
  /** Whether no attempt can have been made before, in this epoch: neither by this process nor by an earlier one. */
  isUntried: boolean;
  /** Whether an attempt that is over may have reached its target: nobody said that it did not. */
  mayHaveArrived: boolean;
  /** Whether it was cancelled after it may have arrived: it goes on as one whose time is over, to hear what became of it. */
  isCalledOff: boolean;
  attempts: number;
  firstSentAt: number | null;
  lastSentAt: number;
  /** The generation of the first attempt: an answer to an older one is about something else. */
  firstGeneration: number;
  /** Whether at least a part of it went out in this attempt. */
  isSent: boolean;
  /** Whether its target keeps the parts that it has, so that the next attempt goes on behind them. */
  isByOffset: boolean;
  /** Whether its body travels as small as its target can read. */
  isLean: boolean;
  /** Whether its target lacks what it would be compressed with. */
  isLacked: boolean;
  /** Whether data that is no text goes in it as bytes. */
  takesBytes: boolean;
  /** How much of it went out, and how much has arrived as far as is known; bytes of the whole as it travels. */
  sentBytes: number;
  arrivedBytes: number;
  /** The size of that, and of each of its numbered parts but the last; 0 until the first has gone. */
  wholeBytes: number;
  pieceBytes: number;
  /** Its parts that are on their way, each with where it ends. */
  flights: readonly { readonly end: number; readonly bytes: number; readonly flight: Flight }[];
}

/** Of thousands of lanes most have nothing on its way: all that have none share this. */
export const NO_FLIGHTS: Entry['flights'] = [];

/** How much smaller is counted upon at most: where it is not so what goes next takes as many times longer. How slowly that is believed. */
const [MOST_SHRINK, SHRINK_WEIGHT] = [4, 1];

/** The messages of a lane that are in memory, lowest first, and which of them are on their way. */
export class LaneWindow {
  /** What may be on its way to the target, over all lanes. */
  readonly #target: SendWindow;
  /** For how long its target kept answering, or could not be reached before its call. */
  readonly progress: LaneProgress;
  #entries: Entry[] = [];
  /** How many are on their way as a whole, and the bytes that are. */
  inFlight = 0;
  bytesInFlight = 0;
  /**
   * The highest place of which anything went out, in this epoch and life of the process; no answer can speak for more. It may
   * speak for one that went out in part: where the whole had arrived before, in an earlier life, its first part is answered so.
   */
  lastSent = 0;
  /** How many times smaller than they are kept messages became of late on their way: what is yet to go may, too. */
  shrink = 1;
  /** The highest floor that was told, in this epoch and life of the process: below it every place is called a duplicate, also one that was given up and never taken. */
  toldFloor = 0;

  constructor(target = new SendWindow(() => 0)) {
    this.#target = target;
    this.progress = new LaneProgress(target.now);
  }

  get length(): number {
    return this.#entries.length;
  }

  /** How many wait to be sent. */
  get unsent(): number {
    return this.#entries.length - this.inFlight;
  }

  [Symbol.iterator](): Iterator<Entry> {
    return this.#entries[Symbol.iterator]();
  }

  /** The lowest entry, or undefined. */
  get first(): Entry | undefined {
    return this.#entries[0];
  }

  /** The entry whose turn it is to be sent, or undefined. */
  get next(): Entry | undefined {
    return this.#entries[this.inFlight];
  }

  /** The lowest entry that is on its way, at least in part. */
  get oldestInFlight(): Entry | undefined {
    const first = this.#entries[0];
    return first && (this.inFlight > 0 || first.isSent) ? first : undefined;
  }

  /** The lowest place that is held, for the target: it takes what lies below for done with. */
  tellFloor(): number {
    this.toldFloor = this.#entries[0]!.seq;
    return this.toldFloor;
  }

  push(entry: Entry): void {
    // The engine makes room for 17 in an empty list, and lanes to nodes that are away have one.
    if (this.#entries.length === 0) this.#entries = [entry];
    else this.#entries.push(entry);
  }

  /** The entry whose turn comes after `offset` others, or undefined. */
  upcoming(offset: number): Entry | undefined {
    return this.#entries[this.inFlight + offset];
  }

  /** Whether what comes after `offset` others follows places that are not held: its target takes it once all before has arrived. */
  isBehindGap(offset: number): boolean {
    const before = this.upcoming(offset - 1);
    return before !== undefined && before.seq + 1 !== this.upcoming(offset)?.seq;
  }

  /** Notes that `next`, or a part of it, went out; after its last part the following entry is next. */
  sent(entry: Entry, { bytes, wholeBytes, envelopeBytes = ENVELOPE_BYTES, savedBytes = 0 }: Sent): void {
    if (this.oldestInFlight === undefined) this.progress.began();
    entry.isSent = true;
    if (entry.pieceBytes === 0) entry.pieceBytes = bytes;
    entry.wholeBytes = wholeBytes;
    entry.sentBytes += bytes;
    const flight = this.#target.sent(bytes + envelopeBytes, savedBytes);
    entry.flights = [...entry.flights, { end: entry.sentBytes, bytes, flight }];
    this.bytesInFlight += bytes;
    this.lastSent = Math.max(this.lastSent, entry.seq);
    if (entry.sentBytes < wholeBytes) return;
    this.inFlight++;
    const shrink = entry.isLean ? Math.min(MOST_SHRINK, Math.max(1, entry.size / wholeBytes)) : 1;
    this.shrink = Math.min(shrink, (SHRINK_WEIGHT * this.shrink + shrink) / (SHRINK_WEIGHT + 1));
  }

  /** Notes that an entry has arrived up to a byte; where an earlier attempt did, no rate comes of it. */
  arrived(entry: Entry, upTo: number, isStale = false): void {
    if (upTo > entry.arrivedBytes) this.progress.answered();
    const there = entry.flights.filter(({ end }) => end <= upTo);
    entry.flights = entry.flights.filter(({ end }) => end > upTo);
    entry.arrivedBytes = Math.max(entry.arrivedBytes, upTo);
    // It may have more from an earlier life of this process; the last byte brings the verdict.
    if (entry === this.next)
      entry.sentBytes = Math.max(entry.sentBytes, Math.min(upTo, entry.wholeBytes - 1));
    for (const { bytes } of there) this.bytesInFlight -= bytes;
    const flights = there.map(({ flight }) => flight);
    if (isStale) this.#target.gone(flights);
    else this.#target.arrived(flights);
  }

  /** What is answered went before: how long this attempt takes will not be known, and no rate comes of it. */
  unmeasured(first: number, last: number): void {
    const answered = this.#entries.filter(({ seq }) => seq >= first && seq <= last);
    this.#target.gone(answered.flatMap(({ flights }) => flights.map(({ flight }) => flight)));
  }

  /** Takes out what was never sent, but for the first `keep` entries; they are to be read again. */
  trim(keep: number): Entry[] {
    let end = Math.max(keep, this.inFlight);
    while (end < this.#entries.length && this.#entries[end]!.attempts > 0) end++;
    return this.#entries.splice(end);
  }

  /** Whether more than one is on its way, at least in part. */
  get hasMany(): boolean {
    return this.#entries[1]?.isSent === true;
  }

  /** Forgets what is on its way: everything is to be sent again. It may have arrived, unless nobody was there. */
  rewind(mayHaveArrived = true): void {
    this.progress.ended();
    const out: Flight[] = [];
    for (const entry of this.#entries) {
      if (!entry.isSent) break;
      entry.mayHaveArrived ||= mayHaveArrived;
      out.push(...entry.flights.map(({ flight }) => flight));
      restart(entry);
    }
    this.inFlight = 0;
    this.bytesInFlight = 0;
    // Whoever waits for room is told now, and may be the lane itself: it sends again at once.
    this.#target.gone(out);
  }

  find(seq: number): Entry | undefined {
    const first = this.#entries[0];
    if (!first || seq < first.seq) return undefined;
    const guess = this.#entries[seq - first.seq];
    return guess?.seq === seq ? guess : this.#entries.find((entry) => entry.seq === seq);
  }

  findById(id: string): Entry | undefined {
    return this.#entries.find((entry) => entry.id === id);
  }

  /** Takes out the entries from `first` to `last`, both included; `isAnswered`: whether their target has got them. */
  take(first: number, last: number, isAnswered = true): Entry[] {
    let start = 0;
    while (start < this.#entries.length && this.#entries[start]!.seq < first) start++;
    let end = start;
    while (end < this.#entries.length && this.#entries[end]!.seq <= last) end++;
    const taken = this.#entries.splice(start, end - start);
    this.inFlight -= Math.max(0, Math.min(end, this.inFlight) - start);
    const out: Flight[] = [];
    for (const { flights } of taken)
      for (const { bytes, flight } of flights) {
        this.bytesInFlight -= bytes;
        out.push(flight);
      }
    if (isAnswered && taken.length > 0) this.progress.answered();
    if (this.oldestInFlight === undefined) this.progress.ended();
    if (isAnswered) this.#target.arrived(out);
    else this.#target.gone(out);
    return taken;
  }

  /** Every entry counts as untried again: what was sent was sent in an epoch that has ended. */
  markUntried(): void {
    this.lastSent = 0;
    this.toldFloor = 0;
    for (const entry of this.#entries) {
      entry.isUntried = true;
      entry.arrivedBytes = 0;
      if (!entry.isSent) entry.sentBytes = 0;
    }
  }
}

/** The next attempt goes on behind what the target keeps; its last byte is sent again where the answer is missing. */
function restart(entry: Entry): void {
  entry.isSent = false;
  // What was called off goes without its body.
  if (entry.isCalledOff) entry.isByOffset = false;
  entry.arrivedBytes = entry.isByOffset ? Math.min(entry.arrivedBytes, entry.wholeBytes - 1) : 0;
  entry.sentBytes = entry.arrivedBytes;
  entry.pieceBytes = 0;
  entry.flights = NO_FLIGHTS;
}
