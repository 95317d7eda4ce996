import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StewardApi } from '../../client/steward-api.ts';
import type { RequestSummary } from '../../contract/requests.ts';
import { makeFolders } from '../../lib/make-folders.ts';
import { sizeWords } from '../../lib/size-words.ts';
import { visibleLine } from '../../lib/visible.ts';
import { type ParsedCall, UsageError } from '../line/command.ts';
import { secondsOption } from '../line/option-values.ts';
import { untilStopped } from '../line/until-stopped.ts';
import { tell } from '../print/tell.ts';
import { awayNote } from './away-note.ts';
import { exitCodeOf, namedNodes, runBatch } from './batch-run.ts';
import { OutputReader } from './exec/output-reader.ts';
import { createRawSink, type OutputSink } from './exec/output-sink.ts';
import { bytesAsJson } from './exec/run-result.ts';
import { defineNodeCommand } from './with-node.ts';

const TIMEOUT_S = 30;
const WAIT_S = 30;

/** `steward get`: what a node finds at an address of its own network. */
export const get = defineNodeCommand({
  usage: ['get [options] URL on TARGET...'],
  about: [
    'Fetches a web page on nodes, from their own network, and prints it. With several nodes, name a folder for the pages',
    'with --out, or use --json. A status other than 2xx, or a host that does not answer, counts as failed.',
  ],
  options: {
    out: { short: 'o', value: 'FOLDER', summary: 'write FOLDER/<node> instead', completes: 'folder' },
    timeout: { value: 'SPAN', summary: `time for the fetching, default ${TIMEOUT_S}s` },
    wait: { short: 'w', value: 'SPAN', summary: `give up where a node does not take it, default ${WAIT_S}s` },
  },
  operands: ['none', ['on'], 'target'],
  examples: [
    {
      line: 'steward get http://192.168.1.1/status on ship1',
      does: 'the status page of the router on board',
    },
    { line: "steward get http://localhost:9100/metrics on 'ship*' -o metrics", does: 'a file for each ship' },
  ],
  run: async (call) => {
    const { form } = call;
    const [url, ...words] = call.operands;
    const targets = words[0] === 'on' ? words.slice(1) : words;
    if (url === undefined || targets.length === 0)
      throw new UsageError('name the address and the nodes: steward get URL on TARGET...');
    if (!/^https?:\/\/./i.test(url) || !URL.canParse(url))
      throw new UsageError(`${JSON.stringify(url)} is no address: write it as http://host/path, or https://`);
    const { out, timeout, wait } = call.options;
    const limits = {
      methodTimeout: secondsOption('timeout', timeout, TIMEOUT_S),
      expiresIn: secondsOption('wait', wait, WAIT_S),
    };
    const api = await call.api();
    const { nodes } = await namedNodes(api, targets, call.stderr);
    const toNodes = nodes.map(({ name }) => name);
    if (toNodes.length > 1 && out === undefined && form === 'text')
      throw new UsageError(`${toNodes.length} nodes are named: give a folder for their pages, --out FOLDER`);
    const message = {
      toNodes,
      method: 'REQHttpGet',
      methodArgs: [url],
      replyMethod: 'REQNone',
      output: 'live',
    };
    const away = awayNote(nodes, Date.now());
    if (away !== undefined) tell(call.stderr, away);
    const fetched = await fetchPages(api, { ...message, ...limits }, call);
    if (form === 'text') for (const one of fetched) await printPage(one, call);
    else {
      const all = await Promise.all(fetched.map((one) => asJson(one, call)));
      call.print(all, () => '');
    }
    return exitCodeOf(
      fetched.map(({ request }) => request),
      toNodes.length,
    );
  },
});

interface Fetched {
  readonly request: RequestSummary;
  readonly page: Uint8Array;
}

async function fetchPages(
  api: StewardApi,
  message: { toNodes: readonly string[]; methodArgs: readonly string[] },
  { stdout, stderr }: ParsedCall,
): Promise<Fetched[]> {
  using stopped = untilStopped(stdout);
  const pages = new Map<string, Uint8Array[]>();
  const sink: OutputSink = {
    piece: (node, stream, data) => {
      if (stream === 'stdout') pages.set(node, [...(pages.get(node) ?? []), data]);
    },
    end: () => {},
  };
  const reader = new OutputReader(api, sink, (node, bytes) => {
    tell(stderr, `${node}: ${bytes} bytes were not kept`);
  });
  const requests = await runBatch(api, {
    messages: [message],
    label: `get ${message.methodArgs[0]}`,
    signal: stopped.signal,
    onOutput: reader.event,
    onConnection: reader.missed,
  });
  for (const request of requests.values()) await reader.finish(request);
  return [...requests.values()].map((request) => ({
    request,
    page: Buffer.concat(pages.get(request.node) ?? []),
  }));
}

/** Prints a page or what stands in its place: where it was written, or why there is none. */
async function printPage({ request, page }: Fetched, { options, stdout, stderr }: ParsedCall): Promise<void> {
  const { node, state, reason } = request;
  if (state !== 'succeeded')
    tell(stderr, `${node}: ${reason === null ? state : visibleLine(`${state}: ${reason}`)}`);
  else if (typeof options.out !== 'string') await printRaw(page, { stdout, stderr });
  else stdout.write(`${await writePage(options.out, node, page)}  ${sizeWords(page.length)}\n`);
}

async function printRaw(page: Uint8Array, streams: Pick<ParsedCall, 'stdout' | 'stderr'>): Promise<void> {
  const sink = createRawSink(streams);
  await sink.piece('', 'stdout', page);
  await sink.end('');
}

async function asJson({ request, page }: Fetched, { options }: ParsedCall): Promise<object> {
  const { node, id, state, reason } = request;
  const isWritten = typeof options.out === 'string' && state === 'succeeded';
  const content = isWritten
    ? { path: await writePage(String(options.out), node, page) }
    : { page: bytesAsJson(page) };
  return { node, id, state, reason, bytes: page.length, ...content };
}

async function writePage(folder: string, node: string, page: Uint8Array): Promise<string> {
  const path = join(folder, node);
  try {
    await makeFolders(folder);
    await writeFile(path, page);
    return path;
  } catch (cause) {
    throw new UsageError(`--out: ${path} cannot be written: ${(cause as Error).message}`);
  }
}
