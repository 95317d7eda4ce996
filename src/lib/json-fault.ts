/** Where a text stops being JSON (an offset in characters), and what is wrong there. */
export interface JsonFault {
  readonly offset: number;
  readonly reason: string;
}

const MAX_DEPTH = 256;

/** Finds the first place where a text is not JSON; undefined where it is. A comma after a last item is let pass. */
export function findJsonFault(text: string): JsonFault | undefined {
  const scan = new Scan(text);
  if (!scan.value(0)) return scan.fault;
  return scan.atEnd() ? undefined : { offset: scan.offset, reason: 'more text follows where the value ends' };
}

/** The text with a space in the place of every comma that follows a last item, where JSON allows none. */
export function dropTrailingCommas(text: string): string {
  const parts: string[] = [];
  let kept = 0;
  for (let offset = 0; offset < text.length; offset++) {
    if (text[offset] === '"') offset = endOfString(text, offset);
    else if (text[offset] === ',' && '}]'.includes(text[endOfSpace(text, offset + 1)] ?? ' ')) {
      parts.push(text.slice(kept, offset), ' ');
      kept = offset + 1;
    }
  }
  return parts.join('') + text.slice(kept);
}

function endOfString(text: string, start: number): number {
  let offset = start + 1;
  while (offset < text.length && text[offset] !== '"') offset += text[offset] === '\\' ? 2 : 1;
  return offset;
}

function endOfSpace(text: string, start: number): number {
  let offset = start;
  while (/[\t\n\r ]/.test(text[offset] ?? '')) offset++;
  return offset;
}

class Scan {
  readonly #text: string;
  offset = 0;
  fault: JsonFault | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  atEnd(): boolean {
    return this.#peek() === '';
  }

  value(depth: number): boolean {
    if (depth > MAX_DEPTH) return this.#fail('the value is nested too deeply');
    const first = this.#peek();
    if (first === '{') return this.#items('}', () => this.#member(depth));
    if (first === '[') return this.#items(']', () => this.value(depth + 1));
    return first === '"' ? this.#string() : this.#word();
  }

  #items(close: '}' | ']', item: () => boolean): boolean {
    this.offset++;
    for (;;) {
      if (this.#take(close)) return true;
      if (!item()) return false;
      if (this.#take(close)) return true;
      if (!this.#take(',')) return this.#fail(`"," or "${close}" is expected`);
    }
  }

  #member(depth: number): boolean {
    if (this.#peek() !== '"') return this.#fail('the name of a field, in double quotes, is expected');
    if (!this.#string()) return false;
    return this.#take(':') ? this.value(depth + 1) : this.#fail('":" is expected');
  }

  #string(): boolean {
    const start = this.offset;
    for (this.offset++; this.offset < this.#text.length; this.offset++) {
      const character = this.#text[this.offset]!;
      if (character === '"') {
        this.offset++;
        return true;
      }
      if (character < ' ')
        return this.#fail('a text holds a line break or control character; write it as \\n or \\u00..');
      if (character === '\\' && !this.#escape())
        return this.#fail('a text holds an unknown escape after "\\"');
    }
    this.offset = start;
    return this.#fail('a text that begins here has no closing quote');
  }

  #escape(): boolean {
    const length = /^(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.exec(
      this.#text.slice(this.offset + 1, this.offset + 6),
    )?.[0].length;
    this.offset += length ?? 0;
    return length !== undefined;
  }

  #word(): boolean {
    const pattern = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])/y;
    pattern.lastIndex = this.offset;
    const found = pattern.exec(this.#text);
    if (found) this.offset += found[0].length;
    else if (this.offset >= this.#text.length) return this.#fail('the text ends too early');
    return (
      found !== null ||
      this.#fail('a value is expected: text in double quotes, a number, true, false, null, {...} or [...]')
    );
  }

  #take(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.offset++;
    return true;
  }

  /** The next character after white space; '' at the end. */
  #peek(): string {
    this.offset = endOfSpace(this.#text, this.offset);
    return this.#text[this.offset] ?? '';
  }

  #fail(reason: string): boolean {
    this.fault = {
      offset: this.offset,
      reason: this.offset >= this.#text.length ? 'the text ends too early' : reason,
    };
    return false;
  }
}
