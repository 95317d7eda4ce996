import type { TrustAnswer } from '../../contract/trust.ts';
import { agoWords, countWords } from '../../lib/time-words.ts';
import { toJson } from '../../lib/visible.ts';
import { defineNodeCommand, type Form } from '../fleet/with-node.ts';
import { type ParsedCall, UsageError } from '../line/command.ts';
import { type Terminal, terminalOf } from '../line/terminal.ts';
import { type ColumnOf, tableOf } from '../print/table.ts';

const OPTIONS = {
  allow: {
    multiple: true,
    value: 'NODE',
    summary: 'with close: a node that cannot prove who it is, and is trusted all the same',
    completes: 'node',
  },
} as const;

/** What a word of the command sets. */
const MODES = new Map([
  ['open', 'open'],
  ['watch', 'watch'],
  ['close', 'closed'],
] as const);

const MEANING = {
  open: 'open: what the broker lets through is done, whoever sent it',
  watch: 'watch: as open, and what a closed node would refuse is counted',
  closed:
    'closed: a node that the broker does not prove gets nothing, and a ship may ask central for nothing',
} as const;

/** `steward trust`: shows and sets who may ask a node for what. */
export const trustCommand = defineNodeCommand({
  usage: ['trust [--folder DIR] [--json]', 'trust watch|close|open [--allow NODE]... [--folder DIR]'],
  about: [
    'Shows who may ask the node for what, which nodes have not proved who they are, and what a closed node refused,',
    'or would have refused, in the last 7 days. watch begins to count these, and asks other nodes for proof; then',
    'close the central node first and the others after it; open takes it back. The change takes effect at the next',
    'start of the node.',
    '',
    'Before a fleet with nats-server is closed, write its configuration anew: steward broker-config --trust closed.',
  ],
  options: OPTIONS,
  examples: [
    { line: 'steward trust', does: 'how it stands' },
    { line: 'steward trust --json', does: 'the same for a program' },
    { line: 'steward trust watch', does: 'the first step, for some days' },
    { line: 'steward trust close --allow ship7', does: 'the second; ship7 runs an older version' },
  ],
  run: async (call) => {
    const { form } = call;
    const [word, ...more] = call.operands;
    if (more.length > 0)
      throw new UsageError(`trust takes one word: ${JSON.stringify(more[0])} is one too many`);
    const mode = word === undefined ? undefined : MODES.get(word as 'open');
    if (word !== undefined && mode === undefined)
      throw new UsageError(`trust ${JSON.stringify(word)} is none of watch, close and open`);
    if (mode !== undefined && form !== 'text')
      throw new UsageError('--json goes with trust alone, which shows how it stands');
    if (call.options.allow !== undefined && mode !== 'closed')
      throw new UsageError('--allow goes with trust close');
    const api = await call.api();
    const found = await api.trust({});
    if (mode === undefined) call.stdout.write(shown(found, form, call));
    else call.stdout.write(await set(found, mode, call.options.allow ?? []));
  },
});

function shown(found: TrustAnswer, form: Form, call: ParsedCall): string {
  if (form === 'text') return trustText(found, terminalOf(call.stdout, call));
  return `${toJson(found, form === 'json' ? 2 : 0)}\n`;
}

async function set(
  found: TrustAnswer,
  mode: 'open' | 'watch' | 'closed',
  allow: readonly string[],
): Promise<string> {
  const { configFile, node } = found;
  if (mode === 'closed') checkClose(found, allow);
  const originals = [...new Set([...found.originals, ...allow])];
  const { saveSettings } = await import('../../config/save-settings.ts');
  const values = { Trust: mode, ...(allow.length > 0 && { TrustOriginal: originals.join(',') }) };
  const fault = await saveSettings(configFile, values);
  if (fault !== undefined) throw new UsageError(fault);
  return `${node} is ${MEANING[mode]}.\n${configFile} says so; the node takes it when it starts again.\n`;
}

/** Nobody is shut out by surprise. */
function checkClose(
  { mode, node, unproved, originals, refusals }: TrustAnswer,
  allow: readonly string[],
): void {
  if (mode === 'open')
    throw new UsageError(
      `${node} is open: let it watch first (steward trust watch, then start it again), and see what would be refused`,
    );
  const left = unproved.filter(({ name }) => !allow.includes(name) && !originals.includes(name));
  if (left.length > 0) {
    const names = left.map(({ name, version }) => `${name} (${version ?? 'original'})`).join(', ');
    throw new UsageError(
      `${countWords(left.length, 'node')} did not prove who they are: ${names}; bring them to this version, or name each with --allow NODE`,
    );
  }
  const known = new Set([...allow, ...originals]);
  const refused = refusals.filter(({ claimed, sender }) => sender === '' && !known.has(claimed));
  const first = refused[0];
  if (first !== undefined && unproved.some(({ name }) => name === first.claimed))
    throw new UsageError(
      `${first.claimed} would be refused: ${first.reason}; --allow ${first.claimed} lets it be`,
    );
}

function trustText({ node, mode, originals, unproved, refusals }: TrustAnswer, terminal: Terminal): string {
  const now = Date.now();
  const lines = [`${terminal.style('bold', node)} is ${MEANING[mode]}`];
  if (mode === 'open') lines.push('steward trust watch shows what a closed node would refuse');
  if (originals.length > 0) lines.push(`need no proof: ${originals.join(', ')}`);
  if (mode !== 'open' && unproved.length > 0)
    lines.push(
      `unproved: ${unproved.map(({ name, lastSeenAt }) => `${name} (${lastSeenAt === null ? 'never seen' : agoWords(lastSeenAt, now)})`).join(', ')}`,
    );
  if (mode !== 'open' && refusals.length === 0) lines.push('nothing was refused in the last 7 days');
  const columns: readonly ColumnOf<(typeof refusals)[number]>[] = [
    { title: 'FROM', canShrink: true, of: ({ sender, claimed }) => sender || `${claimed} (not proved)` },
    { title: 'METHOD', of: ({ method }) => method },
    { title: 'COUNT', isRight: true, of: ({ count }) => count },
    { title: 'LAST', of: ({ lastAt }) => agoWords(lastAt, now) },
    { title: 'REASON', canShrink: true, goesBelow: true, of: ({ reason }) => reason },
  ];
  const table = refusals.length === 0 ? '' : `\n${tableOf(columns, refusals, terminal)}`;
  return `${lines.join('\n')}\n${table}`;
}
