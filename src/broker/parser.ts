import { Frame } from './frame.ts';
import { isUnknown, type Operation, operationAt } from './operation.ts';

/** What the parser found; each is called as soon as its line, or its frame, is complete. */
export interface ProtocolEvents {
  /** Whether more may be parsed. */
  readonly isOpen: boolean;
  /** Whether something other than CONNECT may come; where it may not, the connection ends. */
  mayBegin(): boolean;
  connect(json: Buffer): void;
  ping(): void;
  pong(): void;
  subscribe(subject: string, queue: string, sid: string): void;
  /** `max` is 0 for: at once. */
  unsubscribe(sid: string, max: number): void;
  /** The line of a message, before its payload; false ends the connection. */
  announce(frame: Frame): boolean;
  publish(frame: Frame): void;
  fail(fault: ProtocolFault): void;
}

export type ProtocolFault = 'unknown-operation' | 'line-too-long' | 'bad-arguments';

/** What a client gets before its connection ends; '' = nothing, as nats-server does it. */
export const FAULTS: Record<ProtocolFault, string> = {
  'unknown-operation': 'Unknown Protocol Operation',
  'line-too-long': 'maximum control line exceeded',
  'bad-arguments': '',
};

export interface ParserOptions {
  readonly maxControlLineBytes: number;
}

const LF = 10;
const CR = 13;
const SPACE = 32;
const TAB = 9;
const MAX_SIZE_DIGITS = 9;
const MAX_TOKENS = 5;
const FIRST_ASSEMBLY_BYTES = 64 * 1024;

/** Reads the bytes of one client. What it keeps of an unfinished frame grows with what has come, not with what was announced. */
export class Parser {
  readonly #events: ProtocolEvents;
  readonly #maxLine: number;
  readonly #frame = new Frame();
  /** The tokens of the line: where each begins and ends. */
  readonly #starts = new Int32Array(MAX_TOKENS);
  readonly #ends = new Int32Array(MAX_TOKENS);
  /** The beginning of a line that has not ended. */
  #line: Buffer | undefined;
  /** The frame whose payload has not all come: what has, and how much that is. */
  #assembly: Buffer | undefined;
  #assembled = 0;

  constructor({ maxControlLineBytes }: ParserOptions, events: ProtocolEvents) {
    this.#maxLine = maxControlLineBytes;
    this.#events = events;
  }

  /** Takes what came. The bytes must not change later. */
  feed(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && this.#events.isOpen) {
      if (this.#assembly !== undefined) at = this.#assemble(chunk, at);
      else if (this.#line !== undefined) at = this.#endLine(chunk, at);
      else {
        const end = lineEnd(chunk, at, this.#maxLine + 2);
        at = end < 0 ? this.#beginLine(chunk, at) : this.#takeLine(chunk, at, end);
      }
    }
  }

  /** Keeps the beginning of a line, unless nothing that can become of it is known. */
  #beginLine(chunk: Buffer, at: number): number {
    if (!this.#mayBegin(chunk, at)) return chunk.length;
    if (isUnknown(chunk, at)) this.#events.fail('unknown-operation');
    else if (chunk.length - at > this.#maxLine + 1) this.#events.fail('line-too-long');
    else this.#line = Buffer.from(chunk.subarray(at));
    return chunk.length;
  }

  #endLine(chunk: Buffer, at: number): number {
    const begun = this.#line!;
    const end = lineEnd(chunk, at, this.#maxLine + 2 - begun.length);
    const stop = end < 0 ? Math.min(chunk.length, at + this.#maxLine + 2) : end + 1;
    const line = Buffer.concat([begun, chunk.subarray(at, stop)]);
    this.#line = undefined;
    if (end < 0) this.#beginLine(line, 0);
    else this.#takeLine(line, 0, line.length - 1);
    return stop;
  }

  #mayBegin(chunk: Buffer, at: number): boolean {
    return (chunk[at]! | 0x20) === 0x63 || this.#events.mayBegin();
  }

  /** Takes the line that ends at `end`, and the payload after it; returns the place behind. */
  #takeLine(buffer: Buffer, start: number, end: number): number {
    if (!this.#mayBegin(buffer, start)) return end + 1;
    const operation = operationAt(buffer, start);
    const events = this.#events;
    if (operation === undefined) {
      events.fail('unknown-operation');
      return end + 1;
    }
    const last = end > start && buffer[end - 1] === CR ? end - 1 : end;
    if (last - start > this.#maxLine) {
      events.fail('line-too-long');
      return end + 1;
    }
    if (operation === 'PUB' || operation === 'HPUB') {
      const from = start + operation.length + 1;
      return this.#takeFrame(buffer, { start, from, last, end, hasHeaders: operation === 'HPUB' });
    }
    this.#dispatch(operation, buffer.subarray(start + operation.length, last));
    return end + 1;
  }

  #dispatch(operation: Operation, rest: Buffer): void {
    const events = this.#events;
    if (operation === 'PING') events.ping();
    else if (operation === 'PONG') events.pong();
    else if (operation === 'CONNECT') events.connect(rest);
    else if (operation === 'SUB') this.#subscribe(rest);
    else if (operation === 'UNSUB') this.#unsubscribe(rest);
    else if (operation === '-ERR') events.fail('bad-arguments');
  }

  #subscribe(rest: Buffer): void {
    const count = this.#split(rest, 0, rest.length);
    if (count === 2) this.#events.subscribe(this.#token(rest, 0), '', this.#token(rest, 1));
    else if (count === 3)
      this.#events.subscribe(this.#token(rest, 0), this.#token(rest, 1), this.#token(rest, 2));
    else this.#events.fail('bad-arguments');
  }

  #unsubscribe(rest: Buffer): void {
    const count = this.#split(rest, 0, rest.length);
    if (count !== 1 && count !== 2) return this.#events.fail('bad-arguments');
    const max = count === 1 ? 0 : number(rest, this.#starts[1]!, this.#ends[1]!);
    this.#events.unsubscribe(this.#token(rest, 0), Math.max(0, max));
  }

  #takeFrame(buffer: Buffer, line: FrameLine): number {
    const { end } = line;
    const frame = this.#frame;
    const length = this.#readFrameLine(buffer, line);
    if (length < 0) {
      this.#events.fail('bad-arguments');
      return end + 1;
    }
    frame.buffer = buffer;
    frame.payloadStart = end + 1;
    frame.payloadEnd = end + 1 + length;
    if (!this.#events.announce(frame)) return buffer.length;
    if (frame.end <= buffer.length) {
      this.#publish();
      return frame.end;
    }
    const bytes = buffer.length - line.start;
    const whole = frame.end - line.start;
    this.#assembly = Buffer.allocUnsafeSlow(Math.min(whole, Math.max(FIRST_ASSEMBLY_BYTES, 2 * bytes)));
    buffer.copy(this.#assembly, 0, line.start);
    this.#assembled = bytes;
    frame.move(this.#assembly, line.start);
    if (isSpoilt(this.#assembly, frame.payloadEnd, bytes)) this.#events.fail('unknown-operation');
    return buffer.length;
  }

  /** Reads `subject [reply] [headers] size` and returns the size; -1 where it is not that. */
  #readFrameLine(buffer: Buffer, { from, last, end, hasHeaders }: FrameLine): number {
    const count = this.#split(buffer, from, last);
    const sizes = hasHeaders ? 2 : 1;
    if (count !== sizes + 1 && count !== sizes + 2) return -1;
    const [starts, ends, frame] = [this.#starts, this.#ends, this.#frame];
    const size = number(buffer, starts[count - 1]!, ends[count - 1]!);
    frame.subject = this.#token(buffer, 0);
    frame.reply = count === sizes + 2 ? this.#token(buffer, 1) : '';
    frame.headerBytes = hasHeaders ? number(buffer, starts[count - 2]!, ends[count - 2]!) : -1;
    if (hasHeaders && (frame.headerBytes < 0 || frame.headerBytes > size)) return -1;
    if (frame.headerBytes === 0) frame.headerBytes = -1;
    frame.tailStart =
      this.#isTight(count, last, end) && hasHeaders === frame.headerBytes > 0 ? starts[1]! : -1;
    return size;
  }

  /** Whether single blanks are between the tokens and CR LF at the end, so that the line can be passed on. */
  #isTight(count: number, last: number, end: number): boolean {
    if (last === end || this.#ends[count - 1] !== last) return false;
    for (let index = 2; index < count; index += 1) {
      if (this.#starts[index] !== this.#ends[index - 1]! + 1) return false;
    }
    return true;
  }

  #assemble(chunk: Buffer, at: number): number {
    const frame = this.#frame;
    const bytes = Math.min(chunk.length - at, frame.end - this.#assembled);
    const room = this.#assembled + bytes;
    if (room > this.#assembly!.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(frame.end, Math.max(room, 2 * this.#assembly!.length)));
      this.#assembly!.copy(larger, 0, 0, this.#assembled);
      this.#assembly = larger;
    }
    chunk.copy(this.#assembly!, this.#assembled, at, at + bytes);
    this.#assembled = room;
    if (isSpoilt(this.#assembly!, frame.payloadEnd, room)) this.#events.fail('unknown-operation');
    else if (room === frame.end) {
      frame.buffer = this.#assembly!;
      this.#assembly = undefined;
      this.#publish();
    }
    return at + bytes;
  }

  #publish(): void {
    const frame = this.#frame;
    if (isSpoilt(frame.buffer, frame.payloadEnd, frame.end)) this.#events.fail('unknown-operation');
    else this.#events.publish(frame);
  }

  #token(buffer: Buffer, index: number): string {
    return buffer.toString('latin1', this.#starts[index], this.#ends[index]);
  }

  /** Finds the tokens between blanks; returns their number, of which at most MAX_TOKENS are kept. */
  #split(buffer: Buffer, from: number, to: number): number {
    let count = 0;
    let at = from;
    for (;;) {
      while (at < to && isBlank(buffer[at]!)) at += 1;
      if (at >= to) return count;
      if (count === MAX_TOKENS) return count + 1;
      this.#starts[count] = at;
      while (at < to && !isBlank(buffer[at]!)) at += 1;
      this.#ends[count] = at;
      count += 1;
    }
  }
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB || byte === CR;
}

interface FrameLine {
  /** Where the line, its arguments, its CR (or LF) and its LF are. */
  readonly start: number;
  readonly from: number;
  readonly last: number;
  readonly end: number;
  readonly hasHeaders: boolean;
}

/** The place of the next LF, looked for in some bytes; -1 where there is none. */
function lineEnd(buffer: Buffer, from: number, within: number): number {
  const stop = Math.min(buffer.length, from + within);
  for (let at = from; at < stop; at += 1) if (buffer[at] === LF) return at;
  return -1;
}

/** A whole number of at most nine digits; -1 for anything else. */
function number(buffer: Buffer, start: number, end: number): number {
  if (end - start > MAX_SIZE_DIGITS) return -1;
  let value = 0;
  for (let at = start; at < end; at += 1) {
    const digit = buffer[at]! - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** Whether the bytes behind a payload, as far as they have come, are not CR LF. */
function isSpoilt(buffer: Buffer, at: number, end: number): boolean {
  return (end > at && buffer[at] !== CR) || (end > at + 1 && buffer[at + 1] !== LF);
}
