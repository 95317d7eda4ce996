import { crc32 } from 'node:zlib';
import { ByteCollector } from '../../lib/byte-collector.ts';
import { HEADER, parsePair } from '../../message/codec/wire-headers.ts';
import { formatPartPlace, type PartPlace, parsePartPlace } from '../../message/part-place.ts';
import type { Perils } from '../perils.ts';
import { tooLarge } from './decode-arrival.ts';
import type { KeptParts, Whole } from './kept-parts.ts';

/** An unfinished message, and the node that sends it. */
interface Unfinished {
  readonly sender: string;
  clear(): void;
}

/**
 * The memory that the unfinished messages of all lanes share. When it is full, one gives way, and its sender is told to begin
 * again: of the sender that holds the most the one that has waited longest for its next piece, so that nobody drives out
 * what others send.
 */
export class PartMemory {
  readonly #maxBytes: number;
  /** Longest waiting first. */
  readonly #held = new Map<Unfinished, number>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Notes that an assembly holds more. */
  take(assembly: Unfinished, bytes: number): void {
    const held = this.#held.get(assembly) ?? 0;
    this.#held.delete(assembly);
    this.#held.set(assembly, held + bytes);
    this.#bytes += bytes;
    while (this.#bytes > this.#maxBytes) {
      const longest = this.#longestWaiting(assembly);
      if (longest === undefined) return;
      longest.clear();
    }
  }

  /** Notes that an assembly holds nothing any more. */
  free(assembly: Unfinished): void {
    this.#bytes -= this.#held.get(assembly) ?? 0;
    this.#held.delete(assembly);
  }

  #longestWaiting(taker: Unfinished): Unfinished | undefined {
    const others = [...this.#held].filter(([one]) => one !== taker);
    const bySender = new Map<string, number>();
    for (const [{ sender }, bytes] of others) bySender.set(sender, (bySender.get(sender) ?? 0) + bytes);
    const most = Math.max(...bySender.values());
    return others.find(([{ sender }]) => bySender.get(sender) === most)?.[0];
  }
}

/** What comes of a part: the whole message with the last one; else how the sender is to go on, or why it cannot. */
export type Assembled =
  | { readonly status: 'whole'; readonly bytes: Uint8Array }
  | { readonly status: 'part' | 'gap'; readonly place: string | undefined }
  | { readonly status: 'fault'; readonly fault: string };

interface AssemblyOptions {
  readonly maxBytes: number;
  readonly memory: PartMemory;
  readonly kept: KeptParts;
  readonly perils?: Perils | undefined;
}

/** Puts the parts of one message together; they come in order, or the sender is told from where on to send. */
export class PartAssembly {
  readonly #options: AssemblyOptions;
  /** The message of which parts wait, and what its parts say of the whole. */
  #of: Whole | undefined;
  /** How many numbered parts came, and the bytes of all: copied, so that empty ones cost nothing. */
  #count = 0;
  readonly #bytes = new ByteCollector();

  constructor(options: AssemblyOptions) {
    this.#options = options;
  }

  get sender(): string {
    return this.#options.kept.sender;
  }

  clear(): void {
    this.#of = undefined;
    this.#count = 0;
    this.#bytes.clear();
    this.#options.memory.free(this);
    this.#options.kept.forget();
  }

  /** Whether parts wait for others. */
  get isHolding(): boolean {
    return this.#bytes.length > 0 || this.#count > 0;
  }

  /** Adds a part of the message with this id at a place in the lane; `header` says which. */
  add(seq: number, header: string, { id, bytes }: { id: string; bytes: Uint8Array }): Assembled {
    const { perils } = this.#options;
    const wholeBytes = parsePartPlace(header)?.total ?? this.#bytes.length + bytes.length;
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
    this.#count++;
    this.#append(bytes);
    return index < total ? { status: 'part', place: header } : { status: 'whole', bytes: this.#takeAll() };
  }

  /** What is there already, from before a cut or a restart, counts; of a part only what is new is taken. */
  #addAt(seq: number, { offset, total, sum }: PartPlace, bytes: Uint8Array): Assembled {
    if (total > this.#options.maxBytes) return this.#tooLarge();
    const whole = { seq, whole: `${total}/${sum}` };
    if (!this.#isOf(seq, whole.whole)) this.#begin(whole);
    const there = this.#bytes.length;
    if (offset > there || offset + bytes.length > total) return this.#gapAt(total, sum);
    this.#append(bytes.subarray(Math.max(0, there - offset)));
    if (this.#bytes.length < total) {
      this.#options.kept.keep(whole, this.#bytes.length, (from) => this.#bytes.from(from));
      return { status: 'part', place: formatPartPlace({ offset: this.#bytes.length, total, sum }) };
    }
    const all = this.#takeAll();
    return crc32(all).toString(16) === sum ? { status: 'whole', bytes: all } : this.#gapAt(total, sum);
  }

  #begin(whole: Whole): void {
    this.clear();
    this.#of = whole;
    for (const part of this.#options.kept.begin(whole)) this.#append(part);
  }

  #isOf(seq: number, whole: string): boolean {
    return this.#of?.seq === seq && this.#of.whole === whole;
  }

  #gapAt(total: number, sum: string): Assembled {
    return { status: 'gap', place: formatPartPlace({ offset: this.#bytes.length, total, sum }) };
  }

  #tooLarge(): Assembled {
    this.clear();
    return { status: 'fault', fault: tooLarge(this.#options.maxBytes) };
  }

  #append(bytes: Uint8Array): void {
    this.#bytes.append(bytes);
    this.#options.memory.take(this, bytes.length);
  }

  #takeAll(): Uint8Array {
    const whole = this.#bytes.take();
    this.clear();
    return whole;
  }
}
