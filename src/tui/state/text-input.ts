import { lettersOf, widthOf } from '../text/fit.ts';
import type { KeyPress } from './key-press.ts';

/** A line of text that is being written. The cursor counts letters, as people see them. */
export interface TextInput {
  readonly letters: readonly string[];
  readonly cursor: number;
}

export const EMPTY_INPUT: TextInput = { letters: [], cursor: 0 };

/** A text to go on with, the cursor at its end. */
export function inputOf(text: string): TextInput {
  const letters = lettersOf(text);
  return { letters, cursor: letters.length };
}

export function inputText(input: TextInput): string {
  return input.letters.join('');
}

/** What a key makes of the text; undefined where the key does nothing here. */
export function editInput(input: TextInput, { key, text }: KeyPress): TextInput | undefined {
  if (text !== null) return insert(input, text);
  return EDITS[key]?.(input);
}

/** Puts a text in at the cursor. */
export function insert({ letters, cursor }: TextInput, text: string): TextInput {
  const before = [...letters.slice(0, cursor), text].join('');
  const after = letters.slice(cursor).join('');
  return { letters: lettersOf(before + after), cursor: lettersOf(before).length };
}

/** The part of the text that is seen in some columns, with the letter under the cursor on its own. */
export function visibleInput(
  { letters, cursor }: TextInput,
  width: number,
): { before: string; under: string; after: string } {
  const under = letters[cursor] ?? ' ';
  let room = width - widthOf(shown(under));
  let start = cursor;
  while (start > 0 && room - widthOf(shown(letters[start - 1]!)) >= 0) {
    start--;
    room -= widthOf(shown(letters[start]!));
  }
  let end = cursor + 1;
  while (end < letters.length && room - widthOf(shown(letters[end]!)) >= 0) {
    room -= widthOf(shown(letters[end]!));
    end++;
  }
  const text = (from: number, to: number) => letters.slice(from, to).map(shown).join('');
  return { before: text(start, cursor), under: shown(under), after: text(cursor + 1, end) };
}

/** A line break within a text is shown as a mark. */
function shown(letter: string): string {
  return letter === '\n' || letter === '\r\n' ? '⏎' : letter === '\t' ? '→' : letter;
}

type Edit = (input: TextInput) => TextInput;

const backspace: Edit = ({ letters, cursor }) =>
  cursor === 0 ? { letters, cursor } : { letters: letters.toSpliced(cursor - 1, 1), cursor: cursor - 1 };
const remove: Edit = ({ letters, cursor }) => ({ letters: letters.toSpliced(cursor, 1), cursor });
const left: Edit = ({ letters, cursor }) => ({ letters, cursor: Math.max(0, cursor - 1) });
const right: Edit = ({ letters, cursor }) => ({ letters, cursor: Math.min(letters.length, cursor + 1) });
const home: Edit = ({ letters }) => ({ letters, cursor: 0 });
const end: Edit = ({ letters }) => ({ letters, cursor: letters.length });
const toEnd: Edit = ({ letters, cursor }) => ({ letters: letters.slice(0, cursor), cursor });
const toStart: Edit = ({ letters, cursor }) => ({ letters: letters.slice(cursor), cursor: 0 });
const removeWord: Edit = ({ letters, cursor }) => {
  const start = wordStart({ letters, cursor });
  return { letters: letters.toSpliced(start, cursor - start), cursor: start };
};

const EDITS: Readonly<Record<string, Edit>> = {
  backspace,
  'ctrl+h': backspace,
  delete: remove,
  left,
  'ctrl+b': left,
  right,
  'ctrl+f': right,
  home,
  'ctrl+a': home,
  end,
  'ctrl+e': end,
  'ctrl+k': toEnd,
  'ctrl+u': toStart,
  'ctrl+w': removeWord,
  'meta+backspace': removeWord,
  'meta+left': ({ letters, cursor }) => ({ letters, cursor: wordStart({ letters, cursor }) }),
  'meta+b': ({ letters, cursor }) => ({ letters, cursor: wordStart({ letters, cursor }) }),
  'meta+right': ({ letters, cursor }) => ({ letters, cursor: wordEnd({ letters, cursor }) }),
  'meta+f': ({ letters, cursor }) => ({ letters, cursor: wordEnd({ letters, cursor }) }),
};

function wordStart({ letters, cursor }: TextInput): number {
  let start = cursor;
  while (start > 0 && isSpace(letters[start - 1])) start--;
  while (start > 0 && !isSpace(letters[start - 1])) start--;
  return start;
}

function wordEnd({ letters, cursor }: TextInput): number {
  let end = cursor;
  while (end < letters.length && isSpace(letters[end])) end++;
  while (end < letters.length && !isSpace(letters[end])) end++;
  return end;
}

function isSpace(letter: string | undefined): boolean {
  return letter !== undefined && /^\s$/.test(letter);
}
