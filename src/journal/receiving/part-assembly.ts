import { crc32 } from 'node:zlib';
import { ByteCollector } from '../../lib/byte-collector.ts';
import type { Clock } from '../../lib/clock.ts';
import { HEADER, parsePair } from '../../message/codec/wire-headers.ts';
import { formatPartPlace, type PartPlace, parsePartPlace } from '../../message/part-place.ts';
import type { Perils } from '../perils.ts';
import { tooLarge } from './decode-arrival.ts';
import type { KeptParts, Whole } from './kept-parts.ts';
import type { PartMemory } from './part-memory.ts';

/** What is in memory is written down this often: a restart costs no more than that of a thin link, ms. */
const SAVE_MS = 2000;
/** What an unfinished message costs besides its bytes: its lane stays in memory with it. */
const MESSAGE_BYTES = 6000;

/** What comes of a part: the whole message with the last one; else how the sender is to go on, or why it cannot. */
export type Assembled =
  | { readonly status: 'whole'; readonly bytes: Uint8Array }
  | { readonly status: 'part' | 'gap'; readonly place: string | undefined }
  | { readonly status: 'fault'; readonly fault: string };

interface AssemblyOptions {
  readonly maxBytes: number;
  readonly memory: PartMemory;
  readonly kept: KeptParts;
  readonly clock: Pick<Clock, 'steadyNow'>;
  readonly perils?: Perils | undefined;
}

/**
 * Puts the parts of one message together; they come in order, or the sender is told from where on to send. What is to be
 * held for long goes to the disk, and is read when the whole is there.
 */
export class PartAssembly {
  readonly #options: AssemblyOptions;
  /** The message of which parts wait, and what its parts say of the whole. */
  #of: Whole | undefined;
  /** How many numbered parts came: those of older nodes, which are in memory alone. */
  #count = 0;
  /** What is not on disk: copied, so that empty parts cost nothing. */
  readonly #bytes = new ByteCollector();
  #savedAt = 0;
  #writing = 0;

  constructor(options: AssemblyOptions) {
    this.#options = options;
  }

  get sender(): string {
    return this.#options.kept.sender;
  }

  clear(): void {
    const { kept } = this.#options;
    if (this.#of === undefined && kept.length === 0) return;
    this.#drop();
    kept.forget();
  }

  /** Forgets parts of a message that came in another form: `next` is the place that is awaited. */
  passed(next: number): void {
    if (this.#of && this.#of.seq < next) this.clear();
  }

  /** Frees its memory: what has come goes to the disk, or is to come again where that is slow. */
  giveWay(): void {
    if (this.#count > 0) this.clear();
    else if (this.#options.memory.mayWrite) this.#layDown();
    else this.#drop();
  }

  /** Whether parts wait for others in memory. */
  get isHolding(): boolean {
    return this.#bytes.length > 0 || this.#count > 0 || this.#writing > 0;
  }

  /** Adds a part of the message with this id at a place in the lane; `header` says which. */
  add(seq: number, header: string, { id, bytes }: { id: string; bytes: Uint8Array }): Assembled {
    const { perils } = this.#options;
    const wholeBytes = parsePartPlace(header)?.total ?? this.#length + bytes.length;
    const fault = perils?.faultOf(id, wholeBytes);
    if (fault !== undefined) {
      this.clear();
      return { status: 'fault', fault };
    }
    // Not for as long as parts come, which may be hours: a node that ends then has other reasons.
    perils?.hold(id, wholeBytes);
    const added = this.#add(seq, header, bytes);
    perils?.layDown(id);
    return added;
  }

  #add(seq: number, header: string, bytes: Uint8Array): Assembled {
    const place = parsePartPlace(header);
    if (place) return this.#addAt(seq, place, bytes);
    const numbers = parsePair(header, '/');
    if (numbers) return this.#addNumbered(seq, header, { index: numbers[0], total: numbers[1], bytes });
    const shown = JSON.stringify(header.slice(0, 100));
    return { status: 'fault', fault: `the header ${HEADER.part} ${shown} is not <i>/<n>` };
  }

  #addNumbered(
    seq: number,
    header: string,
    { index, total, bytes }: { index: number; total: number; bytes: Uint8Array },
  ): Assembled {
    const whole = String(total);
    if (!this.#isOf(seq, whole) || index === 1) {
      this.clear();
      this.#of = { seq, whole };
    }
    if (index !== this.#count + 1) return { status: 'gap', place: undefined };
    if (this.#bytes.length + bytes.length > this.#options.maxBytes) return this.#tooLarge();
    this.#append(bytes, ++this.#count === 1);
    return index < total ? { status: 'part', place: header } : { status: 'whole', bytes: this.#takeAll() };
  }

  /** What is there already, from before a cut or a restart, counts; of a part only what is new is taken. */
  #addAt(seq: number, { offset, total, sum }: PartPlace, bytes: Uint8Array): Assembled {
    if (total > this.#options.maxBytes) return this.#tooLarge();
    const whole = { seq, whole: `${total}/${sum}` };
    if (!this.#isOf(seq, whole.whole)) this.#begin(whole);
    const there = this.#length;
    if (offset > there || offset + bytes.length > total) return this.#gapAt(total, sum);
    const fresh = bytes.subarray(Math.max(0, there - offset));
    if (fresh.length > 0) this.#append(fresh);
    if (this.#length < total) {
      const place = formatPartPlace({ offset: this.#length, total, sum });
      if (this.#options.clock.steadyNow() - this.#savedAt >= SAVE_MS) this.#layDown();
      return { status: 'part', place };
    }
    const all = this.#takeAll(total);
    return crc32(all).toString(16) === sum ? { status: 'whole', bytes: all } : this.#gapAt(total, sum);
  }

  /** How much of the message is here, bytes. */
  get #length(): number {
    return this.#options.kept.length + this.#bytes.length;
  }

  #begin(whole: Whole): void {
    const { kept, clock } = this.#options;
    this.#drop();
    this.#of = whole;
    kept.begin(whole);
    this.#savedAt = clock.steadyNow();
  }

  /** Forgets what is not on disk. */
  #drop(): void {
    this.#of = undefined;
    this.#count = 0;
    this.#bytes.clear();
    this.#options.memory.free(this);
  }

  #layDown(): void {
    const { memory, kept, clock } = this.#options;
    const { length } = this.#bytes;
    memory.free(this);
    this.#savedAt = clock.steadyNow();
    if (length === 0) return;
    this.#writing++;
    void kept.add(this.#bytes.takeBlocks(), memory.write(length)).then((isThere) => {
      this.#writing--;
      memory.written(length);
      if (!isThere) this.clear();
    });
  }

  #isOf(seq: number, whole: string): boolean {
    return this.#of?.seq === seq && this.#of.whole === whole;
  }

  #gapAt(total: number, sum: string): Assembled {
    return { status: 'gap', place: formatPartPlace({ offset: this.#length, total, sum }) };
  }

  #tooLarge(): Assembled {
    this.clear();
    return { status: 'fault', fault: tooLarge(this.#options.maxBytes) };
  }

  #append(bytes: Uint8Array, isFirst = this.#bytes.length === 0): void {
    this.#bytes.append(bytes);
    const hasRoom = this.#options.memory.take(this, bytes.length + (isFirst ? MESSAGE_BYTES : 0));
    if (!hasRoom && this.#count === 0 && this.#options.memory.mayWrite) this.#layDown();
  }

  #takeAll(total: number = this.#bytes.length): Uint8Array {
    const { kept } = this.#options;
    const whole = kept.length === 0 ? this.#bytes.take() : Buffer.allocUnsafeSlow(total);
    if (kept.length > 0) {
      // What is missing there, as it had to give way, shows in the sum.
      kept.read(whole);
      this.#bytes.takeInto(whole, kept.length);
    }
    this.clear();
    return whole;
  }
}
