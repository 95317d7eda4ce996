import { isEnd, REQUEST_STATES, type RequestState } from '../../contract/states.ts';
import { clockWords } from '../../lib/time-words.ts';
import { FORM_OPTIONS, formOf, listText, NODE_OPTIONS, withNode } from '../fleet/with-node.ts';
import { defineCommand } from '../line/command.ts';
import { EXIT } from '../line/exit-codes.ts';
import { momentOption, wholeNumberOption } from '../line/option-values.ts';
import { type Terminal, terminalOf } from '../line/terminal.ts';
import { refuseOperands } from '../line/usage-error.ts';
import { formatTable } from '../print/table.ts';

const MOST = 50;
const COLUMNS = [
  { title: 'ENDED' },
  { title: 'NODE', canShrink: true },
  { title: 'STATE' },
  { title: 'METHOD', canShrink: true, rank: 0 },
  { title: 'ARGUMENTS', canShrink: true },
  { title: 'REASON', canShrink: true, goesBelow: true },
] as const;

/** `steward audit`: what the audit log keeps of every message that ended. */
export const audit = defineCommand({
  usage: ['audit [options]'],
  about: [
    'Prints entries of the audit log (store.log and the files rotated from it), newest first: every message that this',
    'node sent and how it ended. --json shows entries whole, with the message itself.',
  ],
  options: {
    limit: { type: 'string', short: 'n', value: 'COUNT', summary: `at most this many, default ${MOST}` },
    node: { type: 'string', value: 'NAME', summary: 'messages to this node', completes: 'node' },
    method: { type: 'string', value: 'METHOD', summary: 'of this method' },
    state: {
      type: 'string',
      value: 'STATE',
      summary: 'that ended so',
      completes: REQUEST_STATES.filter(isEnd),
    },
    since: { type: 'string', value: 'TIME', summary: 'that ended since: 2h, 14:30 or a date' },
    text: { type: 'string', value: 'TEXT', summary: 'that hold this text somewhere' },
    ...FORM_OPTIONS,
    ...NODE_OPTIONS,
  },
  examples: [
    { line: 'steward audit --node ship1 --since 2h', does: 'what ended on ship1 in the last two hours' },
    { line: 'steward audit --text reboot --jsonl', does: 'every entry about a reboot, a line of JSON each' },
  ],
  run: async (call) => {
    refuseOperands('audit', call.operands);
    const form = formOf(call.options);
    const { limit, since, node, method, state, text } = call.options;
    const filter = {
      limit: wholeNumberOption('limit', limit, 1000) ?? MOST,
      ...(since === undefined
        ? {}
        : { since: momentOption('since', since, { now: Date.now(), isPast: true }) }),
      ...(node === undefined ? {} : { node }),
      ...(method === undefined ? {} : { method }),
      ...(state === undefined ? {} : { state: state as RequestState }),
      ...(text === undefined ? {} : { text }),
    };
    return await withNode(call, async (api) => {
      const entries = await api.audit(filter);
      call.stdout.write(listText(entries, form, () => auditText(entries, terminalOf(call.stdout, call))));
      return EXIT.ok;
    });
  },
});

type Entry = Readonly<Record<string, unknown>>;

function auditText(entries: readonly Entry[], terminal: Terminal): string {
  if (entries.length === 0) return 'the audit log has no such entries\n';
  const now = Date.now();
  const rows = entries.map((entry) => {
    const message = (entry.message ?? {}) as Entry;
    const args = Array.isArray(message.methodArgs) ? message.methodArgs.map(String) : [];
    return [
      clockWords(Date.parse(String(entry.endedAt)), now),
      ...[message.toNode, entry.state, message.method].map((value) => String(value ?? '-')),
      args.join(' '),
      String(entry.reason ?? ''),
    ];
  });
  return formatTable(COLUMNS, rows, terminal);
}
