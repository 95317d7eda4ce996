import { stripVTControlCharacters } from 'node:util';

const TAB_WIDTH = 8;

/** Characters whose width terminals do not agree on, or that change the order of others. */
const UNRULY = /\p{Cf}|\p{Emoji_Modifier}|\p{Variation_Selector}|\u{20E3}/gu;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const CONTROL = /[\u0000-\u001F\u007F-\u009F]/g;
const NEEDS_CLEANING = /[^\u0020-\u007E]/;

/**
 * A text that may come from anywhere, such as a node's output, as one line that is safe to draw: escape sequences are
 * gone, control characters are shown as `^G`, tabs are spaces, and what makes the width of a text uncertain is left out.
 */
export function cleanLine(text: string): string {
  if (!NEEDS_CLEANING.test(text)) return text;
  return withoutLooseMarks(
    expandTabs(stripVTControlCharacters(text.toWellFormed()))
      .replace(CONTROL, caret)
      .replace(/[\u2028\u2029]/g, ' ')
      .replace(UNRULY, ''),
  );
}

/** What is seen of a line after its carriage returns, as of a progress bar that draws over itself. */
export function lastWritten(line: string): string {
  const whole = line.replace(/\r+$/, '');
  return whole.slice(whole.lastIndexOf('\r') + 1);
}

function caret(character: string): string {
  const code = character.charCodeAt(0);
  if (code === 0x7f) return '^?';
  if (code < 0x20) return `^${String.fromCharCode(code + 0x40)}`;
  return `\\x${code.toString(16)}`;
}

function expandTabs(text: string): string {
  if (!text.includes('\t')) return text;
  let result = '';
  for (const part of text.split(/(\t)/)) {
    result += part === '\t' ? ' '.repeat(TAB_WIDTH - ([...result].length % TAB_WIDTH)) : part;
  }
  return result;
}

/** Marks that stand on nothing, or on more marks than any writing has, draw over other text. */
function withoutLooseMarks(text: string): string {
  return text.replace(/^\p{M}+/u, '').replace(/(\p{M}{2})\p{M}+/gu, '$1');
}
