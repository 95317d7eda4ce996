import { stripVTControlCharacters } from 'node:util';

const ASCII = /^[\x20-\x7e]*$/;
/** What takes no column by itself: marks, controls, and characters that only join or format others. */
const NO_WIDTH = /^[\p{M}\p{Cc}\p{Cf}]*$/u;
/** Emoji, flags, and what East Asian scripts write two columns wide. */
const DOUBLE_WIDTH =
  /\p{Emoji_Presentation}|\uFE0F|[\u1100-\u115F\u2E80-\u303E\u3041-\u33FF\u3400-\u4DBF\u4E00-\u9FFF\uA000-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{20000}-\u{3FFFD}]/u;

/**
 * Columns that a text takes on a terminal: wide characters count twice, colours not at all. The library that knows every
 * exception takes a third of a command's start to load, and nothing of a fleet is named with those.
 */
export function widthOf(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const { segment } of new Intl.Segmenter().segment(stripVTControlCharacters(text)))
    width += NO_WIDTH.test(segment) ? 0 : DOUBLE_WIDTH.test(segment) ? 2 : 1;
  return width;
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

/** A text in lines of at most `width` columns, broken at spaces; those behind the first begin with the indent. A longer word stays whole. */
export function wrapWords(text: string, width: number, indent = ''): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/(?<=\S) (?=\S)/)) {
    if (line.trim() !== '' && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line);
      line = indent + word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join('\n');
}
