import { quoteWord } from '../../../lib/shell-words.ts';
import type { ExecOptions } from './read-options.ts';

const OPERATORS = new Set(['|', '||', '&&', ';', '>', '>>', '<', '2>', '2>&1', '&']);
const BUILTINS = new Set(['cd', 'export', 'source', '.', 'alias', 'ulimit', 'umask', 'set']);

/** A hint for a command that looks as if a shell should read it; undefined for others. No shell does behind `--`. */
export function shellHint({ command, script }: Pick<ExecOptions, 'command' | 'script'>): string | undefined {
  const [program = '', ...args] = command ?? [];
  if (script !== undefined || program === '' || program.startsWith('/')) return undefined;
  const isShell =
    /[\s|;&<>$`]/.test(program) || BUILTINS.has(program) || !OPERATORS.isDisjointFrom(new Set(args));
  const isVariable = args.find((arg) => /^\$\w+$/.test(arg));
  if (!isShell && isVariable === undefined) return undefined;
  const what = isShell ? quoteWord(program) : isVariable;
  return `${what} is passed on as it is, without a shell; a shell reads it with --shell ${quoteWord([program, ...args].join(' '))}`;
}
