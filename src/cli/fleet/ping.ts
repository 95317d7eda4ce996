import type { Writable } from 'node:stream';
import type { NodeSummary } from '../../contract/nodes.ts';
import type { RequestSummary } from '../../contract/requests.ts';
import { isEnd } from '../../contract/states.ts';
import { callWords } from '../../lib/call-words.ts';
import { agoWords, durationWords } from '../../lib/time-words.ts';
import { toJson, visibleLine } from '../../lib/visible.ts';
import type { ParsedCall } from '../line/command.ts';
import { secondsOption } from '../line/option-values.ts';
import { type Terminal, terminalOf } from '../line/terminal.ts';
import { tell } from '../print/tell.ts';
import { padTo } from '../print/text-width.ts';
import { awayNote } from './away-note.ts';
import { askNodes, exitCodeOf, namedNodes, waitOption } from './batch-run.ts';
import { defineNodeCommand, type Form } from './with-node.ts';

const WAIT_S = 5;

/** `steward ping`: whether nodes take requests now, and how long a request takes there and back. */
export const ping = defineNodeCommand({
  usage: ['ping [options] TARGET...'],
  about: [
    'Sends a REQPing to each node and prints how long it took until the node reported that it was done: through the',
    'broker, journalled, run and reported. After the wait it gives up on nodes that did not answer; nothing stays queued.',
  ],
  options: { wait: waitOption(WAIT_S) },
  operands: ['target'],
  examples: [
    { line: 'steward ping ship1', does: 'one node' },
    { line: "steward ping 'ship*' --wait 30s", does: 'all ships, over a slow link' },
  ],
  needs: 'name the nodes to ping: steward ping TARGET...',
  run: async (call) => {
    const { form } = call;
    const { operands, options } = call;
    const seconds = secondsOption('wait', options.wait, WAIT_S);
    const api = await call.api();
    const { nodes } = await namedNodes(api, operands, call.stderr);
    const away = awayNote(nodes, Date.now());
    if (away !== undefined) tell(call.stderr, away);
    const printer = new PingPrinter(nodes, form, call);
    const requests = await askNodes(api, nodes, {
      message: { method: 'REQPing', directory: 'ping', fileName: 'ping.log' },
      seconds,
      label: `ping ${operands.join(' ')}`,
      onRequests: printer.take,
    });
    printer.end();
    return exitCodeOf(requests.values(), nodes.length);
  },
});

/** Prints each node's answer once, as it comes, and those that gave none at the end. */
class PingPrinter {
  readonly #nodes: readonly NodeSummary[];
  readonly #form: Form;
  readonly #stdout: Writable;
  readonly #style: Terminal['style'];
  readonly #ended = new Map<string, RequestSummary>();
  readonly #width: number;

  constructor(
    nodes: readonly NodeSummary[],
    form: Form,
    call: Pick<ParsedCall, 'stdout' | 'env' | 'options'>,
  ) {
    this.#nodes = nodes;
    this.#form = form;
    this.#stdout = call.stdout;
    this.#style = terminalOf(call.stdout, call).style;
    this.#width = Math.max(...nodes.map(({ name }) => name.length));
  }

  readonly take = (requests: readonly RequestSummary[]): void => {
    for (const request of requests) {
      if (!isEnd(request.state) || this.#ended.has(request.node)) continue;
      this.#ended.set(request.node, request);
      const node = this.#nodes.find(({ name }) => name === request.node);
      if (this.#form === 'text') this.#write(request.node, answerText(request, node, this.#style));
      else if (this.#form === 'jsonl') this.#stdout.write(`${toJson(rowOf(request))}\n`);
    }
  };

  end(): void {
    if (this.#form === 'json') this.#stdout.write(`${toJson([...this.#ended.values()].map(rowOf), 2)}\n`);
    if (this.#form !== 'text') return;
    for (const { name } of this.#nodes) if (!this.#ended.has(name)) this.#write(name, 'no answer');
  }

  #write(node: string, text: string): void {
    this.#stdout.write(`${padTo(node, this.#width)}  ${text}\n`);
  }
}

function answerText(
  { state, queuedAt, endedAt, reason }: RequestSummary,
  node: NodeSummary | undefined,
  style: Terminal['style'],
): string {
  if (state === 'succeeded') return style('green', durationWords((endedAt ?? queuedAt) - queuedAt));
  if (state === 'failed')
    return `${style('green', 'answers')}, but: ${visibleLine(reason ?? 'the ping failed there')}`;
  const now = Date.now();
  const calls = callWords(node?.callsAt, now);
  const last = node?.lastSeenAt == null ? 'never seen' : `last seen ${agoWords(node.lastSeenAt, now)}`;
  const seen = calls === '' ? last : `${last}, ${calls}`;
  return state === 'expired' || state === 'undelivered'
    ? style('yellow', `no answer, ${seen}`)
    : style('red', `${state}: ${visibleLine(reason ?? '')}`);
}

function rowOf({ node, state, queuedAt, endedAt, reason }: RequestSummary): object {
  const ms = state === 'succeeded' && endedAt !== null ? endedAt - queuedAt : null;
  return { node, answers: state === 'succeeded' || state === 'failed', ms, state, reason };
}
