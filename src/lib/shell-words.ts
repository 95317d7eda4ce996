/** The words of a line as a shell would see them, or why they cannot be told. */
export type Words =
  | { readonly ok: true; readonly words: readonly string[] }
  | { readonly ok: false; readonly fault: string };

/** One part of a word: in quotes of either kind, after a backslash, or bare. */
const PART = /'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\\([\s\S])|([^\s'"\\]+)/y;

/** Splits a line at spaces; quotes and backslashes keep what they enclose together, and nothing else is special. */
export function splitWords(line: string): Words {
  const words: string[] = [];
  let place = spacesEnd(line, 0);
  while (place < line.length) {
    let word = '';
    while (place < line.length && !/\s/.test(line[place]!)) {
      PART.lastIndex = place;
      const part = PART.exec(line);
      if (part === null) return { ok: false, fault: faultAt(line[place]!) };
      word += partText(part);
      place = PART.lastIndex;
    }
    words.push(word);
    place = spacesEnd(line, place);
  }
  return { ok: true, words };
}

/** The words as one line for a shell; `splitWords` splits it into the same words. */
export function joinWords(words: readonly string[]): string {
  return words.map(quoteWord).join(' ');
}

function partText([, single, double, escaped, bare]: RegExpExecArray): string {
  return single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped ?? bare ?? '';
}

function faultAt(letter: string): string {
  return letter === '\\' ? 'a backslash at its end stands before nothing' : `the ${letter} is never closed`;
}

function spacesEnd(line: string, from: number): number {
  let place = from;
  while (place < line.length && /\s/.test(line[place]!)) place++;
  return place;
}

/** A word as one types it for a shell: in quotes where a shell would read it otherwise. */
export function quoteWord(word: string): string {
  return /^[\w@%+:,./-][\w@%+=:,./-]*$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
