import type { StewardApi } from '../../client/steward-api.ts';
import { visibleLine } from '../../lib/visible.ts';
import { defineCommand, type ParsedCall } from '../line/command.ts';
import { EXIT } from '../line/exit-codes.ts';
import { secondsOption } from '../line/option-values.ts';
import { terminalOf } from '../line/terminal.ts';
import { formatTable } from '../print/table.ts';
import { tell } from '../print/tell.ts';
import { awayNote } from './away-note.ts';
import { askNodes, exitCodeOf, namedNodes, waitOption } from './batch-run.ts';
import { FORM_OPTIONS, type Form, formOf, listText, NODE_OPTIONS, withNode } from './with-node.ts';

const WAIT_S = 10;

/** `steward ps`: the processes of a node, its subscribers and publishers. */
export const ps = defineCommand({
  usage: ['ps [options] [TARGET...]'],
  about: [
    'Lists the processes of nodes: a subscriber for each method that a node takes, a publisher for each subject that it',
    'sends to. Without a target, those of the node that is asked; others are asked by a REQOpProcessList.',
  ],
  options: {
    wait: waitOption(WAIT_S),
    ...FORM_OPTIONS,
    ...NODE_OPTIONS,
  },
  operands: ['target'],
  examples: [
    { line: 'steward ps', does: 'those of the node here' },
    { line: 'steward ps ship1', does: 'those of ship1' },
  ],
  run: async (call) => {
    const form = formOf(call.options);
    const expiresIn = secondsOption('wait', call.options.wait, WAIT_S);
    return await withNode(call, async (api) =>
      call.operands.length === 0
        ? await ownProcesses(api, form, call)
        : await othersProcesses(api, { form, expiresIn }, call),
    );
  },
});

async function ownProcesses(api: StewardApi, form: Form, call: ParsedCall): Promise<number> {
  const all = await api.processes();
  const columns = [
    { title: 'ID', isRight: true },
    { title: 'KIND' },
    { title: 'STATE' },
    { title: 'RESTARTS', isRight: true, rank: 0 },
    { title: 'NAME', canShrink: true },
  ];
  const rows = all.map(({ id, kind, state, restarts, name }) => [
    String(id),
    kind,
    state,
    String(restarts),
    name,
  ]);
  call.stdout.write(listText(all, form, () => formatTable(columns, rows, terminalOf(call.stdout, call))));
  return EXIT.ok;
}

/** A line of a node's list, in the words of the original: `<date>, process: <kind>, id: <n>, name: <subject>`. */
const LINE = /process: ([^,]*), id: (\d+), name: (.*)$/;

async function othersProcesses(
  api: StewardApi,
  { form, expiresIn }: { form: Form; expiresIn: number },
  { operands, stdout, stderr }: ParsedCall,
): Promise<number> {
  const nodes = await namedNodes(api, operands, stderr);
  const away = awayNote(nodes, Date.now());
  if (away !== undefined) tell(stderr, away);
  const requests = await askNodes(api, nodes, {
    message: { method: 'REQOpProcessList' },
    seconds: expiresIn,
    label: `ps ${operands.join(' ')}`,
  });
  const all: object[] = [];
  for (const { id, node, state, reason } of requests.values()) {
    if (state !== 'succeeded') {
      tell(stderr, `${node}: ${state}${reason === null ? '' : `, ${visibleLine(reason)}`}`);
      continue;
    }
    const lines = Buffer.from(await api.output(id))
      .toString()
      .trimEnd()
      .split('\n');
    if (form === 'text') stdout.write(lines.map((line) => `${node}  ${visibleLine(line)}\n`).join(''));
    else all.push(...lines.map((line) => toJson(node, line)));
  }
  for (const { name } of nodes.filter((one) => ![...requests.values()].some(({ node }) => node === one.name)))
    tell(stderr, `${name}: no answer`);
  if (form !== 'text') stdout.write(listText(all, form, () => ''));
  return exitCodeOf(requests.values(), nodes.length);
}

function toJson(node: string, line: string): object {
  const [, kind, id, name] = LINE.exec(line) ?? [];
  return kind === undefined ? { node, line } : { node, id: Number(id), kind, name };
}
