import type { StewardApi } from '../client/steward-api.ts';
import type { ErrorLine } from '../contract/nodes.ts';
import { defineCommand } from './command.ts';
import { EXIT } from './exit-codes.ts';
import { toLine } from './format/text-width.ts';
import { untilStopped } from './until-stopped.ts';
import { refuseOperands, UsageError } from './usage-error.ts';
import { wholeNumberOption } from './whole-number.ts';
import { FORM_OPTIONS, type Form, formOf, listText, NODE_OPTIONS, withNode } from './with-node.ts';

const LAST = 20;

/** `steward errors`: the errors that all nodes reported to the central one. */
export const errors = defineCommand({
  usage: ['errors [options]'],
  about: [
    'Prints the last errors that nodes reported, oldest first, as the central node collected them. Ask the central',
    'node: another one knows none, unless it is told to collect them (-startSubREQErrorLog).',
  ],
  options: {
    follow: { type: 'boolean', short: 'f', summary: 'go on with those that come, until Ctrl-C' },
    lines: { type: 'string', short: 'n', value: 'COUNT', summary: `how many of the past, default ${LAST}` },
    node: { type: 'string', value: 'NAME', summary: 'of this node alone', completes: 'node' },
    ...FORM_OPTIONS,
    ...NODE_OPTIONS,
  },
  examples: [
    { line: 'steward errors', does: `the last ${LAST}` },
    { line: 'steward errors -f --node ship1', does: 'those of ship1, and those to come' },
  ],
  run: async (call) => {
    refuseOperands('errors', call.operands);
    const { follow, node } = call.options;
    const form = formOf(call.options);
    // What is followed has no end that a JSON list could be closed at.
    if (follow === true && form === 'json')
      throw new UsageError('-f prints one thing after the other: give --jsonl instead of --json');
    const limit = wholeNumberOption('lines', call.options.lines, 1000) ?? LAST;
    const write = (lines: readonly ErrorLine[]) => void call.stdout.write(errorsText(lines, form));
    return await withNode(call, async (api) => {
      const filter = { limit, ...(node === undefined ? {} : { node }) };
      if (follow !== true) write(await api.errors(filter));
      else await followErrors(api, { filter, write });
      return EXIT.ok;
    });
  },
});

/** Prints what there is once events are listened to, so that nothing between the two is missed. */
async function followErrors(
  api: StewardApi,
  { filter, write }: { filter: { limit: number; node?: string }; write(lines: readonly ErrorLine[]): void },
): Promise<void> {
  using stopped = untilStopped();
  for await (const event of api.events({ types: ['errors'] }, stopped.signal)) {
    if (event.type === 'hello') write(await api.errors(filter));
    if (event.type !== 'errors') continue;
    const { node } = filter;
    write(node === undefined ? event.lines : event.lines.filter((line) => line.node === node));
  }
}

function errorsText(lines: readonly ErrorLine[], form: Form): string {
  return listText(lines, form, () => lines.map(({ line }) => `${toLine(line.trimEnd())}\n`).join(''));
}
