import { existsSync, statSync } from 'node:fs';
import type { StewardApi } from '../../client/steward-api.ts';
import { isEnd } from '../../contract/states.ts';
import { firstWords } from '../../lib/first-words.ts';
import { pause } from '../../lib/pause.ts';
import { countWords } from '../../lib/time-words.ts';
import { LEAST_KEPT_BYTES } from '../../message/told-output.ts';
import { EXIT, type ParsedCall, UsageError } from '../line/command.ts';
import { terminalOf } from '../line/terminal.ts';
import { untilStopped } from '../line/until-stopped.ts';
import { costColumns, costOf, costWords, linkOf, REQUEST_BYTES } from '../print/link-cost.ts';
import { packedSize } from '../print/packed-size.ts';
import { SHOWN_LENGTH } from '../print/short-id.ts';
import { type ColumnOf, presenceCell, tableOf } from '../print/table.ts';
import { awayNote } from './away-note.ts';
import { exitCodeOf, runBatch, warnOfTargets } from './batch-run.ts';
import { CONFIRM_OPTIONS, confirmNodes } from './confirm.ts';
import { CopyPrinter } from './copy-printer.ts';
import { type Copy, copiesOf } from './cp-copies.ts';
import { type CopyPlan, readCopyPlan } from './cp-plan.ts';
import { connectionWords } from './exec/batch-feed.ts';
import { type ChosenNode, chooseTargets } from './exec/choose-targets.ts';
import { durationOf } from './exec/read-options.ts';
import { defineNodeCommand, type Form, type NodeCall } from './with-node.ts';

/** How often it is looked who is away, while copies are open. */
const LOOK_MS = 2000;

/** `steward cp`: copies files to nodes, or from them. */
export const cp = defineNodeCommand({
  usage: ['cp [options] FILE|FOLDER... TARGETS:PATH', 'cp [options] TARGETS:PATH... FILE|FOLDER'],
  about: [
    'Copies files of any size to a path on nodes, or from nodes to this machine, each checked by its sha256 and put in',
    'place in one step. A folder is copied with all files in it. On a node, a pattern such as /var/log/*.log, and a',
    'folder with / at its end, match the files that exist there. From several nodes the copies go to FOLDER/<node>/.',
    '',
    'A copy goes on after cut links and restarts. It ends when every node that is here has its copy; a node that is',
    'away gets it when it is back, and the exit code is 3. The node that you ask reads and writes the local files, so',
    'with --api they are on its machine.',
  ],
  options: {
    wait: { short: 'w', value: 'TIME', summary: 'wait this long for nodes that are away; default 0s' },
    detach: { short: 'd', summary: 'do not wait for the end' },
    'dry-run': { short: 'n', summary: 'only say what would be copied where, and what it costs' },
    via: {
      value: 'NODE',
      summary: 'send by way of this node, which keeps the bytes for all of them',
    },
    new: { summary: 'take names of nodes that are not known yet' },
    template: { summary: 'fill in {{node}}, {{os}} and {{label.NAME}} in the paths' },
    ...CONFIRM_OPTIONS,
  },
  operands: ['file'],
  examples: [
    { line: 'steward cp firmware.bin ship1:/opt/firmware.bin', does: 'to one node' },
    { line: "steward cp app.conf certs 'ship*':/etc/app/", does: 'a file and a folder to all ships' },
    {
      line: "steward cp 'ship*':'/var/log/app*.log' logs/",
      does: 'from all ships: logs/ship1/app.log and so on',
    },
    {
      line: "steward cp --template 'conf/{{node}}.toml' 'ship*':/etc/app.toml",
      does: 'another file for each ship',
    },
    {
      line: "steward cp --via harbour app.tar 'island*':/opt/app.tar",
      does: 'once over the link to harbour, and from there to all islands',
    },
  ],
  run: async (call) => {
    const { form } = call;
    const plan = readCopyPlan(call.operands, process.cwd());
    const waitMs = durationOf(call.options, 'wait') ?? 0;
    const api = await call.api();
    using stopped = untilStopped();
    const places = plan.way === 'to-nodes' ? [plan.to] : plan.from;
    const targets = [...new Set(places.map((place) => place.targets))];
    const { answer, nodes } = await nodesOf(api, targets, call);
    const via = typeof call.options.via === 'string' ? { via: call.options.via } : {};
    if ('via' in via && plan.way !== 'to-nodes')
      throw new UsageError('--via is for copies to nodes: files of nodes come here directly');
    const options = { isTemplate: call.options.template === true, signal: stopped.signal, ...via };
    const copies = await copiesOf(plan, nodes, { api, ...options });
    if (call.options['dry-run'] === true)
      return await printDryRun(api, { plan, copies, nodes, call, ...via });
    const what = `copy ${countWords(new Set(copies.map(({ source }) => source)).size, 'file')}`;
    await confirmNodes(call, { what, targets, answer, names: nodes.map(({ name }) => name) });
    const label = `cp ${call.operands.join(' ')}`;
    if (call.options.detach === true) return await detach(api, { copies, label }, call);
    return await follow(api, { copies, label, nodes, form, waitMs, signal: stopped.signal, ...via }, call);
  },
});

/** The nodes of a copy. A file here whose name has a colon looks like a place on a node. */
async function nodesOf(api: StewardApi, targets: readonly string[], call: ParsedCall) {
  try {
    const answer = await api.targets({ targets });
    warnOfTargets(answer, call.stderr);
    const nodes = chooseTargets(answer, { takesNew: call.options.new === true });
    if (nodes.length === 0)
      throw new UsageError(`${targets.join(' ')} names no node: steward nodes lists them`, EXIT.noNode);
    return { answer, nodes };
  } catch (error) {
    const file = call.operands.find((operand) => operand.includes(':') && existsSync(operand));
    if (file === undefined || !(error instanceof UsageError)) throw error;
    throw new UsageError(
      `${error.message}; for the file ${file} of this machine, write ./${file}`,
      error.exitCode,
    );
  }
}

interface Following {
  readonly copies: readonly Copy[];
  readonly label: string;
  readonly nodes: readonly ChosenNode[];
  readonly via?: string;
  readonly form: Form;
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

/** Follows the copies until all have ended, or those that are left are for nodes that are away. */
async function follow(
  api: StewardApi,
  { copies, label, nodes, via, form, waitMs, signal }: Following,
  call: ParsedCall,
): Promise<number> {
  const printer = new CopyPrinter({ titles: copies.map(({ title }) => title), form }, call);
  const away = awayNote(nodes, Date.now());
  if (away !== undefined) printer.note(away);
  const copyOf = new Map<string, Copy>();
  const open = new Set<Copy>(copies);
  const over = new AbortController();
  const looking = untilNobodyIsHere(api, { open, via, until: performance.now() + waitMs, over });
  const requests = await runBatch(api, {
    messages: copies.map(({ message }) => message),
    label,
    signal: AbortSignal.any([signal, over.signal]),
    onAccepted: (accepted) => {
      for (const { id, index } of accepted) copyOf.set(id, copies[index]!);
    },
    onRequests: (news) => {
      for (const request of news) {
        const copy = copyOf.get(request.id);
        if (copy === undefined) continue;
        if (isEnd(request.state)) open.delete(copy);
        printer.take(request, copy.title);
      }
    },
    onConnection: (fault) => printer.note(connectionWords(fault)),
  });
  over.abort();
  await looking;
  printer.end();
  const left = [...requests.values()].filter(({ state }) => !isEnd(state));
  if (left.length === 0) return exitCodeOf(requests.values(), copies.length);
  const batch = (left[0]!.batch ?? left[0]!.id).slice(0, SHOWN_LENGTH);
  const names = [...new Set([...open].map(({ node }) => node))];
  call.stderr.write(
    `steward: ${countWords(left.length, 'copy', 'copies')} for ${firstWords(names, 5)} still to come\npick it up again: steward watch ${batch}\ncall it off:      steward cancel ${batch}\n`,
  );
  const ended = exitCodeOf(requests.values(), copies.length);
  return ended === EXIT.failed ? ended : EXIT.noAnswer;
}

interface Looking {
  readonly open: ReadonlySet<Copy>;
  /** The node that relays, by which a target that is not known here is looked at. */
  readonly via: string | undefined;
  readonly until: number;
  readonly over: AbortController;
}

/** Ends the following once all copies that are open are for nodes that are away, and the time to wait for them is over. */
async function untilNobodyIsHere(api: StewardApi, { open, via, until, over }: Looking): Promise<void> {
  for (; !over.signal.aborted; await pause(LOOK_MS, over.signal)) {
    if (performance.now() < until) continue;
    const known = await api.nodes().catch(() => undefined);
    if (known === undefined) continue;
    const presences = new Map(known.map(({ name, presence }) => [name, presence]));
    const presenceOf = (node: string) => presences.get(node) ?? 'unknown';
    const isAway = ({ node }: Copy) => {
      const presence = presenceOf(node);
      return (presence === 'unknown' && via !== undefined ? presenceOf(via) : presence) !== 'here';
    };
    // At first nothing has begun that could be waited for.
    if (open.size > 0 && [...open].every(isAway)) over.abort();
  }
}

async function detach(
  api: StewardApi,
  { copies, label }: { copies: readonly Copy[]; label: string },
  { stdout }: ParsedCall,
): Promise<number> {
  const messages = copies.map(({ message }) => message);
  const { batch, refused } = await api.submit(messages, { label });
  if (refused[0]) throw new UsageError(refused[0].reason);
  stdout.write(`follow: steward watch ${batch}\n`);
  return EXIT.ok;
}

async function printDryRun(
  api: StewardApi,
  {
    plan,
    copies,
    nodes,
    call,
    via,
  }: {
    plan: CopyPlan;
    copies: readonly Copy[];
    nodes: readonly ChosenNode[];
    call: NodeCall;
    via?: string;
  },
): Promise<number> {
  const link = await linkOf(api);
  const sent = new Set<string>();
  const bytesFor = (source: string) => {
    const bytes = plan.way === 'to-nodes' ? bytesOf(source) : null;
    // A node that relays keeps what is large enough for that.
    const isThere = sent.has(source) && bytes !== null && statSync(source).size >= LEAST_KEPT_BYTES;
    if (via !== undefined) sent.add(source);
    return isThere ? REQUEST_BYTES : bytes;
  };
  const presences = new Map(nodes.map(({ name, presence }) => [name, presence]));
  const things = copies.map(({ node, source, target }) => ({
    node,
    presence: presences.get(node)!,
    source,
    target,
    ...costOf(via ?? node, bytesFor(source), { link }),
  }));
  const columns: readonly ColumnOf<(typeof things)[number]>[] = [
    { title: 'NODE', of: ({ node }) => node },
    { title: 'PRESENCE', of: ({ presence }) => presenceCell(presence) },
    { title: 'FROM', canShrink: true, of: ({ source }) => source },
    ...costColumns(things),
    { title: 'TO', canShrink: true, goesBelow: true, of: ({ target }) => target },
  ];
  const text = () =>
    `${tableOf(columns, things, terminalOf(call.stdout, call))}${countWords(copies.length, 'copy', 'copies')}, ${costWords(things)} as samples of the files compress; nothing was copied\n`;
  call.print(things, text);
  return EXIT.ok;
}

/** About what a copy of a file of this machine takes, where its target has nothing of it. */
function bytesOf(source: string): number | null {
  const bytes = packedSize(source);
  return bytes === null ? null : bytes + REQUEST_BYTES;
}
