import { STATE_WORDS } from '../../contract/states.ts';
import { FORM_OPTIONS, NODE_OPTIONS } from '../fleet/with-node.ts';
import { defineCommand } from '../line/command.ts';

/** Options that pick requests out. */
export const FILTER_OPTIONS = {
  node: { multiple: true, value: 'NODE', summary: 'requests for this node', completes: 'node' },
  method: { multiple: true, value: 'METHOD', summary: 'of this method' },
  state: {
    multiple: true,
    value: 'STATE',
    summary: 'in this state, or a group: open, waiting, unreached, ended, bad',
    completes: STATE_WORDS,
  },
  since: { value: 'WHEN', summary: 'queued since a time or a span ago, such as 2h' },
  until: { value: 'WHEN', summary: 'queued before that' },
  batch: { value: 'BATCH', summary: 'of this batch', completes: 'batch' },
  scheduled: { summary: 'that run by a schedule and have not ended' },
  text: { value: 'TEXT', summary: 'with these words in what was asked, its node, state or reason' },
} as const;

/** `steward status`: what became of requests. */
export const status = defineCommand({
  usage: ['status [options] [BATCH|REQUEST...]'],
  about: [
    'Without an id: the node, counts of all requests that it remembers, and the latest batches. With',
    'the id of a batch: the counts of its requests and each of them; of a request: all that is known of',
    'it. The beginning of an id is enough. With filters: a list of requests, newest first. -f goes on',
    'with a line for each change until Ctrl-C.',
  ],
  options: {
    ...FILTER_OPTIONS,
    limit: { short: 'l', value: 'COUNT', summary: 'how many batches or requests at most' },
    follow: { short: 'f', summary: 'go on with each change' },
    ...FORM_OPTIONS,
    ...NODE_OPTIONS,
  },
  operands: ['batch'],
  examples: [
    { line: 'steward status', does: 'how things stand' },
    { line: 'steward status 01a204f7-5e12', does: 'what became of a batch' },
    { line: 'steward status --state failed --since 2h', does: 'what failed in the last two hours' },
    { line: 'steward status --node ship17 --state waiting', does: 'what waits for a ship' },
    { line: 'steward status --scheduled', does: 'what runs again and again, or later' },
    { line: 'steward status --text apt-get', does: 'every request in which apt-get stands' },
  ],
  run: async (call) => (await import('./status/status-command.ts')).statusCommand(call),
});
