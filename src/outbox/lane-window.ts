/** A message of a lane, in memory while it is near its turn. Times are unix ms. */
export interface Entry {
  readonly seq: number;
  readonly id: string;
  readonly queuedAt: number;
  readonly expiresAt: number | null;
  readonly ackTimeoutMs: number;
  readonly format: number;
  readonly body: Uint8Array;
  /** When it is to run again and again, as JSON; null where it runs once. */
  readonly schedule: string | null;
  /** What its sender wants of its output; null for the usual. */
  readonly output: string | null;
  /** Whether no attempt can have been made before, in this epoch: neither by this process nor by an earlier one. */
  isUntried: boolean;
  /** Whether an attempt that is over may have reached its target: nobody said that it did not. */
  mayHaveArrived: boolean;
  attempts: number;
  firstSentAt: number | null;
  lastSentAt: number;
  /** The generation of the first attempt: an answer to an older one is about something else. */
  firstGeneration: number;
  partsSent: number;
  bytesInFlight: number;
}

/** The messages of a lane that are in memory, lowest first, and which of them are on their way. */
export class LaneWindow {
  readonly #entries: Entry[] = [];
  #sent = 0;
  #bytesInFlight = 0;
  #lastSent = 0;

  get length(): number {
    return this.#entries.length;
  }

  /** How many wait to be sent. */
  get unsent(): number {
    return this.#entries.length - this.#sent;
  }

  get inFlight(): number {
    return this.#sent;
  }

  get bytesInFlight(): number {
    return this.#bytesInFlight;
  }

  /** The lowest entry, or undefined. */
  get first(): Entry | undefined {
    return this.#entries[0];
  }

  /** The entry whose turn it is to be sent, or undefined. */
  get next(): Entry | undefined {
    return this.#entries[this.#sent];
  }

  /** The lowest entry that is on its way, at least in part. */
  get oldestInFlight(): Entry | undefined {
    const first = this.#entries[0];
    return first && (this.#sent > 0 || first.bytesInFlight > 0) ? first : undefined;
  }

  /** The highest place that went out whole, in this epoch and life of the process; no answer can speak for more. */
  get lastSent(): number {
    return this.#lastSent;
  }

  push(entry: Entry): void {
    this.#entries.push(entry);
  }

  /** Notes that a piece of `next` went out; after its last piece the following entry is next. */
  sent(entry: Entry, piece: { bytes: number; isLast: boolean }): void {
    entry.partsSent++;
    entry.bytesInFlight += piece.bytes;
    this.#bytesInFlight += piece.bytes;
    if (!piece.isLast) return;
    this.#sent++;
    this.#lastSent = Math.max(this.#lastSent, entry.seq);
  }

  /** Notes that a piece of an entry has arrived. */
  arrived(entry: Entry, bytes: number): void {
    const credited = Math.min(bytes, entry.bytesInFlight);
    entry.bytesInFlight -= credited;
    this.#bytesInFlight -= credited;
  }

  /** Forgets what is on its way: everything is to be sent again. It may have arrived, unless nobody was there. */
  rewind(mayHaveArrived = true): void {
    for (const entry of this.#entries) {
      if (entry.partsSent === 0) break;
      entry.mayHaveArrived ||= mayHaveArrived;
      entry.partsSent = 0;
      entry.bytesInFlight = 0;
    }
    this.#sent = 0;
    this.#bytesInFlight = 0;
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

  /** Takes out the entries from `first` to `last`, both included. */
  take(first: number, last: number): Entry[] {
    let start = 0;
    while (start < this.#entries.length && this.#entries[start]!.seq < first) start++;
    let end = start;
    while (end < this.#entries.length && this.#entries[end]!.seq <= last) end++;
    const taken = this.#entries.splice(start, end - start);
    for (const entry of taken) this.#bytesInFlight -= entry.bytesInFlight;
    this.#sent -= Math.max(0, Math.min(end, this.#sent) - start);
    return taken;
  }

  /** Every entry counts as untried again: what was sent was sent in an epoch that has ended. */
  markUntried(): void {
    this.#lastSent = 0;
    for (const entry of this.#entries) entry.isUntried = true;
  }

  /** The entries that were queued at or before a time, and whose sender did not say how long they live. */
  queuedBefore(time: number): Entry[] {
    const first = this.#entries[0];
    if (!first || first.queuedAt > time) return [];
    return this.#entries.filter(({ queuedAt, expiresAt }) => queuedAt <= time && expiresAt === null);
  }
}
