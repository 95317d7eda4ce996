import type { LinkAnswer } from '../../contract/link.ts';
import type { NodeSummary } from '../../contract/nodes.ts';
import { callWords } from '../../lib/call-words.ts';
import { agoWords } from '../../lib/time-words.ts';
import { toJson } from '../../lib/visible.ts';
import { defineNodeCommand, type Form, listText } from '../fleet/with-node.ts';
import { EXIT } from '../line/command.ts';
import { type Terminal, terminalOf } from '../line/terminal.ts';
import { linkText } from '../print/link-text.ts';
import { type ColumnOf, presenceCell, tableOf } from '../print/table.ts';
import { tell } from '../print/tell.ts';

/** `steward nodes`: who is there, who is away since when, and what waits for whom. */
export const nodes = defineNodeCommand({
  usage: ['nodes [options] [TARGET...]'],
  about: [
    'Lists the nodes that the running node knows, with their presence, version, system, labels and what waits for',
    'them. The central node knows all nodes that ever said hello; other nodes know those that they sent something to.',
    '',
    'With --link it shows the link of the node that you ask: bytes today, by class, what hellos cost a day, and for each',
    'node the measured rate and round trip, and when its queue will be empty. A rate with >= is a lower bound: the link',
    'was never full.',
  ],
  options: { link: { summary: 'show the link of the node that is asked: bytes today, rates, round trips' } },
  operands: ['target'],
  examples: [
    { line: 'steward nodes', does: 'all nodes' },
    { line: "steward nodes 'presence=away'", does: 'those that are away' },
    { line: 'steward nodes --link', does: 'what goes over the link of this node, and how fast' },
    { line: "steward nodes 'ship*' --jsonl | jq -r .name", does: 'names alone, for a script' },
  ],
  run: async (call) => {
    const { form } = call;
    const api = await call.api();
    const isAll = call.operands.length === 0;
    const found = isAll
      ? { nodes: await api.nodes(), unknown: [] }
      : await api.targets({ targets: call.operands });
    for (const { reason } of found.unknown) tell(call.stderr, reason);
    const terminal = terminalOf(call.stdout, call);
    const isMeant = (node: string) => isAll || found.nodes.some(({ name }) => name === node);
    call.stdout.write(
      call.options.link === true
        ? linkOf(await api.link(), { isMeant, form, terminal })
        : listText(found.nodes, form, () =>
            isAll || found.nodes.length > 0 ? nodesText(found.nodes, terminal) : '',
          ),
    );
    return found.unknown.length > 0 ? EXIT.noNode : EXIT.ok;
  },
});

function linkOf(
  link: LinkAnswer,
  { isMeant, form, terminal }: { isMeant(node: string): boolean; form: Form; terminal: Terminal },
): string {
  const nodes = link.nodes.filter(({ node }) => isMeant(node));
  if (form === 'json') return `${toJson({ ...link, nodes }, 2)}\n`;
  return listText(nodes, form, () => linkText(link, nodes, terminal));
}

function nodesText(all: readonly NodeSummary[], terminal: Terminal): string {
  if (all.length === 0) return 'no nodes are known yet: they are once they say hello to this one\n';
  const now = Date.now();
  const seen = ({ isSelf, lastSeenAt: at }: NodeSummary) =>
    isSelf ? 'here' : at === null ? 'never' : agoWords(at, now);
  const columns: readonly ColumnOf<NodeSummary>[] = [
    { title: 'NODE', canShrink: true, of: ({ name }) => name },
    { title: 'PRESENCE', of: ({ presence, callsAt }) => presenceCell(presence, callWords(callsAt, now)) },
    { title: 'SEEN', of: seen },
    { title: 'VERSION', canShrink: true, rank: 1, of: ({ version }) => version ?? '-' },
    { title: 'SYSTEM', canShrink: true, rank: 0, of: systemText },
    { title: 'QUEUED', isRight: true, of: ({ queued }) => queued || '-' },
    { title: 'RUNNING', isRight: true, rank: 2, of: ({ running }) => running || '-' },
    { title: 'LABELS', canShrink: true, of: labelsText },
  ];
  return tableOf(columns, all, terminal);
}

function systemText({ os, arch }: NodeSummary): string {
  return os === null ? '-' : `${os} ${arch ?? ''}`.trimEnd();
}

function labelsText({ labels, isSelf, isCentral, note }: NodeSummary): string {
  const marks = [...(isCentral ? ['(central)'] : isSelf ? ['(asked)'] : []), ...(note ? [`(${note})`] : [])];
  return [...Object.entries(labels).map(([key, value]) => `${key}=${value}`), ...marks].join(' ');
}
