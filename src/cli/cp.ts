import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { StewardApi } from '../client/steward-api.ts';
import { isEnd } from '../contract/states.ts';
import { exitCodeOf, namedNodes, runBatch } from './batch-run.ts';
import { defineCommand, type ParsedCall } from './command.ts';
import { CopyPrinter } from './copy-printer.ts';
import { type CopyPlan, readCopyPlan } from './cp-places.ts';
import { EXIT } from './exit-codes.ts';
import { untilStopped } from './until-stopped.ts';
import { UsageError } from './usage-error.ts';
import { FORM_OPTIONS, formOf, NODE_OPTIONS, withNode } from './with-node.ts';

/** `steward cp`: copies a file to nodes, or from them. */
export const cp = defineCommand({
  usage: ['cp [options] FILE TARGETS:PATH', 'cp [options] TARGETS:PATH FILE|FOLDER'],
  about: [
    'Copies a file of any size to a path on nodes, or from nodes to this machine, checked by its sha256 and put in place',
    'in one step. It goes on after cut links and restarts; a node that is away gets its copy when it is back. Files here',
    'are read and written by the node that is asked, so with --api they are on its machine. From several nodes the',
    'copies go to FOLDER/<node>/<name>.',
  ],
  options: {
    detach: { type: 'boolean', short: 'd', summary: 'do not wait for the end' },
    ...FORM_OPTIONS,
    ...NODE_OPTIONS,
  },
  operands: ['file'],
  examples: [
    { line: 'steward cp firmware.bin ship1:/opt/firmware.bin', does: 'to one node' },
    { line: "steward cp app.conf 'ship*':/etc/app/", does: 'to all ships, under its own name' },
    {
      line: "steward cp 'ship*':/var/log/app.log logs/",
      does: 'from all ships: logs/ship1/app.log and so on',
    },
  ],
  run: async (call) => {
    const form = formOf(call.options);
    const plan = readCopyPlan(call.operands, process.cwd());
    return await withNode(call, async (api) => {
      const nodes = (await namedNodes(api, [plan.targets])).map(({ name }) => name);
      const messages = await messagesOf(plan, nodes, api);
      const label = `cp ${call.operands.join(' ')}`;
      if (call.options.detach === true) return await detach(api, { messages, label }, call);
      using stopped = untilStopped();
      const printer = new CopyPrinter({ nodes, form }, call);
      const ofNode = new Map<string, string>();
      const requests = await runBatch(api, {
        messages,
        label,
        signal: stopped.signal,
        onAccepted: (accepted) => {
          for (const { id, index } of accepted) ofNode.set(id, nodes[index]!);
        },
        onRequests: (news) => {
          for (const request of news) printer.take(request, ofNode.get(request.id) ?? request.node);
        },
        onConnection: (fault) =>
          printer.note(fault === undefined ? 'the node answers again' : `${fault}; trying again`),
      });
      printer.end();
      if (!stopped.signal.aborted) return exitCodeOf(requests.values(), nodes.length);
      const open = [...requests.values()].filter(({ state }) => !isEnd(state));
      const [first] = open;
      if (first)
        call.stderr.write(
          `steward: the copying goes on; follow it: steward watch ${first.batch ?? first.id}\n`,
        );
      return first ? EXIT.noAnswer : exitCodeOf(requests.values(), nodes.length);
    });
  },
});

async function detach(
  api: StewardApi,
  { messages, label }: { messages: readonly object[]; label: string },
  { stdout }: ParsedCall,
): Promise<number> {
  const { batch, refused } = await api.submit(messages, { label });
  if (refused[0]) throw new UsageError(refused[0].reason);
  stdout.write(`follow: steward watch ${batch}\n`);
  return EXIT.ok;
}

/** A request for each node: to the node that is asked, which sends its file, or to the one that has the file. */
async function messagesOf(plan: CopyPlan, nodes: readonly string[], api: StewardApi): Promise<object[]> {
  const { node: here } = await api.status();
  const base = { method: 'REQCopyFileFrom', replyMethod: 'REQNone' };
  if (plan.way === 'to-nodes') {
    const path = plan.path.endsWith('/') ? join(plan.path, basename(plan.source)) : plan.path;
    return nodes.map((node) => ({ ...base, toNode: here, methodArgs: [plan.source, node, path] }));
  }
  const isFolder = plan.target.endsWith('/') || (await isFolderHere(plan.target));
  if (nodes.length > 1 && !isFolder)
    throw new UsageError(
      `${nodes.length} nodes have such a file: name a folder for the copies, with / at its end`,
    );
  return nodes.map((node) => {
    const place =
      nodes.length > 1
        ? join(plan.target, node, basename(plan.path))
        : join(plan.target, basename(plan.path));
    return { ...base, toNode: node, methodArgs: [plan.path, here, isFolder ? place : plan.target] };
  });
}

async function isFolderHere(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
