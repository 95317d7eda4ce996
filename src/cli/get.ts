import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StewardApi } from '../client/steward-api.ts';
import type { RequestSummary } from '../contract/requests.ts';
import { exitCodeOf, namedNodes, runBatch } from './batch-run.ts';
import { defineCommand, type ParsedCall } from './command.ts';
import { OutputReader } from './exec/output-reader.ts';
import type { OutputSink } from './exec/output-sink.ts';
import { bytesText } from './format/bytes-text.ts';
import { durationOption } from './format/duration.ts';
import { untilStopped } from './until-stopped.ts';
import { UsageError } from './usage-error.ts';
import { NODE_OPTIONS, withNode } from './with-node.ts';

const TIMEOUT_S = 30;

/** `steward get`: what a node finds at an address of its own network. */
export const get = defineCommand({
  usage: ['get [options] URL on TARGET...'],
  about: [
    'Has nodes fetch a web page, as they see it in their own network, and prints it. With several nodes, name a folder',
    'for the pages by --out. A page with a status other than 2xx, and a host that is not reached, is a failure.',
  ],
  options: {
    out: {
      type: 'string',
      short: 'o',
      value: 'FOLDER',
      summary: 'write FOLDER/<node> instead',
      completes: 'folder',
    },
    timeout: { type: 'string', value: 'SPAN', summary: `time for the fetching, default ${TIMEOUT_S}s` },
    wait: {
      type: 'string',
      short: 'w',
      value: 'SPAN',
      summary: 'give up where a node does not take it, default 30s',
    },
    ...NODE_OPTIONS,
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
    const [url, on, ...more] = call.operands;
    const targets = on === 'on' ? more : [...(on === undefined ? [] : [on]), ...more];
    if (url === undefined || targets.length === 0)
      throw new UsageError('name the address and the nodes: steward get URL on TARGET...');
    if (!/^https?:\/\/./i.test(url) || !URL.canParse(url))
      throw new UsageError(`${JSON.stringify(url)} is no address: write it as http://host/path, or https://`);
    const { out, timeout, wait } = call.options;
    const methodTimeout = timeout === undefined ? TIMEOUT_S : durationOption('timeout', timeout) / 1000;
    const expiresIn = wait === undefined ? 30 : durationOption('wait', wait) / 1000;
    return await withNode(call, async (api) => {
      const toNodes = (await namedNodes(api, targets)).map(({ name }) => name);
      if (toNodes.length > 1 && out === undefined)
        throw new UsageError(
          `${toNodes.length} nodes are named: give a folder for their pages, --out FOLDER`,
        );
      const limits = { methodTimeout: Math.ceil(methodTimeout), expiresIn: Math.ceil(expiresIn) };
      const message = {
        toNodes,
        method: 'REQHttpGet',
        methodArgs: [url],
        replyMethod: 'REQNone',
        output: 'live',
      };
      return await fetchPages(api, { ...message, ...limits }, call);
    });
  },
});

async function fetchPages(
  api: StewardApi,
  message: { toNodes: readonly string[]; methodArgs: readonly string[] },
  { options, stdout, stderr }: ParsedCall,
): Promise<number> {
  using stopped = untilStopped(stdout);
  const pages = new Map<string, Uint8Array[]>();
  const note = (text: string) => void stderr.write(`steward: ${text}\n`);
  const sink: OutputSink = {
    piece: (node, stream, data) => {
      if (stream === 'stdout') pages.set(node, [...(pages.get(node) ?? []), data]);
    },
    end: () => {},
  };
  const reader = new OutputReader(api, sink, (node, bytes) => note(`${node}: ${bytes} bytes were not kept`));
  const requests = await runBatch(api, {
    messages: [message],
    label: `get ${message.methodArgs[0]}`,
    signal: stopped.signal,
    onOutput: (piece) => reader.piece(piece, { ...piece, data: Buffer.from(piece.data, 'base64') }),
    onConnection: () => reader.missed(),
  });
  for (const request of requests.values()) {
    await reader.finish(request);
    const page = Buffer.concat(pages.get(request.node) ?? []);
    if (request.state !== 'succeeded') note(`${request.node}: ${whyNot(request)}`);
    else if (typeof options.out !== 'string') stdout.write(page);
    else {
      const path = await writePage(options.out, request.node, page);
      stdout.write(`${path}  ${bytesText(page.length)}\n`);
    }
  }
  return exitCodeOf(requests.values(), message.toNodes.length);
}

async function writePage(folder: string, node: string, page: Uint8Array): Promise<string> {
  const path = join(folder, node);
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(path, page);
    return path;
  } catch (cause) {
    throw new UsageError(`--out: ${path} cannot be written: ${(cause as Error).message}`);
  }
}

function whyNot({ state, reason }: RequestSummary): string {
  return reason === null ? state : `${state}: ${reason}`;
}
