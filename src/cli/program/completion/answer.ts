import { visibleLine } from '../../../lib/visible.ts';
import type { Command } from '../../line/command.ts';
import type { Shell } from './shell-scripts.ts';
import { type Line, type Suggestion, type WordAtCursor, wordAtCursor } from './word-at-cursor.ts';

/** What only a running node knows: names of nodes, targets, ids. */
export type Look = (kind: 'node' | 'target' | 'id' | 'batch') => Promise<readonly Suggestion[]>;

/** The most suggestions: a shell that shows thousands helps nobody. */
const MOST = 500;

/** The lines that a shell is answered with for the words up to the cursor. */
export async function completionLines(
  shell: Shell,
  line: Line,
  deps: { readonly commands: readonly Command[]; readonly look: Look },
): Promise<string[]> {
  const whole = shell === 'bash' ? rejoined(line) : line;
  const wanted = await wordAtCursor(whole, deps.commands);
  if (wanted.more === 'file') return [':files'];
  if (wanted.more === 'folder') return [':folders'];
  const all = wanted.more === 'none' ? wanted.words : (await deps.look(wanted.more)).filter(isPlain);
  const prefix = shell === 'bash' ? '' : wanted.prefix;
  const start = shell === 'bash' ? bashStart(wanted.typed) : 0;
  return fitting(all, wanted)
    .slice(0, MOST)
    .map(({ word, about }) => `${prefix}${word.slice(start)}\t${visibleLine(about)}`);
}

/** Whether a name that came from a node means itself to every shell, and no option: it is put on the command line as it is. */
function isPlain({ word }: Suggestion): boolean {
  return !/^[-:=]|[\s\p{C}"'`$\\;&|<>(){}[\]*?!#~^]/u.test(word);
}

function fitting(all: readonly Suggestion[], { typed }: WordAtCursor): Suggestion[] {
  return all.filter(({ word }) => word.startsWith(typed));
}

/** The characters at which bash takes words apart, alone. */
const SIGN = /^[=:]+$/;

/** bash splits `--limit=3`, `region=north` and `http://x` into three words each, and `@group` as two. */
function rejoined(line: Line): string[] {
  const words: string[] = [];
  for (const [at, word] of line.entries()) {
    const before = line[at - 1] ?? '';
    const isJoined = at > 0 && (SIGN.test(word) || SIGN.test(before) || before === '@');
    if (isJoined) words.push(`${words.pop()}${word}`);
    else words.push(word);
  }
  return words;
}

/** Where the part of a suggestion begins that bash puts in: behind the last sign that is typed. */
function bashStart(typed: string): number {
  return Math.max(typed.lastIndexOf('='), typed.lastIndexOf(':')) + 1;
}
