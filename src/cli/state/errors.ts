import type { ErrorLine } from '../../contract/nodes.ts';
import { visibleLine } from '../../lib/visible.ts';
import { defineNodeCommand, type Form, listText } from '../fleet/with-node.ts';
import { wholeNumberOption } from '../line/option-values.ts';
import { untilStopped } from '../line/until-stopped.ts';
import { UsageError } from '../line/usage-error.ts';
import { tell } from '../print/tell.ts';
import { ErrorFeed, MOST_LINES } from './error-feed.ts';

const LAST = 20;

/** `steward errors`: the errors that all nodes reported to the central one. */
export const errors = defineNodeCommand({
  usage: ['errors [options]'],
  about: [
    'Prints the last errors that nodes reported, oldest first, as the central node collected them. Ask the central',
    'node: another one knows none, unless it is told to collect them (-startSubREQErrorLog).',
  ],
  options: {
    follow: { short: 'f', summary: 'go on with those that come, until Ctrl-C' },
    lines: { short: 'n', value: 'COUNT', summary: `how many of the past, default ${LAST}` },
    node: { value: 'NAME', summary: 'of this node alone', completes: 'node' },
  },
  noOperands: 'steward errors --help lists its options',
  examples: [
    { line: 'steward errors', does: `the last ${LAST}` },
    { line: 'steward errors -f --node ship1', does: 'those of ship1, and those to come' },
  ],
  run: async (call) => {
    const { form } = call;
    const { follow, node } = call.options;
    // What is followed has no end that a JSON list could be closed at.
    if (follow === true && form === 'json')
      throw new UsageError('-f prints one thing after the other: give --jsonl instead of --json');
    const limit = wholeNumberOption('lines', call.options.lines, MOST_LINES) ?? LAST;
    const write = (lines: readonly ErrorLine[]) => void call.stdout.write(errorsText(lines, form));
    const api = await call.api();
    const filter = { limit, node };
    if (follow !== true) write(await api.errors(filter));
    else {
      using stopped = untilStopped(call.stdout);
      const note = (text: string) => tell(call.stderr, text);
      await new ErrorFeed(api, { filter, write, note }).follow(stopped.signal);
    }
  },
});

function errorsText(lines: readonly ErrorLine[], form: Form): string {
  return listText(lines, form, () => lines.map(({ line }) => `${visibleLine(line.trimEnd())}\n`).join(''));
}
