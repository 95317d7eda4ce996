import { type ApiDesk, DeskError } from '../../src/api/desk.ts';
import type { ApiEvent, EventFilter } from '../../src/contract/events.ts';
import type {
  AuditFilter,
  ErrorFilter,
  ErrorLine,
  MethodDescription,
  NodeSummary,
  ProcessSummary,
  QueueSummary,
  StatusAnswer,
  TargetAnswer,
} from '../../src/contract/nodes.ts';
import type {
  BatchSummary,
  CancelResult,
  OutputOptions,
  Page,
  PageOptions,
  RequestDetail,
  RequestFilter,
  RequestSummary,
  ResendChoice,
  SubmissionAnswer,
  SubmitOptions,
} from '../../src/contract/requests.ts';
import { isEnd, outcomeOf, type RequestState } from '../../src/contract/states.ts';
import { newId } from '../../src/lib/new-id.ts';

/** A request as the fake desk holds it. */
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
 * A desk that holds its fleet in memory, for tests of what speaks to the API. Requests that are submitted stay `queued`
 * until `move` is called for them, or are dealt with by `onSubmitted`.
 */
export class FakeDesk implements ApiDesk {
  readonly nodeList = new Map<string, NodeSummary>();
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

  async status(): Promise<StatusAnswer> {
    const presences = [...this.nodeList.values()].map(({ presence }) => presence);
    const countOf = (presence: string) => presences.filter((each) => each === presence).length;
    return {
      node: 'central',
      centralNode: 'central',
      version: '0.0.0-fake',
      startedAt: 1_767_225_600_000,
      broker: { isConnected: true, address: '127.0.0.1:4222', fault: null },
      counts: countStates([...this.#requests.values()].map(({ summary }) => summary)),
      nodes: { here: countOf('here'), away: countOf('away'), unknown: countOf('unknown') },
    };
  }

  async submit(text: Uint8Array, options: SubmitOptions): Promise<SubmissionAnswer> {
    const list = readList(text);
    if (typeof list === 'string') return refusal(list);
    if (list.length === 0) return refusal('the submission holds no message');
    const batch = options.batch ?? newId();
    const queue = (message: Record<string, unknown>) => (options.isDryRun ? '' : this.#queue(message, batch));
    const refused = list.flatMap((message, index) =>
      isMessage(message) ? [] : [{ index, field: 'method', reason: 'method is missing' }],
    );
    const accepted = list.flatMap((message, index) =>
      (isMessage(message) ? nodesOf(message) : []).map((toNode) => ({
        ...{ index, toNode },
        id: queue({ ...message, toNode, toNodes: undefined }),
      })),
    );
    if (accepted.length === 0 || options.isDryRun) return { accepted, refused, warnings: [] };
    const label = options.label ?? labelOf(list[0]!);
    if (!this.#batches.has(batch)) this.#batches.set(batch, { at: Date.now(), label, plan: null });
    return { batch, accepted, refused, warnings: [] };
  }

  async requests(filter: RequestFilter, page: PageOptions): Promise<Page<RequestSummary>> {
    const all = [...this.#requests.values()].map(({ summary }) => summary).reverse();
    return pageOf(
      all.filter((summary) => isMeant(summary, filter)),
      page,
    );
  }

  async request(id: string): Promise<RequestDetail> {
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
  }

  async output(id: string, { stream = 'stdout', from = 0 }: OutputOptions): Promise<Uint8Array> {
    return this.#request(id).streams[stream].subarray(from);
  }

  async cancelRequest(id: string): Promise<CancelResult> {
    const { state } = this.#request(id).summary;
    if (isEnd(state)) return { id, result: 'ended' };
    this.move(id, 'cancelled', { reason: 'cancelled' });
    return { id, result: outcomeOf(state) === 'waiting' ? 'cancelled' : 'asked' };
  }

  async resendRequest(id: string): Promise<SubmissionAnswer> {
    return this.#resend([this.#request(id)]);
  }

  async batches(page: PageOptions): Promise<Page<BatchSummary>> {
    const ids = [...this.#batches.keys()].reverse();
    return pageOf(await Promise.all(ids.map((id) => this.batch(id))), page);
  }

  async batch(id: string): Promise<BatchSummary> {
    const batch = this.#batches.get(id);
    if (batch === undefined) throw new DeskError('not-found', `no batch ${id} is known here`);
    const summaries = this.#inBatch(id).map(({ summary }) => summary);
    return { id, ...batch, total: summaries.length, counts: countStates(summaries) };
  }

  async planBatch(id: string, plan: unknown): Promise<void> {
    // A plan may be noted before the first message of its batch.
    if (!this.#batches.has(id) && /^[0-9a-f-]{36}$/.test(id)) {
      this.#batches.set(id, { at: Date.now(), label: '', plan });
    }
    await this.batch(id);
    this.#batches.get(id)!.plan = plan;
  }

  async cancelBatch(id: string): Promise<readonly CancelResult[]> {
    await this.batch(id);
    return Promise.all(this.#inBatch(id).map(({ summary }) => this.cancelRequest(summary.id)));
  }

  async resendBatch(id: string, which: ResendChoice): Promise<SubmissionAnswer> {
    await this.batch(id);
    return this.#resend(this.#inBatch(id).filter(({ summary }) => isChosen(summary.state, which)));
  }

  async nodes(): Promise<readonly NodeSummary[]> {
    return [...this.nodeList.values()];
  }

  async targets(targets: readonly string[]): Promise<TargetAnswer> {
    const found = targets.map((target) => ({ target, node: this.nodeList.get(target) }));
    return {
      nodes: found.flatMap(({ node }) => node ?? []),
      unknown: found.flatMap(({ target, node }) =>
        node === undefined ? [{ target, reason: `no node ${target} is known` }] : [],
      ),
    };
  }

  async groups(): Promise<Readonly<Record<string, readonly string[]>>> {
    return this.groupList;
  }

  async queues(): Promise<readonly QueueSummary[]> {
    return this.queueList;
  }

  async processes(): Promise<readonly ProcessSummary[]> {
    return this.processList;
  }

  async methods(): Promise<readonly MethodDescription[]> {
    return this.methodList;
  }

  async errors({ limit = 100, node }: ErrorFilter): Promise<readonly ErrorLine[]> {
    return this.errorLines.filter((line) => node === undefined || line.node === node).slice(-limit);
  }

  async audit({ limit = 100 }: AuditFilter): Promise<readonly Record<string, unknown>[]> {
    return this.auditEntries.slice(0, limit);
  }

  events(filter: EventFilter, tell: (event: ApiEvent) => void): Disposable {
    const listener = { filter, tell };
    this.#listeners.add(listener);
    tell({ type: 'hello', at: Date.now() });
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  #request(id: string): FakeRequest {
    const request = this.#requests.get(id);
    if (request === undefined) throw new DeskError('not-found', `no request ${id} is known here`);
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
    for (const { filter, tell } of this.#listeners) if (isTold(event, filter)) tell(event);
  }
}

function isTold(event: ApiEvent, { types, batch, id, node }: EventFilter): boolean {
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
  return {
    id: newId(),
    batch,
    node: String(message.toNode),
    method: String(message.method),
    state: 'queued',
    reason: null,
    queuedAt: Date.now(),
    sentAt: null,
    acceptedAt: null,
    startedAt: null,
    endedAt: null,
    tookMs: null,
    attempts: 0,
    exitCode: null,
    signal: null,
    outputBytes: null,
  };
}

function newNode(name: string): NodeSummary {
  return {
    name,
    isSelf: name === 'central',
    isCentral: name === 'central',
    presence: 'here',
    lastSeenAt: Date.now(),
    version: '0.0.0-fake',
    os: 'linux',
    arch: 'x64',
    startedAt: Date.now(),
    labels: {},
    queued: 0,
    running: 0,
  };
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
    throw new DeskError('bad-request', 'the cursor is none of mine', { field: 'cursor' });
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
