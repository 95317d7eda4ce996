import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import type { TargetAnswer } from '../../contract/nodes.ts';
import { firstWords } from '../../lib/first-words.ts';
import { countWords } from '../../lib/time-words.ts';
import { type CommandOptions, type ParsedCall, UsageError } from '../line/command.ts';
import { wholeNumberOption } from '../line/option-values.ts';

/** The option of every command that asks before it does something on many nodes. */
export const CONFIRM_OPTIONS = {
  yes: { short: 'y', summary: 'do not ask before doing it on many nodes' },
} as const satisfies CommandOptions;

/** With more nodes than this a command asks first; STEWARD_ASK_ABOVE says another number. */
const ASK_ABOVE = 20;
const MOST_NAMES = 8;

type Call = Pick<ParsedCall, 'stdin' | 'stderr' | 'env'> & { readonly options: object };

interface Asked {
  readonly what: string;
  readonly targets: readonly string[];
  readonly answer: Pick<TargetAnswer, 'unlabelled'>;
  readonly names: readonly string[];
}

/**
 * Asks on a terminal before something is done on `*`, on nodes that lack a label of which the target says what it is not, or on many. Nothing is asked elsewhere, or with --yes. Throws
 * UsageError where the answer is not yes.
 */
export async function confirmNodes(call: Call, { what, targets, answer, names }: Asked): Promise<void> {
  const { stdin, stderr, env, options } = call;
  const isOnTerminal = [stdin, stderr].every((stream) => (stream as { isTTY?: boolean }).isTTY === true);
  if (!isOnTerminal || (options as { yes?: boolean }).yes === true) return;
  const limit = wholeNumberOption('STEWARD_ASK_ABOVE', env.STEWARD_ASK_ABOVE || undefined) ?? ASK_ABOVE;
  const isWide = targets.includes('*') || (answer.unlabelled ?? []).length > 0;
  if (!isWide && names.length <= limit) return;
  stderr.write(`${countWords(names.length, 'node')}: ${firstWords(names, MOST_NAMES)}\n`);
  using lines = createInterface({ input: stdin, output: stderr });
  const question = `${what} on ${names.length === 1 ? 'it' : 'all of them'}? [y/N] `;
  // Ctrl-C, Ctrl-D and a line that is cut are no yes. A closed input alone leaves the question open for ever.
  const closed = once(lines, 'close').then(() => '');
  const said = await Promise.race([lines.question(question).catch(() => ''), closed]);
  if (said === '') stderr.write('\n');
  if (!/^y(es)?$/i.test(said.trim())) throw new UsageError('nothing was done (--yes does not ask)');
}
