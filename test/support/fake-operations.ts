import type { Operations } from '../../src/contract/contract.ts';
import type { ApiEvent, EventFilter } from '../../src/contract/events.ts';
import { endWords, foldAnswers } from '../../src/contract/fold-answers.ts';
import { NodeDetail } from '../../src/contract/node-detail.ts';
import {
  type ErrorLine,
  type MethodDescription,
  NodeSummary,
  type ProcessSummary,
} from '../../src/contract/nodes.ts';
import { OperationError } from '../../src/contract/operation-error.ts';
import type { QueueSummary } from '../../src/contract/queues.ts';
import {
  type Page,
  type PageOptions,
  type RequestFilter,
  RequestSummary,
  type ResendChoice,
  type SubmissionAnswer,
} from '../../src/contract/requests.ts';
import { isEnd, outcomeOf, type RequestState } from '../../src/contract/states.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { sortNaturally } from '../../src/lib/natural-order.ts';
import { newId } from '../../src/lib/new-id.ts';
import { nodePage } from '../../src/operations/node-page.ts';
import { queuesFor } from '../../src/operations/overdue-queues.ts';
import { Waves } from '../../src/waves/waves.ts';
import { sampleOf } from './sample-of.ts';

/** A request as the fake holds it. */
interface FakeRequest {
  summary: RequestSummary;
  readonly message: Record<string, unknown>;
  readonly streams: { stdout: Buffer; stderr: Buffer };
  readonly steps: { at: number; what: string; note: string | null }[];
  readonly resendOf: string | null;
  readonly resentAs: string[];
}

type Listener = { readonly filter: EventFilter; readonly tell: (event: ApiEvent) => void };

/**
 * Operations of a fleet that is held in memory, for tests of what speaks to the API. Requests that are submitted stay `queued`
 * until `move` is called for them, or are dealt with by `onSubmitted`.
 */
export class FakeOperations implements Partial<Operations> {
  readonly nodeList = new Map<string, NodeSummary>();
  /** What is known of a node besides. */
  detailOf: (name: string) => NodeDetail = () => sampleOf(NodeDetail);
  readonly groupList: Record<string, readonly string[]> = {};
  readonly errorLines: ErrorLine[] = [];
  readonly auditEntries: Record<string, unknown>[] = [];
  readonly queueList: QueueSummary[] = [];
  readonly processList: ProcessSummary[] = [
    { id: 1, kind: 'subscriber', name: 'central.REQPing.EventACK', state: 'running', restarts: 0 },
  ];
  readonly methodList: MethodDescription[] = [REQ_CLI_COMMAND];
  /** Called with each request that is submitted or sent again. */
  onSubmitted: (request: RequestSummary, message: Readonly<Record<string, unknown>>) => void = () => {};
  readonly #requests = new Map<string, FakeRequest>();
  readonly #batches = new Map<string, { at: number; label: string; plan: unknown }>();
  readonly #listeners = new Set<Listener>();

  constructor(nodes: readonly string[] = ['central', 'ship1', 'ship2']) {
    for (const name of nodes) this.addNode(name);
  }

  /** Adds a node, or changes one, and tells of it. */
  addNode(name: string, more: Partial<NodeSummary> = {}): void {
    const known = this.nodeList.get(name);
    const node = { ...(known ?? newNode(name)), ...more };
    this.nodeList.set(name, node);
    this.#tell({ type: 'nodes', nodes: [node] });
  }

  /** Brings a request into a state and tells of it. */
  move(id: string, state: RequestState, more: Partial<RequestSummary> = {}): void {
    const request = this.#request(id);
    const now = Date.now();
    const field = MOMENT_OF[state] ?? 'endedAt';
    const outputBytes = request.streams.stdout.length + request.streams.stderr.length;
    const { startedAt } = request.summary;
    const tookMs = field === 'endedAt' && startedAt !== null ? now - startedAt : null;
    request.summary = { ...request.summary, state, [field]: now, tookMs, outputBytes, ...more };
    request.steps.push({ at: now, what: state, note: more.reason ?? null });
    this.#tell({ type: 'requests', requests: [request.summary] });
  }

  /** Adds to the output of a request and tells of it. */
  print(id: string, text: string, stream: 'stdout' | 'stderr' = 'stdout'): void {
    const { streams, summary } = this.#request(id);
    const { batch, node } = summary;
    const offset = streams[stream].length;
    const data = Buffer.from(text);
    streams[stream] = Buffer.concat([streams[stream], data]);
    this.#tell({ type: 'output', id, batch, node, stream, offset, data: data.toString('base64') });
  }

  /** Tells of a line in the error log. */
  collect(line: ErrorLine): void {
    this.errorLines.push(line);
    this.#tell({ type: 'errors', lines: [line] });
  }

  /** Tells every listener, whatever it asked for. */
  tellAll(event: ApiEvent): void {
    for (const { tell } of this.#listeners) tell(event);
  }

  get listenerCount(): number {
    return this.#listeners.size;
  }

  status: Operations['status'] = async () => {
    const presences = [...this.nodeList.values()].map(({ presence }) => presence);
    const countOf = (presence: string) => presences.filter((each) => each === presence).length;
    return {
      node: 'central',
      centralNode: 'central',
      trust: 'open',
      version: '0.0.0-fake',
      startedAt: 1_767_225_600_000,
      broker: { isConnected: true, address: '127.0.0.1:4222', fault: null },
      counts: countStates([...this.#requests.values()].map(({ summary }) => summary)),
      nodes: { here: countOf('here'), away: countOf('away'), unknown: countOf('unknown') },
    };
  };

  link: Operations['link'] = async () => ({
    ...{
      day: '2026-03-01',
      inBytes: 0,
      outBytes: 0,
      sent: { urgent: 0, normal: 0, bulk: 0 },
      hello: null,
      budget: null,
      nodes: [],
    },
    broker: { bytesPerSecond: null, wasFull: false, roundTripMs: null },
  });

  linkDays: Operations['linkDays'] = async () => [];

  submit: Operations['submit'] = async (text, { batch = newId(), dryRun, label }) => {
    const list = readList(text);
    if (typeof list === 'string') return refusal(list);
    if (list.length === 0) return refusal('the submission holds no message');
    const refused = list.flatMap((message, index) =>
      isMessage(message) ? [] : [{ index, field: 'method', reason: 'method is missing' }],
    );
    const accepted = list.flatMap((message, index) =>
      (isMessage(message) ? nodesOf(message) : []).map((toNode) => ({
        ...{ index, toNode },
        id: dryRun ? '' : this.#queue({ ...message, toNode, toNodes: undefined }, batch),
      })),
    );
    if (accepted.length === 0 || dryRun) return { accepted, refused, warnings: [] };
    const shown = label ?? labelOf(list[0]!);
    if (!this.#batches.has(batch)) this.#batches.set(batch, { at: Date.now(), label: shown, plan: null });
    return { batch, accepted, refused, warnings: [] };
  };

  requests: Operations['requests'] = async ({ limit, cursor, ...filter }) => {
    const all = [...this.#requests.values()].map(({ summary }) => summary).reverse();
    return pageOf(
      all.filter((summary) => isMeant(summary, filter)),
      { limit, cursor },
    );
  };

  request: Operations['request'] = async (id) => {
    const { summary, streams, steps, message, resendOf, resentAs } = this.#request(id);
    return {
      ...summary,
      timeline: steps.map((step) => ({ ...step, there: null })),
      stdout: { keptBytes: streams.stdout.length, totalBytes: streams.stdout.length },
      stderr: { keptBytes: streams.stderr.length, totalBytes: streams.stderr.length },
      message,
      expiresAt: null,
      why: summary.reason ?? `it is ${summary.state}`,
      resendOf,
      resentAs,
    };
  };

  output: Operations['output'] = async (id, { stream = 'stdout', from = 0 }) =>
    this.#request(id).streams[stream].subarray(from);

  forgetNode: Operations['forgetNode'] = async () => ({ wasKnown: true, cancelled: 0, left: 0 });
  cancelRequest: Operations['cancelRequest'] = async (id) => {
    const { state } = this.#request(id).summary;
    if (isEnd(state)) return { id, result: 'ended' };
    this.move(id, 'cancelled', { reason: 'cancelled' });
    return { id, result: outcomeOf(state) === 'waiting' ? 'cancelled' : 'asked' };
  };

  resendRequest: Operations['resendRequest'] = async (id) => this.#resend([this.#request(id)]);

  batches: Operations['batches'] = async (page) => {
    const ids = [...this.#batches.keys()].reverse();
    return pageOf(await Promise.all(ids.map((id) => this.batch(id, {}))), page);
  };

  batch: Operations['batch'] = async (id, { plan = true }) => {
    const batch = this.#batches.get(id);
    if (batch === undefined) throw new OperationError('not-found', `no batch ${id} is known here`);
    const summaries = this.#inBatch(id).map(({ summary }) => summary);
    const shown = plan ? batch : { ...batch, plan: null };
    return { id, ...shown, total: summaries.length, counts: countStates(summaries) };
  };

  planBatch: Operations['planBatch'] = async (id, plan) => {
    // A plan may be noted before the first message of its batch.
    if (!this.#batches.has(id) && /^[0-9a-f-]{36}$/.test(id)) {
      this.#batches.set(id, { at: Date.now(), label: '', plan });
    }
    await this.batch(id, {});
    this.#batches.get(id)!.plan = plan;
  };

  readonly #waves = new Waves({
    operations: this,
    clock: systemClock,
    isConnected: () => true,
    logger: { warn: () => {} },
    kept: {
      open: async () => [],
      planOf: async (batch) => this.#batches.get(batch)?.plan,
      keep: async (batch, plan, label = '') => {
        const known = this.#batches.get(batch) ?? { at: Date.now(), label };
        this.#batches.set(batch, { ...known, plan });
      },
    },
  });

  startWaves: Operations['startWaves'] = async (id, order) => ({
    batch: id,
    ...(await this.#waves.start(id, order)),
  });

  cancelBatch: Operations['cancelBatch'] = async (id) => {
    await this.batch(id, {});
    await this.#waves.stop(id, 'it was cancelled');
    return Promise.all(this.#inBatch(id).map(({ summary }) => this.cancelRequest(summary.id)));
  };

  batchAnswers: Operations['batchAnswers'] = async (id) =>
    foldAnswers(
      this.#inBatch(id).map(({ summary, streams }) => ({
        ...{ node: summary.node, end: endWords(summary) },
        ...{ stdout: String(streams.stdout), stderr: String(streams.stderr) },
      })),
    );

  resendBatch: Operations['resendBatch'] = async (id, { which = 'both' }) => {
    await this.batch(id, {});
    return this.#resend(this.#inBatch(id).filter(({ summary }) => isChosen(summary.state, which)));
  };

  nodePage: Operations['nodePage'] = (query) => {
    const inOrder = (nodes: readonly NodeSummary[]) =>
      sortNaturally(nodes, ({ name }) => name).map((node) => ({ ...node, summary: () => node }));
    return nodePage(query, {
      all: async () => inOrder(await this.nodes()),
      now: Date.now,
      resolve: async (target) => {
        const answer = await this.targets({ targets: [target] });
        return { ...answer, nodes: inOrder(answer.nodes) };
      },
      detailsOf: (nodes) => nodes.map(({ name }) => this.detailOf(name)),
    });
  };

  presence: Operations['presence'] = async () => [];
  nodes: Operations['nodes'] = async () => [...this.nodeList.values()];
  groups: Operations['groups'] = async () => this.groupList;
  queues: Operations['queues'] = async (query) => queuesFor(this.queueList, query);
  overdueQueues: Operations['overdueQueues'] = async () => [];
  processes: Operations['processes'] = async () => this.processList;
  methods: Operations['methods'] = async () => this.methodList;
  errors: Operations['errors'] = async ({ limit = 100, node }) =>
    this.errorLines.filter((line) => node === undefined || line.node === node).slice(-limit);
  audit: Operations['audit'] = async ({ limit = 100 }) => this.auditEntries.slice(0, limit);

  targets: Operations['targets'] = async ({ targets }) => {
    const found = targets.map((target) => ({ target, node: this.nodeList.get(target) }));
    return {
      nodes: found.flatMap(({ node }) => node ?? []),
      unknown: found.flatMap(({ target, node }) =>
        node === undefined ? [{ target, reason: `no node ${target} is known` }] : [],
      ),
    };
  };

  events: Operations['events'] = (filter, tell) => {
    const listener = { filter, tell };
    this.#listeners.add(listener);
    tell({ type: 'hello', at: Date.now() });
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  };

  #request(id: string): FakeRequest {
    const request = this.#requests.get(id);
    if (request === undefined) throw new OperationError('not-found', `no request ${id} is known here`);
    return request;
  }

  #inBatch(id: string): FakeRequest[] {
    return [...this.#requests.values()].filter(({ summary }) => summary.batch === id);
  }

  #queue(message: Record<string, unknown>, batch: string, resendOf: string | null = null): string {
    const summary = newSummary(message, batch);
    const steps = [{ at: summary.queuedAt, what: 'queued', note: null }];
    const streams = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
    this.#requests.set(summary.id, { summary, message, streams, steps, resendOf, resentAs: [] });
    this.#tell({ type: 'requests', requests: [summary] });
    queueMicrotask(() => this.onSubmitted(summary, message));
    return summary.id;
  }

  #resend(requests: readonly FakeRequest[]): SubmissionAnswer {
    const accepted = requests.map(({ message, summary, resentAs }, index) => {
      const id = this.#queue(message, summary.batch!, summary.id);
      resentAs.push(id);
      return { index, toNode: summary.node, id };
    });
    return { batch: requests[0]?.summary.batch ?? undefined, accepted, refused: [], warnings: [] };
  }

  #tell(event: ApiEvent): void {
    for (const { filter, tell } of this.#listeners) {
      if (isTold(event, filter)) tell(event);
      else if (event.type === 'requests' && isCounting(filter))
        tell({ type: 'many', count: event.requests.length });
    }
  }
}

/** Whether a listener only wants to know how many requests changed, as the node's own hub has it. */
function isCounting({ type = [] }: EventFilter): boolean {
  return type.includes('many') && !type.includes('requests');
}

function isTold(event: ApiEvent, { type: types, batch, id, node, outputOf = [] }: EventFilter): boolean {
  if (event.type === 'output' && [event.id, event.batch].some((each) => outputOf.includes(each ?? '')))
    return true;
  if (types === undefined ? event.type === 'output' : !types.includes(event.type)) return false;
  const isWanted = (each: { id: string; batch: string | null; node: string }) =>
    (batch === undefined || each.batch === batch) &&
    (id === undefined || each.id === id) &&
    (node === undefined || node.includes(each.node));
  if (event.type === 'requests') return event.requests.some(isWanted);
  return event.type !== 'output' || isWanted(event);
}

const MOMENT_OF: Partial<Record<RequestState, keyof RequestSummary>> = {
  queued: 'queuedAt',
  sent: 'sentAt',
  accepted: 'acceptedAt',
  running: 'startedAt',
};

function newSummary(message: Record<string, unknown>, batch: string): RequestSummary {
  const { toNode, method, methodArgs = [] } = message;
  const what = (methodArgs as string[]).join(' ');
  const summary = { id: newId(), batch, node: String(toNode), method: String(method), what };
  return { ...sampleOf(RequestSummary), ...summary, queuedAt: Date.now() };
}

function newNode(name: string): NodeSummary {
  const isCentral = name === 'central';
  const told = { version: '0.0.0-fake', os: 'linux', arch: 'x64', startedAt: Date.now() };
  return { ...sampleOf(NodeSummary), ...told, name, isSelf: isCentral, isCentral, lastSeenAt: Date.now() };
}

function isMessage({ method }: Record<string, unknown>): boolean {
  return typeof method === 'string';
}

function nodesOf({ toNode, toNodes }: Record<string, unknown>): string[] {
  return Array.isArray(toNodes) ? toNodes.map(String) : [String(toNode)];
}

function labelOf({ method, methodArgs }: Record<string, unknown>): string {
  return [method, ...(Array.isArray(methodArgs) ? methodArgs : [])].join(' ');
}

/** The messages of a submission, or what is wrong with it. */
function readList(text: Uint8Array): Record<string, unknown>[] | string {
  try {
    const items: unknown = JSON.parse(Buffer.from(text).toString());
    return (Array.isArray(items) ? items : [items]) as Record<string, unknown>[];
  } catch (error) {
    return (error as Error).message;
  }
}

function refusal(reason: string): SubmissionAnswer {
  return { accepted: [], refused: [{ index: null, field: null, reason }], warnings: [] };
}

function isMeant(summary: RequestSummary, filter: RequestFilter): boolean {
  return (
    (filter.node?.includes(summary.node) ?? true) &&
    (filter.method?.includes(summary.method) ?? true) &&
    (filter.state?.includes(summary.state) ?? true) &&
    (filter.batch === undefined || filter.batch === summary.batch) &&
    summary.queuedAt >= (filter.since ?? 0) &&
    summary.queuedAt < (filter.until ?? Number.POSITIVE_INFINITY)
  );
}

function isChosen(state: RequestState, which: ResendChoice): boolean {
  const outcome = outcomeOf(state);
  const hasFailed = outcome === 'failed' || outcome === 'timed-out';
  return which === 'failed'
    ? hasFailed
    : which === 'missing'
      ? outcome === 'unreached'
      : outcome !== 'succeeded';
}

function pageOf<T>(all: readonly T[], { limit = 100, cursor }: PageOptions): Page<T> {
  const start = cursor === undefined ? 0 : Number(cursor);
  if (Number.isNaN(start))
    throw new OperationError('bad-request', 'the cursor is none of mine', { field: 'cursor' });
  const end = start + limit;
  return { items: all.slice(start, end), next: end < all.length ? String(end) : null };
}

function countStates(summaries: readonly RequestSummary[]): Partial<Record<RequestState, number>> {
  const counts: Partial<Record<RequestState, number>> = {};
  for (const { state } of summaries) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

const REQ_CLI_COMMAND: MethodDescription = {
  name: 'REQCliCommand',
  kind: 'CommandACK',
  summary: 'Run a command and send its output back',
  args: [
    {
      field: 'methodArgs[0]',
      name: 'command',
      summary: 'The program to run',
      isRequired: true,
      example: 'uptime',
    },
  ],
  isForPeople: true,
};
