/** What does something to a terminal, ends a line, or changes the order in which a text is read without being seen. */
const UNSEEN = /[\p{Cc}\p{Bidi_Control}\u2028\u2029\u{E0000}-\u{E007F}]/gu;
/** As much of that as JSON leaves in a text as it is. */
const UNSEEN_IN_JSON = /[\u007F-\u009F\p{Bidi_Control}\u2028\u2029\u{E0000}-\u{E007F}]/gu;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\t': ' ', '\r': '\\r' };

/**
 * A text of somebody else on one line: what could do something to a terminal, to the lines of a log or to the order of
 * letters is shown as escapes.
 */
export function visibleLine(text: string): string {
  return text.replace(UNSEEN, (character) => SHORT[character] ?? escaped(character));
}

/** A text of somebody else with its lines and tabs; the rest as by `visibleLine`. */
export function visibleText(text: string): string {
  return text.replace(UNSEEN, (character) => (isLayout(character) ? character : escaped(character)));
}

/** A text of somebody else whose further lines are set in, so that none of them looks like an entry of its own. */
export function setInLines(text: string): string {
  return text.replace(/[\r\n]+(?![\r\n]| {4}|$)/g, '\n    ');
}

/** A value as JSON that can be shown and kept in lines. */
export function toJson(value: unknown, indent = 0): string {
  return visibleJson(JSON.stringify(value, undefined, indent));
}

/** JSON that can be shown and kept in lines: the value is the same. */
export function visibleJson(json: string): string {
  return json.replace(UNSEEN_IN_JSON, (character) =>
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

/** JSON whose texts have their lines and tabs, and of what else is not seen the escapes: for what shows these texts. */
export function visibleTextsJson(json: string): string {
  return visibleJson(json).replace(/\\(?:u([0-9a-f]{4})|(.))/gi, (found, unit?: string, letter?: string) => {
    if (unit !== undefined) return `\\\\x${unit.replace(/^00/, '')}`;
    const code = 'bfr'.includes(letter!) ? JSON.parse(`"${found}"`).charCodeAt(0).toString(16) : undefined;
    return code === undefined ? found : `\\\\x${code.padStart(2, '0')}`;
  });
}

const ESCAPE = '\u001b';
const COLOUR = new RegExp(`^${ESCAPE}\\[[0-9;:]*m$`);
/** A sequence, whatever stands in it, or a character that is not seen by itself. */
const SEQUENCE = new RegExp(
  [
    `${ESCAPE}\\[[^@-~${ESCAPE}]*[@-~]?`,
    `${ESCAPE}\\][^\u0007${ESCAPE}]*(?:\u0007|${ESCAPE}\\\\)?`,
    `${ESCAPE}[^]?`,
    UNSEEN.source,
  ].join('|'),
  'gu',
);

/** What a program printed, for a terminal: its colours stay, and of the rest what could move the cursor is left out. */
export function terminalOutput(text: string, kept: string): string {
  return text.replace(SEQUENCE, (found) => {
    if (kept.includes(found) || COLOUR.test(found)) return found;
    return /^\p{Cc}/u.test(found) ? '' : escaped(found);
  });
}

/** The most that is held back of a sequence that has not ended, characters. */
const MAX_HELD = 4096;
const UNFINISHED = new RegExp(`${ESCAPE}(?:\\[[^@-~${ESCAPE}]*|\\][^\u0007${ESCAPE}]*)?$`, 'u');

/** Takes what a program prints as it comes, in any pieces, for a terminal that it has to itself. */
export class TerminalOutput {
  readonly #decoder = new TextDecoder();
  #held = '';
  #isColoured = false;

  /** What of it may be shown by now. */
  push(bytes: Uint8Array): string {
    return this.#take(this.#decoder.decode(bytes, { stream: true }), false);
  }

  /** What is left, and the end of colours that were left on. */
  end(): string {
    const rest = this.#take(this.#decoder.decode(), true);
    return this.#isColoured ? `${rest}${RESET}` : rest;
  }

  #take(text: string, isAll: boolean): string {
    const whole = this.#held + text;
    const at = isAll ? -1 : (UNFINISHED.exec(whole)?.index ?? -1);
    const isHeld = at >= 0 && whole.length - at <= MAX_HELD;
    this.#held = isHeld ? whole.slice(at) : '';
    const shown = terminalOutput(isHeld ? whole.slice(0, at) : whole, '\n\t\r');
    this.#isColoured ||= shown.includes(ESCAPE);
    // Other programs that write to the terminal begin in their own colour.
    return this.#isColoured && shown.endsWith('\n') ? `${shown.slice(0, -1)}${RESET}\n` : shown;
  }
}

const RESET = `${ESCAPE}[0m`;

function isLayout(character: string): boolean {
  return character === '\n' || character === '\t';
}

function escaped(character: string): string {
  return `\\x${character.codePointAt(0)!.toString(16).padStart(2, '0')}`;
}
