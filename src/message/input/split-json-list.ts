import { setImmediate as nextTurn } from 'node:timers/promises';

/** Where an item stands in a text, in bytes. */
export interface JsonRange {
  readonly start: number;
  readonly end: number;
}

/** The items of a JSON list, and what is wrong with the list itself, found after those items. */
export interface JsonList {
  readonly items: JsonRange[];
  readonly fault?: { readonly offset: number; readonly reason: string };
}

const SLICE_BYTES = 1024 * 1024;

/**
 * Finds the items of a top-level JSON list without parsing them, in slices of 1 MB. It heeds quotes and brackets
 * only; faults within an item show when the item is parsed. An item that has no end becomes the last one.
 */
export async function splitJsonList(bytes: Uint8Array): Promise<JsonList> {
  const scan = new ListScan(bytes);
  while (!scan.run(SLICE_BYTES)) await nextTurn();
  return scan.result();
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

class ListScan {
  readonly #bytes: Uint8Array;
  readonly #items: JsonRange[] = [];
  #offset = 0;
  #depth = 0;
  #start = 0;
  #inText = false;
  #emptyItem: number | undefined;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Goes on for some bytes; true when the list or the text has ended. */
  run(count: number): boolean {
    const end = Math.min(this.#offset + count, this.#bytes.length);
    while (this.#offset < end) {
      if (this.#inText) this.#text(end);
      else if (this.#step(this.#bytes[this.#offset++]!)) return true;
    }
    return this.#offset >= this.#bytes.length;
  }

  result(): JsonList {
    const items = this.#items;
    if (this.#emptyItem !== undefined) {
      return { items, fault: { offset: this.#emptyItem, reason: 'a message is expected before this comma' } };
    }
    if (this.#depth > 0) {
      if (!this.#isBlank(this.#bytes.length)) items.push({ start: this.#start, end: this.#bytes.length });
      return { items, fault: { offset: this.#bytes.length, reason: 'the text ends before the list does' } };
    }
    this.#start = this.#offset;
    if (this.#isBlank(this.#bytes.length)) return { items };
    const offset = this.#bytes.findIndex((byte, index) => index >= this.#start && byte > 0x20);
    return { items, fault: { offset, reason: 'more text follows where the list ends' } };
  }

  /** Takes one byte outside of texts; true when it ends the list. */
  #step(byte: number): boolean {
    if (byte === QUOTE) this.#inText = true;
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
      if (this.#depth++ === 0) this.#start = this.#offset;
    } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) {
      if (--this.#depth === 0) return this.#endItem(true);
    } else if (byte === COMMA && this.#depth === 1) return this.#endItem(false);
    return false;
  }

  /** Takes the bytes of a text, up to its closing quote; the byte after a backslash never closes it. */
  #text(end: number): void {
    const bytes = this.#bytes;
    let offset = this.#offset;
    while (offset < end) {
      const byte = bytes[offset++];
      if (byte === BACKSLASH) offset++;
      else if (byte === QUOTE) {
        this.#inText = false;
        break;
      }
    }
    this.#offset = offset;
  }

  #endItem(isLast: boolean): boolean {
    const end = this.#offset - 1;
    if (!this.#isBlank(end)) this.#items.push({ start: this.#start, end });
    else if (!isLast) {
      this.#emptyItem = end;
      return true;
    }
    this.#start = this.#offset;
    return isLast;
  }

  #isBlank(end: number): boolean {
    for (let offset = this.#start; offset < end; offset++) if (this.#bytes[offset]! > 0x20) return false;
    return true;
  }
}
