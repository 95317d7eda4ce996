import type { ApiEvent, EventFilter } from '../contract/events.ts';
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
} from '../contract/nodes.ts';
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
} from '../contract/requests.ts';
import { type ApiFault, type FaultCode, ROUTES, type RouteName } from '../contract/routes.ts';
import { ApiError, type ApiErrorCode } from './api-error.ts';
import { type ApiPlace, showApiPlace } from './api-place.ts';
import { type HttpAnswer, type HttpCall, HttpConnections } from './http-call.ts';
import type { HttpResponse } from './http-response.ts';
import { readEvents } from './read-events.ts';
import type { StewardApi } from './steward-api.ts';

/** How long a node may take, ms. */
export interface ApiTimes {
  /** To begin its answer, and between two pieces of it. */
  readonly answerMs?: number;
  /** To store a submission. */
  readonly submitMs?: number;
  /** To say that it is still there while events are followed. */
  readonly heartbeatMs?: number;
}

const TIMES = { answerMs: 30_000, submitMs: 300_000, heartbeatMs: 45_000 };

interface Asked {
  readonly id?: string;
  readonly query?: Readonly<Record<string, QueryValue>>;
  readonly body?: Uint8Array | string;
  readonly timeoutMs?: number;
  /** Statuses beside 200 that are no failure. */
  readonly good?: readonly number[];
}

type QueryValue = string | number | boolean | readonly string[] | undefined;

/** Speaks to a node over its API. Connects when it is first asked; throws ApiError. */
export class ApiClient implements StewardApi {
  readonly place: ApiPlace;
  readonly #connections: HttpConnections;
  readonly #times: typeof TIMES;

  constructor(place: ApiPlace, times: ApiTimes = {}) {
    this.place = place;
    this.#connections = new HttpConnections(place);
    this.#times = { ...TIMES, ...times };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connections[Symbol.dispose]();
  }

  status(): Promise<StatusAnswer> {
    return this.#json('status');
  }

  submit(
    messages: readonly object[] | string | Uint8Array,
    { batch, label, isDryRun }: SubmitOptions = {},
  ): Promise<SubmissionAnswer> {
    const isText = typeof messages === 'string' || messages instanceof Uint8Array;
    return this.#json('submit', {
      query: { batch, label, dryRun: isDryRun },
      body: isText ? messages : JSON.stringify(messages),
      timeoutMs: this.#times.submitMs,
      good: [207, 422],
    });
  }

  requests(filter: RequestFilter = {}, page: PageOptions = {}): Promise<Page<RequestSummary>> {
    return this.#json('requests', { query: { ...filter, ...page } });
  }

  request(id: string): Promise<RequestDetail> {
    return this.#json('request', { id });
  }

  async output(id: string, options: OutputOptions = {}): Promise<Uint8Array> {
    return (await this.#call('output', { id, query: { ...options } })).body;
  }

  cancelRequest(id: string): Promise<CancelResult> {
    return this.#json('cancelRequest', { id });
  }

  resendRequest(id: string): Promise<SubmissionAnswer> {
    return this.#json('resendRequest', { id });
  }

  batches(page: PageOptions = {}): Promise<Page<BatchSummary>> {
    return this.#json('batches', { query: { ...page } });
  }

  batch(id: string): Promise<BatchSummary> {
    return this.#json('batch', { id });
  }

  async planBatch(id: string, plan: unknown): Promise<void> {
    await this.#call('planBatch', { id, body: JSON.stringify(plan), good: [204] });
  }

  cancelBatch(id: string): Promise<readonly CancelResult[]> {
    return this.#json('cancelBatch', { id, timeoutMs: this.#times.submitMs });
  }

  resendBatch(id: string, which: ResendChoice): Promise<SubmissionAnswer> {
    return this.#json('resendBatch', { id, query: { which }, timeoutMs: this.#times.submitMs });
  }

  nodes(): Promise<readonly NodeSummary[]> {
    return this.#json('nodes');
  }

  targets(targets: readonly string[]): Promise<TargetAnswer> {
    return this.#json('targets', { body: JSON.stringify({ targets }) });
  }

  groups(): Promise<Readonly<Record<string, readonly string[]>>> {
    return this.#json('groups');
  }

  queues(): Promise<readonly QueueSummary[]> {
    return this.#json('queues');
  }

  processes(): Promise<readonly ProcessSummary[]> {
    return this.#json('processes');
  }

  methods(): Promise<readonly MethodDescription[]> {
    return this.#json('methods');
  }

  errors(filter: ErrorFilter = {}): Promise<readonly ErrorLine[]> {
    return this.#json('errors', { query: { ...filter } });
  }

  audit(filter: AuditFilter = {}): Promise<readonly Readonly<Record<string, unknown>>[]> {
    return this.#json('audit', { query: { ...filter } });
  }

  async *events({ types, ...filter }: EventFilter, signal: AbortSignal): AsyncGenerator<ApiEvent> {
    if (signal.aborted) return;
    let lastWord = 'the connection was closed';
    try {
      const call = { ...callOf('events', { query: { ...filter, type: types } }), signal };
      const answer = await this.#connections.open({ ...call, timeoutMs: this.#times.heartbeatMs });
      if (answer.status !== 200) throw await this.#refusal(answer);
      yield* readEvents(answer.body, (comment) => {
        lastWord = comment;
      });
    } catch (error) {
      if (signal.aborted) return;
      throw error instanceof ApiError ? error : this.#eventsEnded((error as Error).message, error);
    }
    if (!signal.aborted) throw this.#eventsEnded(lastWord);
  }

  async #json<T>(name: RouteName, asked: Asked = {}): Promise<T> {
    const { body } = await this.#call(name, asked);
    try {
      return JSON.parse(body.toString()) as T;
    } catch (cause) {
      throw this.#broken('gave an answer that is not JSON: is this the API of a node?', cause);
    }
  }

  async #call(name: RouteName, asked: Asked): Promise<HttpAnswer> {
    const timeoutMs = asked.timeoutMs ?? this.#times.answerMs;
    const answer = await this.#connections.call({ ...callOf(name, asked), timeoutMs });
    if (answer.status === 200 || asked.good?.includes(answer.status)) return answer;
    throw this.#fault(answer);
  }

  async #refusal({ status, body }: HttpResponse): Promise<ApiError> {
    const pieces: Buffer[] = [];
    for await (const piece of body) pieces.push(piece);
    return this.#fault({ status, body: Buffer.concat(pieces) });
  }

  #fault({ status, body }: HttpAnswer): ApiError {
    const fault = faultOf(body);
    if (fault === undefined) return this.#broken(`answered ${status}: is this the API of a node?`);
    const { code, message, field } = fault;
    if (code === 'no-such-path') return this.#broken(`knows nothing of this, it may be older: ${message}`);
    return new ApiError(CODE_OF[code] ?? 'broken', message, { field });
  }

  #eventsEnded(why: string, cause?: unknown): ApiError {
    return this.#broken(`ended the stream of events: ${why}`, cause);
  }

  #broken(what: string, cause?: unknown): ApiError {
    return new ApiError('broken', `the node at ${showApiPlace(this.place)} ${what}`, { cause });
  }
}

const CODE_OF: Readonly<Record<FaultCode, ApiErrorCode>> = {
  'bad-request': 'bad-request',
  'not-found': 'not-found',
  'no-such-path': 'broken',
  'wrong-method': 'broken',
  'wrong-type': 'bad-request',
  'too-large': 'bad-request',
  'too-slow': 'broken',
  unauthorized: 'unauthorized',
  forbidden: 'unauthorized',
  busy: 'busy',
  failed: 'broken',
};

function callOf(name: RouteName, { id, query, body }: Asked): Omit<HttpCall, 'timeoutMs'> {
  const { method, path } = ROUTES[name];
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value === undefined) continue;
    for (const each of Array.isArray(value) ? value : [value]) search.append(key, String(each));
  }
  const place = path.replace('{id}', encodeURIComponent(id ?? ''));
  return { method, path: search.size === 0 ? place : `${place}?${search}`, body };
}

function faultOf(body: Buffer): ApiFault['error'] | undefined {
  try {
    const { error } = JSON.parse(body.toString()) as Partial<ApiFault>;
    return typeof error?.message === 'string' ? error : undefined;
  } catch {
    return undefined;
  }
}
