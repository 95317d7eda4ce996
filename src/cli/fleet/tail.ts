import type { StewardApi } from '../../client/steward-api.ts';
import type { RequestSummary } from '../../contract/requests.ts';
import { isEnd } from '../../contract/states.ts';
import { toJson, visibleLine } from '../../lib/visible.ts';
import { type ParsedCall, UsageError } from '../line/command.ts';
import { secondsOption, wholeNumberOption } from '../line/option-values.ts';
import { terminalOf } from '../line/terminal.ts';
import { untilStopped } from '../line/until-stopped.ts';
import { tell } from '../print/tell.ts';
import { awayNote } from './away-note.ts';
import { exitCodeOf, namedNodes, runBatch } from './batch-run.ts';
import { connectionWords } from './exec/batch-feed.ts';
import { createLineSink } from './exec/line-sink.ts';
import { OutputReader } from './exec/output-reader.ts';
import { createRawSink, type OutputSink, writeTo } from './exec/output-sink.ts';
import { createLinePrinter } from './exec/prefixed-lines.ts';
import { bytesAsJson } from './exec/run-result.ts';
import { defineNodeCommand } from './with-node.ts';

/** `steward tail`: follows a file on nodes. */
export const tail = defineNodeCommand({
  usage: ['tail [options] TARGET... FILE'],
  about: [
    'Prints new lines of a file on nodes, also after rotation and cut links. Ctrl-C ends it, here and on the nodes. With',
    'several nodes each line begins with its node; --json and --jsonl print a line of JSON for each, with its node.',
  ],
  options: {
    lines: {
      short: 'n',
      value: 'COUNT',
      summary: 'begin with the last lines, by the program tail of the node',
    },
    for: { value: 'SPAN', summary: 'end after this time: 10m' },
    'no-prefix': { summary: 'print lines without their node' },
  },
  operands: ['target'],
  examples: [
    { line: 'steward tail ship1 /var/log/syslog', does: 'the log of one node' },
    { line: 'steward tail -n 20 ship1 /var/log/syslog', does: 'its last 20 lines, and those to come' },
    {
      line: "steward tail 'ship*' /var/log/engine.log --for 10m",
      does: 'the same file on all ships, for 10 minutes',
    },
  ],
  run: async (call) => {
    const file = call.operands.at(-1);
    const targets = call.operands.slice(0, -1);
    if (file === undefined || targets.length === 0)
      throw new UsageError(
        `name the nodes and the file: steward tail ${/^[^/]+:\//.test(file ?? '') ? file!.replace(':', ' ') : 'TARGET... FILE'}`,
      );
    if (!file.startsWith('/'))
      throw new UsageError(
        `${JSON.stringify(file)}: write the path on the node from its root: steward tail ${targets[0]} /path/to/file`,
      );
    const { for: span } = call.options;
    // What is followed has no end that one JSON value could be closed at.
    const isJson = call.form !== 'text';
    const seconds = secondsOption('for', span, -1);
    const lines = wholeNumberOption('lines', call.options.lines);
    const api = await call.api();
    const { nodes } = await namedNodes(api, targets, call.stderr);
    const toNodes = nodes.map(({ name }) => name);
    using stopped = untilStopped(call.stdout);
    const note = (text: string) => tell(call.stderr, text);
    const isPrefixed = toNodes.length > 1 && call.options['no-prefix'] !== true;
    const onLost = (node: string, bytes: number) => note(`${node}: ${bytes} bytes were not kept`);
    const reader = new OutputReader(
      api,
      isJson ? jsonSink(call) : sinkOf({ isPrefixed, isSingle: toNodes.length === 1 }, call),
      onLost,
    );
    const away = awayNote(nodes, Date.now());
    if (away !== undefined) note(away);
    const message = { ...askedOf(file, lines), replyMethod: 'REQNone', output: 'live' };
    const requests = new Map<string, RequestSummary>();
    const ids: string[] = [];
    const { size } = await runBatch(api, {
      messages: [{ ...message, toNodes, methodTimeout: seconds }],
      label: `tail ${file}`,
      signal: stopped.signal,
      onAccepted: (accepted) => void ids.push(...accepted.map(({ id }) => id)),
      onOutput: reader.event,
      onRequests: async (news) => {
        for (const request of news) {
          const known = requests.get(request.id);
          if (known?.state === request.state && known.reason === request.reason) continue;
          // Noted once it is told: after a cut connection it is told again.
          await tellOf(request, reader, note);
          requests.set(request.id, request);
        }
      },
      onConnection: (fault) => {
        reader.missed();
        note(connectionWords(fault));
      },
    });
    if (!stopped.signal.aborted) return exitCodeOf(requests.values(), size);
    await endThere(
      api,
      ids.filter((id) => !isEnd(requests.get(id)?.state ?? 'queued')),
    );
  },
});

/** What the nodes are asked for: to follow the file from its end, or from some lines before it, as their own tail does. */
function askedOf(file: string, lines: number | undefined): { method: string; methodArgs: string[] } {
  return lines === undefined
    ? { method: 'REQTailFile', methodArgs: [file] }
    : { method: 'REQCliCommandCont', methodArgs: ['tail', '-n', String(lines), '-F', '--', file] };
}

/** The bytes of one node as they are; on a terminal, and of several nodes, whole lines that do nothing to it. */
function sinkOf({ isPrefixed, isSingle }: { isPrefixed: boolean; isSingle: boolean }, call: ParsedCall) {
  const { stdout, stderr } = call;
  const isTerminal = [stdout, stderr].some((stream) => terminalOf(stream, call).isTerminal);
  if (isSingle && !isTerminal) return createRawSink({ stdout, stderr });
  const terminals = { stdout: terminalOf(stdout, call), stderr: terminalOf(stderr, call) };
  return createLineSink(createLinePrinter({ stdout, stderr, terminals, isPrefixed }));
}

function jsonSink({ stdout }: ParsedCall): OutputSink {
  return createLineSink(({ node, bytes }) =>
    writeTo(stdout, `${toJson({ node, line: bytesAsJson(bytes) })}\n`),
  );
}

async function tellOf(
  request: RequestSummary,
  reader: OutputReader,
  note: (text: string) => void,
): Promise<void> {
  if (!isEnd(request.state)) {
    if (request.state === 'running' && request.reason !== null)
      note(`${request.node}: ${visibleLine(request.reason)}`);
    return;
  }
  await reader.finish(request);
  if (request.state !== 'succeeded')
    note(`${request.node}: ${request.state}: ${visibleLine(request.reason ?? '')}`);
}

/** Has the nodes follow no longer, which they would for as long as they run. */
async function endThere(api: StewardApi, ids: readonly string[]): Promise<void> {
  await Promise.all(ids.map((id) => api.cancelRequest(id)));
}
