import type { IncomingMessage, ServerResponse } from 'node:http';
import { bodyTypeRefusal } from '../lib/body-type.ts';
import { ByteBudget } from '../lib/byte-budget.ts';
import { type HttpService, type HttpServiceOptions, startHttpService } from '../lib/http-service.ts';
import type { Place } from '../lib/listen-at.ts';
import { readBody } from '../lib/read-body.ts';
import type { Logger } from '../observe/logger.ts';
import type { ApiDesk } from './desk.ts';
import { type EventStreamOptions, EventStreams } from './event-streams.ts';
import { findRoute } from './find-route.ts';
import { describeApi } from './openapi.ts';
import type { Operation } from './operation.ts';
import { OPERATIONS } from './operations.ts';
import { readQuery } from './parameters.ts';
import { RefusedError, refusalOf, refuse } from './refusal.ts';
import { sendBytes, sendJson } from './send-answer.ts';

/** Where the API is served, and how much clients may ask of it; times in ms. */
export interface ApiServerOptions extends EventStreamOptions {
  readonly place: Place | { readonly socketPath: string };
  /** What clients must show where the place is not a loopback address; '' = none. */
  readonly token: string;
  readonly version: string;
  /** The largest submission. */
  readonly maxBytes: number;
  /** What all submissions under way may hold together. */
  readonly maxTotalBytes?: number;
  readonly maxClients?: number;
  readonly idleTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
  readonly stopTimeoutMs?: number;
}

const DEFAULTS = { maxTotalBytes: 256 * 1024 * 1024, idleTimeoutMs: 10_000 };
/** The largest body that is no submission. */
const MAX_SMALL_BYTES = 1024 * 1024;

/** Serves the API over HTTP/1.1, on a unix socket of mode 0600 or at a TCP place. Throws ListenError. */
export async function startApiServer(
  options: ApiServerOptions,
  deps: { desk: ApiDesk; logger: Logger },
): Promise<ApiServer> {
  const streams = new EventStreams(options);
  const handler = new ApiHandler({ ...DEFAULTS, ...options }, { ...deps, streams });
  const service = await startHttpService(serviceOptions(options), {
    handle: (request, response) => handler.handle(request, response),
    refuse,
    logger: deps.logger,
  });
  return new ApiServer(service, streams);
}

/** The API while it is served; ends event streams and refuses new requests when it is disposed. */
export class ApiServer implements AsyncDisposable {
  /** The port of a TCP place. */
  readonly port: number;
  readonly #service: HttpService;
  readonly #streams: EventStreams;

  constructor(service: HttpService, streams: EventStreams) {
    this.port = service.port;
    this.#service = service;
    this.#streams = streams;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const stopped = this.#service[Symbol.asyncDispose]();
    this.#streams[Symbol.dispose]();
    await stopped;
  }
}

function serviceOptions({
  place,
  token,
  maxClients,
  requestTimeoutMs,
  stopTimeoutMs,
}: ApiServerOptions): HttpServiceOptions {
  const given = { maxClients, requestTimeoutMs, stopTimeoutMs };
  const limits = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { place, token, option: '-apiListener', ...limits };
}

interface HandlerDeps {
  readonly desk: ApiDesk;
  readonly streams: EventStreams;
}

class ApiHandler {
  readonly #options: ApiServerOptions & typeof DEFAULTS;
  readonly #deps: HandlerDeps;
  readonly #budget: ByteBudget;
  #description: Record<string, unknown> | undefined;

  constructor(options: ApiServerOptions & typeof DEFAULTS, deps: HandlerDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#budget = new ByteBudget(options.maxTotalBytes);
  }

  /** Answers a request; what is wrong with it is answered too, and a fault of the node is thrown. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#answer(request, response);
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal === undefined) throw error;
      refuse(response, refusal);
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = '', search = ''] = splitUrl(request.url ?? '');
    const { name, id } = findRoute(request.method ?? '', path);
    const operation = OPERATIONS[name];
    const query = readQuery(new URLSearchParams(search), operation.query);
    const call = { desk: this.#deps.desk, id, query };
    const exchange = { request, response };
    const answer = await this.#withBody(operation, exchange, (body) => operation.run({ ...call, body }));
    if (answer !== GONE) await this.#send(response, operation, answer);
  }

  /** Does `work` with the body, held in the budget until it is done. */
  async #withBody(
    operation: Operation,
    exchange: { request: IncomingMessage; response: ServerResponse },
    work: (body: Uint8Array) => unknown,
  ): Promise<unknown> {
    if (operation.body === undefined) return work(new Uint8Array());
    const refused = bodyTypeRefusal(
      exchange.request.headers,
      operation.body.isSubmission ? 'JSON or YAML' : 'JSON',
    );
    if (refused !== undefined) throw new RefusedError(refused);
    const { idleTimeoutMs, maxBytes } = this.#options;
    const limits = { idleTimeoutMs, maxBytes: operation.body.isSubmission ? maxBytes : MAX_SMALL_BYTES };
    const { body, release } = await readBody(exchange, limits, this.#budget);
    try {
      if (body === 'gone') return GONE;
      if ('status' in body) throw new RefusedError(body);
      return await work(body.bytes);
    } finally {
      release();
    }
  }

  async #send(response: ServerResponse, operation: Operation, answer: unknown): Promise<void> {
    switch (operation.answer.kind) {
      case 'json':
        return sendJson(response, operation.statusOf?.(answer) ?? 200, answer);
      case 'bytes':
        return sendBytes(response, 200, { type: 'application/octet-stream', body: answer as Uint8Array });
      case 'nothing':
        response.writeHead(204).end();
        return;
      case 'events':
        return this.#deps.streams.serve(response, answer as object, this.#deps.desk);
      case 'description':
        this.#description ??= describeApi(this.#options);
        return sendJson(response, 200, this.#description);
    }
  }
}

const GONE = Symbol('the client left before its request was whole');

/** Path and query of a request's target, which may be a whole URL. */
function splitUrl(target: string): readonly [string, string] {
  const local = target.replace(/^https?:\/\/[^/?]*/i, '');
  const at = local.indexOf('?');
  return at === -1 ? [local, ''] : [local.slice(0, at), local.slice(at + 1)];
}
