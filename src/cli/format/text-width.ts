import stringWidth from 'string-width';

const ASCII = /^[\x20-\x7e]*$/;

/** Columns that a text takes on a terminal: wide characters count twice, colours not at all. */
export function widthOf(text: string): number {
  return ASCII.test(text) ? text.length : stringWidth(text);
}

/** A text filled with spaces up to a width, at its end or, for numbers, at its beginning. */
export function padTo(text: string, width: number, side: 'left' | 'right' = 'left'): string {
  const gap = ' '.repeat(Math.max(0, width - widthOf(text)));
  return side === 'left' ? text + gap : gap + text;
}

/** A text without colours, cut to a width with `…` at its end where it is longer. */
export function cutTo(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let cut = '';
  let taken = 1;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    taken += widthOf(segment);
    if (taken > width) break;
    cut += segment;
  }
  return width > 0 ? `${cut}…` : '';
}

/** A text of somebody else on one line: its control characters, which could do things to a terminal, are shown as escapes. */
export function toLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, (character) => ESCAPES[character] ?? hex(character));
}

const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\t': ' ', '\r': '\\r' };

function hex(character: string): string {
  return `\\x${character.codePointAt(0)!.toString(16).padStart(2, '0')}`;
}
