import { FORM_OPTIONS, NODE_OPTIONS } from '../fleet/with-node.ts';
import { defineCommand } from '../line/command.ts';

/** `steward watch`: requests while they run. */
export const watch = defineCommand({
  usage: ['watch [options] [BATCH|REQUEST]'],
  about: [
    'Shows a batch or a request while it runs: its output from the beginning, and its progress. It ends',
    'when all requests have ended, with the exit codes of exec. Without an id it prints a line for each',
    'request that changes, until Ctrl-C.',
  ],
  options: {
    wait: { value: 'TIME', summary: 'end after this long at the latest; default none' },
    prefix: {
      value: 'WHEN',
      summary: 'name the node of each line: always, never, or for several nodes; default auto',
      completes: ['auto', 'always', 'never'],
    },
    node: { multiple: true, value: 'NODE', summary: 'without an id: of this node', completes: 'node' },
    ...FORM_OPTIONS,
    ...NODE_OPTIONS,
  },
  operands: ['batch'],
  examples: [
    { line: 'steward watch', does: 'everything that changes' },
    { line: 'steward watch 01a204f7-5e12', does: 'a batch, until all of its requests have ended' },
  ],
  run: async (call) => (await import('./status/watch-command.ts')).watchCommand(call),
});
