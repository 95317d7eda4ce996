import { buffer } from 'node:stream/consumers';
import type { OperationName } from '../contract/contract.ts';
import type { ApiEvent, EventFilter } from '../contract/events.ts';
import type { ApiFault, FaultCode } from '../contract/faults.ts';
import type { Route } from '../contract/operation.ts';
import { ROUTES } from '../contract/routes.ts';
import { type ApiAddress, showApiAddress } from './api-address.ts';
import { ApiError, type ApiErrorCode } from './api-error.ts';
import { type HttpAnswer, HttpConnections } from './http-call.ts';
import { callOf } from './operation-call.ts';
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

/** The class that the client adds its methods to; it exists for their types. */
const Routed = class {} as new () => Omit<StewardApi, 'events' | typeof Symbol.asyncDispose>;

/** Speaks to a node over its API. Connects when it is first asked; throws ApiError. */
export class ApiClient extends Routed implements StewardApi {
  static {
    for (const name of Object.keys(ROUTES) as OperationName[]) {
      if (name === 'events') continue;
      Object.defineProperty(ApiClient.prototype, name, {
        value(this: ApiClient, ...asked: unknown[]) {
          return this.#call(name, asked);
        },
      });
    }
  }

  readonly address: ApiAddress;
  readonly #connections: HttpConnections;
  readonly #times: typeof TIMES;

  constructor(address: ApiAddress, times: ApiTimes = {}) {
    super();
    this.address = address;
    this.#connections = new HttpConnections(address);
    this.#times = { ...TIMES, ...times };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connections[Symbol.dispose]();
  }

  async *events(filter: EventFilter, signal: AbortSignal): AsyncGenerator<ApiEvent> {
    if (signal.aborted) return;
    let lastWord = 'the connection was closed';
    try {
      const call = { ...callOf('events', [filter]), signal };
      const answer = await this.#connections.open({ ...call, timeoutMs: this.#times.heartbeatMs });
      if (answer.status !== 200) throw this.#fault({ ...answer, body: await buffer(answer.body) });
      yield* readEvents(answer.body, (comment) => {
        lastWord = comment;
      });
    } catch (error) {
      if (signal.aborted) return;
      throw error instanceof ApiError ? error : this.#eventsEnded((error as Error).message, error);
    }
    if (!signal.aborted) throw this.#eventsEnded(lastWord);
  }

  async #call(name: OperationName, asked: unknown[]): Promise<unknown> {
    const { answer: kind, isSlow, body: given }: Route = ROUTES[name];
    const timeoutMs = isSlow ? this.#times.submitMs : this.#times.answerMs;
    const answer = await this.#connections.call({ ...callOf(name, asked), timeoutMs });
    const { status, body } = answer;
    const isAnswer = status < 300 || (status === 422 && given === 'messages');
    if (!isAnswer) throw this.#fault(answer);
    if (kind !== 'json') return kind === 'bytes' ? body : undefined;
    try {
      return JSON.parse(body.toString());
    } catch (cause) {
      throw this.#broken('gave an answer that is not JSON: is this the API of a node?', cause);
    }
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
    return new ApiError('broken', `the node at ${showApiAddress(this.address)} ${what}`, { cause });
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

function faultOf(body: Buffer): ApiFault['error'] | undefined {
  try {
    const { error } = JSON.parse(body.toString()) as Partial<ApiFault>;
    return typeof error?.message === 'string' ? error : undefined;
  } catch {
    return undefined;
  }
}

/** The events in a stream of server-sent events; `lastWord` is the node's last comment, where it said why it ended. */
async function* readEvents(
  stream: AsyncIterable<Uint8Array>,
  onComment: (text: string) => void,
): AsyncGenerator<ApiEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of stream) {
    const frames = (rest + decoder.decode(piece, { stream: true })).split('\n\n');
    rest = frames.pop()!;
    for (const frame of frames) {
      const event = readFrame(frame, onComment);
      if (event !== undefined) yield event;
    }
  }
}

function readFrame(frame: string, onComment: (text: string) => void): ApiEvent | undefined {
  let type: string | undefined;
  let data = '';
  for (const line of frame.split('\n')) {
    if (line.startsWith('event: ')) type = line.slice('event: '.length);
    else if (line.startsWith('data: ')) data += line.slice('data: '.length);
    else if (line.startsWith(': ')) onComment(line.slice(2));
  }
  return type === undefined ? undefined : ({ type, ...(JSON.parse(data) as object) } as ApiEvent);
}
