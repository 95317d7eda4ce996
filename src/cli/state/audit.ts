import { isEnd, REQUEST_STATES, type RequestState } from '../../contract/states.ts';
import { clockWords } from '../../lib/time-words.ts';
import { defineNodeCommand } from '../fleet/with-node.ts';
import { momentOption, wholeNumberOption } from '../line/option-values.ts';
import { type Terminal, terminalOf } from '../line/terminal.ts';
import { type ColumnOf, tableOf } from '../print/table.ts';

const MOST = 50;
/** `steward audit`: what the audit log keeps of every message that ended. */
export const audit = defineNodeCommand({
  usage: ['audit [options]'],
  about: [
    'Prints entries of the audit log (store.log and the files rotated from it), newest first: every message that this',
    'node sent and how it ended. --json shows entries whole, with the message itself.',
  ],
  options: {
    limit: { short: 'n', value: 'COUNT', summary: `at most this many, default ${MOST}` },
    node: { value: 'NAME', summary: 'messages to this node', completes: 'node' },
    method: { value: 'METHOD', summary: 'of this method' },
    state: { value: 'STATE', summary: 'that ended so', completes: REQUEST_STATES.filter(isEnd) },
    since: { value: 'TIME', summary: 'that ended since: 2h, 14:30 or a date' },
    text: { value: 'TEXT', summary: 'that hold this text somewhere' },
  },
  noOperands: 'steward audit --help lists its options',
  examples: [
    { line: 'steward audit --node ship1 --since 2h', does: 'what ended on ship1 in the last two hours' },
    { line: 'steward audit --text reboot --jsonl', does: 'every entry about a reboot, a line of JSON each' },
  ],
  run: async (call) => {
    const { limit, since, node, method, state, text } = call.options;
    const filter = {
      limit: wholeNumberOption('limit', limit, 1000) ?? MOST,
      since: since === undefined ? since : momentOption('since', since, { now: Date.now(), isPast: true }),
      ...{ node, method, state: state as RequestState | undefined, text },
    };
    const api = await call.api();
    const entries = await api.audit(filter);
    call.print(entries, () => auditText(entries, terminalOf(call.stdout, call)));
  },
});

type Entry = Readonly<Record<string, unknown>>;

function auditText(entries: readonly Entry[], terminal: Terminal): string {
  if (entries.length === 0) return 'the audit log has no such entries\n';
  const now = Date.now();
  const messageOf = (entry: Entry) => (entry.message ?? {}) as Entry;
  const argsOf = ({ methodArgs: args }: Entry) => (Array.isArray(args) ? args.map(String).join(' ') : '');
  const columns: readonly ColumnOf<Entry>[] = [
    { title: 'ENDED', of: ({ endedAt }) => clockWords(Date.parse(String(endedAt)), now) },
    { title: 'NODE', canShrink: true, of: (entry) => String(messageOf(entry).toNode ?? '-') },
    { title: 'STATE', of: ({ state }) => String(state ?? '-') },
    { title: 'METHOD', canShrink: true, rank: 0, of: (entry) => String(messageOf(entry).method ?? '-') },
    { title: 'ARGUMENTS', canShrink: true, of: (entry) => argsOf(messageOf(entry)) },
    { title: 'BY', canShrink: true, rank: 1, of: ({ by }) => String(by ?? '-') },
    { title: 'REASON', canShrink: true, goesBelow: true, of: ({ reason }) => String(reason ?? '') },
  ];
  return tableOf(columns, entries, terminal);
}
