import type { StewardApi } from '../../client/steward-api.ts';
import type { RequestDetail } from '../../contract/requests.ts';
import type { TimelineStep } from '../../contract/timeline-step.ts';
import { joinWords } from '../../lib/shell-words.ts';
import { exactClockWords } from '../../lib/time-words.ts';
import { visibleLine } from '../../lib/visible.ts';
import { askedCommand } from '../../message/asked-command.ts';
import { requestsOf } from '../fleet/exec/batch-feed.ts';
import { defineNodeCommand } from '../fleet/with-node.ts';
import type { ParsedCall } from '../line/command.ts';
import { type Terminal, terminalOf } from '../line/terminal.ts';
import { type ColumnOf, sentenceLines, stateCell, tableOf } from '../print/table.ts';
import { resolveId } from './resolve-id.ts';

/** `steward why`: each step of a request's life, and in one sentence what it waits for or why it ended so. */
export const why = defineNodeCommand({
  usage: ['why [options] REQUEST...'],
  about: [
    'Prints in one sentence what a request waits for, or why it ended as it did, and each step of its',
    'life with the time by the clock of the node that sent it (here) and by that of the node that ran',
    'it (there). The beginning of an id is enough. For the id of a batch it explains all of its requests',
    'that did not succeed.',
  ],
  options: {},
  operands: ['id'],
  examples: [
    { line: 'steward why 01a204f7-5e13', does: 'one request, by the beginning of its id' },
    { line: 'steward why 01a204f7-5e13 --json', does: 'the same for a program' },
  ],
  needs: 'name the request: steward why ID; steward status lists the latest',
  run: async (call) => {
    const api = await call.api();
    const details: RequestDetail[] = [];
    for (const id of call.operands) {
      details.push(...(await detailsOf(api, id)));
    }
    call.print(details, () => whyTexts(details, call));
  },
});

/** The request of an id, or those of a batch that did not succeed. */
async function detailsOf(api: StewardApi, id: string): Promise<RequestDetail[]> {
  const thing = await resolveId(api, id, { first: 'request' });
  if (thing.kind === 'request') return [thing.request];
  const details: RequestDetail[] = [];
  for (const { id: one, state } of await requestsOf(api, thing.batch.id))
    if (state !== 'succeeded') details.push(await api.request(one));
  return details;
}

function whyTexts(details: readonly RequestDetail[], call: ParsedCall): string {
  const terminal = terminalOf(call.stdout, call);
  if (details.length === 0) return 'all requests of the batch succeeded\n';
  return details.map((detail) => whyText(detail, terminal)).join('\n');
}

function whyText(detail: RequestDetail, terminal: Terminal): string {
  const { id, node, why, timeline } = detail;
  const columns: readonly ColumnOf<TimelineStep>[] = [
    { title: 'HERE', of: ({ at }) => momentCell(at) },
    { title: 'THERE', rank: 0, of: ({ there }) => momentCell(there) },
    { title: 'WHAT', of: ({ what }) => (what === detail.state ? stateCell(detail.state) : what) },
    { title: 'NOTE', canShrink: true, goesBelow: true, of: ({ note }) => note ?? '' },
  ];
  const head = `${terminal.style('bold', id)}  ${visibleLine(`${node}  ${messageText(detail)}`)}`;
  return `${sentenceLines(head, terminal)}${sentenceLines(visibleLine(why), terminal)}\n${tableOf(columns, timeline, terminal)}`;
}

function momentCell(at: number | null): string {
  return at === null ? '' : exactClockWords(at);
}

/** What was asked for, in a line: the method and its arguments. */
export function messageText({ method, message }: Pick<RequestDetail, 'method' | 'message'>): string {
  const args = message?.methodArgs;
  return `${method} ${Array.isArray(args) ? joinWords(askedCommand(args.map(String))) : ''}`.trimEnd();
}
