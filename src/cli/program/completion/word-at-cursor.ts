import { OPTIONS } from '../../../config/options.ts';
import type { Command, CommandOption, CommandOptions, CommandSpec, Completes } from '../../line/command.ts';
import { COMMON_OPTIONS } from '../../line/command-line.ts';

/** A word that may stand at the cursor, and what it is for. */
export interface Suggestion {
  readonly word: string;
  readonly about: string;
}

/** What may stand at the cursor: these words, or things that only a running node or the shell can list. */
export interface WordAtCursor {
  readonly words: readonly Suggestion[];
  /** `none` where the words are all there is. */
  readonly more: Exclude<Completes, readonly string[]>;
  /** What is typed of the word already, behind an option's `=` where there is one. */
  readonly typed: string;
  /** What the word begins with and suggestions leave out: the option up to its `=`. */
  readonly prefix: string;
}

/** The words after `steward`; the last one is the one at the cursor, '' where it is not begun. */
export type Line = readonly string[];

/** What may stand at the cursor of a line. */
export async function wordAtCursor(line: Line, commands: readonly Command[]): Promise<WordAtCursor> {
  const typed = line.at(-1) ?? '';
  const [first = ''] = line;
  if (line.length <= 1 && !typed.startsWith('-')) return words(typed, commandWords(commands));
  if (first.startsWith('-')) return words(typed, nodeFlags());
  const command = commands.find(({ name }) => name === first);
  const loaded = command && (await command.load());
  if (typeof loaded === 'object') return wordOfCommand(loaded, line.slice(1));
  if (first === 'run') return words(typed, nodeFlags());
  return first === 'help' && line.length === 2 ? words(typed, commandWords(commands)) : words(typed, []);
}

function wordOfCommand(spec: CommandSpec, line: Line): WordAtCursor {
  const typed = line.at(-1) ?? '';
  const before = line.slice(0, -1);
  if (before.includes('--')) return { words: [], more: 'file', typed, prefix: '' };
  const options: CommandOptions = { ...COMMON_OPTIONS, ...spec.options };
  const open = openOption(before.at(-1), options);
  if (open) return valuesOf(open, typed, '');
  const [, name, value] = /^--([^=]+)=(.*)$/s.exec(typed) ?? [];
  const inline = name === undefined ? undefined : options[name];
  if (inline) return valuesOf(inline, value ?? '', `--${name}=`);
  if (typed.startsWith('-')) return words(typed, optionWords(options, before));
  const place = operandPlace(before, options);
  return listed(spec.operands?.[Math.min(place, spec.operands.length - 1)] ?? 'none', typed, '');
}

/** The option that waits for its value, where the word before the cursor is one. */
function openOption(word: string | undefined, options: CommandOptions): CommandOption | undefined {
  if (word === undefined || word === '--') return undefined;
  const option = word.startsWith('--')
    ? options[word.slice(2)]
    : /^-[a-z]+$/i.test(word)
      ? Object.values(options).find(({ short }) => short === word.at(-1))
      : undefined;
  return option?.value === undefined ? undefined : option;
}

function operandPlace(before: Line, options: CommandOptions): number {
  return before.filter((word, at) => !word.startsWith('-') && !openOption(before[at - 1], options)).length;
}

function valuesOf(option: CommandOption, typed: string, prefix: string): WordAtCursor {
  return listed(option.completes ?? 'none', typed, prefix);
}

function listed(completes: Completes, typed: string, prefix: string): WordAtCursor {
  if (typeof completes === 'string') return { words: [], more: completes, typed, prefix };
  return { words: completes.map((word) => ({ word, about: '' })), more: 'none', typed, prefix };
}

function words(typed: string, all: readonly Suggestion[]): WordAtCursor {
  return { words: all, more: 'none', typed, prefix: '' };
}

function commandWords(commands: readonly Command[]): Suggestion[] {
  return commands.map(({ name, summary }) => ({ word: name, about: summary }));
}

function optionWords(options: CommandOptions, before: Line): Suggestion[] {
  return Object.entries(options)
    .filter(([name, { isHidden, multiple }]) => !isHidden && (multiple || !before.includes(`--${name}`)))
    .map(([name, { summary }]) => ({ word: `--${name}`, about: summary }));
}

function nodeFlags(): Suggestion[] {
  return OPTIONS.map(({ flag, summary }) => ({ word: `-${flag}=`, about: summary }));
}
