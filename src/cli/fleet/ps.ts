import type { StewardApi } from '../../client/steward-api.ts';
import type { ProcessSummary } from '../../contract/nodes.ts';
import { visibleLine } from '../../lib/visible.ts';
import { EXIT, type ParsedCall } from '../line/command.ts';
import { secondsOption } from '../line/option-values.ts';
import { terminalOf } from '../line/terminal.ts';
import { type ColumnOf, tableOf } from '../print/table.ts';
import { tell } from '../print/tell.ts';
import { awayNote } from './away-note.ts';
import { askNodes, exitCodeOf, namedNodes, waitOption } from './batch-run.ts';
import { defineNodeCommand, type Form, listText, type NodeCall, withNode } from './with-node.ts';

const WAIT_S = 10;

/** `steward ps`: the processes of a node, its subscribers and publishers. */
export const ps = defineNodeCommand({
  usage: ['ps [options] [TARGET...]'],
  about: [
    'Lists the processes of nodes: a subscriber for each method that a node takes, a publisher for each subject that it',
    'sends to. Without a target it lists those of the node that you ask; to others it sends a REQOpProcessList.',
  ],
  options: { wait: waitOption(WAIT_S) },
  operands: ['target'],
  examples: [
    { line: 'steward ps', does: 'those of the node here' },
    { line: 'steward ps ship1', does: 'those of ship1' },
  ],
  run: async (call) => {
    const { form } = call;
    const expiresIn = secondsOption('wait', call.options.wait, WAIT_S);
    return await withNode(call, async (api) =>
      call.operands.length === 0
        ? await ownProcesses(api, call)
        : await othersProcesses(api, { form, expiresIn }, call),
    );
  },
});

async function ownProcesses(api: StewardApi, call: NodeCall): Promise<number> {
  const all = await api.processes();
  const columns: readonly ColumnOf<ProcessSummary>[] = [
    { title: 'ID', isRight: true, of: ({ id }) => id },
    { title: 'KIND', of: ({ kind }) => kind },
    { title: 'STATE', of: ({ state }) => state },
    { title: 'RESTARTS', isRight: true, rank: 0, of: ({ restarts }) => restarts },
    { title: 'NAME', canShrink: true, of: ({ name }) => name },
  ];
  call.print(all, () => tableOf(columns, all, terminalOf(call.stdout, call)));
  return EXIT.ok;
}

/** A line of a node's list, in the words of the original: `<date>, process: <kind>, id: <n>, name: <subject>`. */
const LINE = /process: ([^,]*), id: (\d+), name: (.*)$/;

async function othersProcesses(
  api: StewardApi,
  { form, expiresIn }: { form: Form; expiresIn: number },
  { operands, stdout, stderr }: ParsedCall,
): Promise<number> {
  const { nodes } = await namedNodes(api, operands, stderr);
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
