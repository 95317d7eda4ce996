import stringWidth from 'string-width';

const PLAIN = /^[\u0020-\u007E]*$/;
const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Columns that a clean text takes. */
export function widthOf(text: string): number {
  return PLAIN.test(text) ? text.length : stringWidth(text);
}

/** The letters of a text as people see them. */
export function lettersOf(text: string): string[] {
  if (PLAIN.test(text)) return text.split('');
  return Array.from(graphemes.segment(text), ({ segment }) => segment);
}

/** As much of a text's beginning as goes into some columns. */
export function cutTo(text: string, width: number): string {
  if (PLAIN.test(text)) return text.slice(0, Math.max(0, width));
  let result = '';
  let used = 0;
  for (const letter of lettersOf(text)) {
    used += widthOf(letter);
    if (used > width) break;
    result += letter;
  }
  return result;
}

/** The text in exactly `width` columns: what is too long ends with an ellipsis, what is short is filled with spaces. */
export function fit(text: string, width: number, side: 'left' | 'right' = 'left'): string {
  if (width <= 0) return '';
  const own = widthOf(text);
  const shown = own <= width ? text : `${cutTo(text, width - 1)}…`;
  const gap = ' '.repeat(Math.max(0, width - widthOf(shown)));
  return side === 'left' ? shown + gap : gap + shown;
}

/** The text in rows of at most `width` columns, broken at spaces where there are any near the end. */
export function wrap(text: string, width: number): string[] {
  if (width <= 0) return [''];
  const rows: string[] = [];
  let rest = text;
  while (widthOf(rest) > width) {
    const piece = cutTo(rest, width) || (lettersOf(rest)[0] ?? '');
    const end = breakAt(piece, rest);
    rows.push(rest.slice(0, end).trimEnd());
    rest = rest.slice(end).trimStart();
  }
  rows.push(rest);
  return rows;
}

/** The text in rows of `width` columns, broken wherever a row is full: for what must be seen as it is. */
export function chop(text: string, width: number): string[] {
  if (widthOf(text) <= width || width <= 0) return [text];
  const rows: string[] = [];
  let rest = text;
  while (rest !== '') {
    const piece = cutTo(rest, width) || (lettersOf(rest)[0] ?? rest);
    rows.push(piece);
    rest = rest.slice(piece.length);
  }
  return rows;
}

function breakAt(piece: string, rest: string): number {
  if (rest[piece.length] === ' ') return piece.length;
  const space = piece.lastIndexOf(' ');
  return space > piece.length / 2 ? space : piece.length;
}
