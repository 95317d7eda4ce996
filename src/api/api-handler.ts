import type { IncomingMessage, ServerResponse } from 'node:http';
import { CONTRACT, type Operations } from '../contract/contract.ts';
import type { OperationRow } from '../contract/operation.ts';
import type { SubmissionAnswer } from '../contract/requests.ts';
import { bodyTypeRefusal } from '../lib/body-type.ts';
import { ByteBudget } from '../lib/byte-budget.ts';
import { readBody } from '../lib/read-body.ts';
import { type EventStreamOptions, EventStreams } from './event-streams.ts';
import { findRoute } from './find-route.ts';
import { describeApi } from './openapi.ts';
import { readJsonBody } from './read-body.ts';
import { readQuery } from './read-query.ts';
import { RefusedError, refusalOf, refuse } from './refusal.ts';
import { sendBytes, sendJson } from './send-answer.ts';

/** How much clients may ask of the API, and how long they may take; times in ms. */
export interface ApiHandlerOptions extends EventStreamOptions {
  readonly version: string;
  /** The largest submission. */
  readonly maxBytes: number;
  /** What all submissions under way may hold together. */
  readonly maxTotalBytes?: number;
  readonly idleTimeoutMs?: number;
}

const DEFAULTS = { maxTotalBytes: 256 * 1024 * 1024, idleTimeoutMs: 10_000 };
/** The largest body that is no submission. */
const MAX_SMALL_BYTES = 1024 * 1024;

/** Refuses, by throwing OperationError, what a caller may not ask for. */
export type Access = (name: string, row: OperationRow) => void;

/** Who asks, as the audit log has it, and what that is good for: everything unless told. */
export interface Caller {
  readonly by: string;
  readonly access?: Access | undefined;
}

/** An operation as it is called once its row is known: with id, body and query, as far as it has them. */
type Served = Readonly<Record<string, (...asked: unknown[]) => Promise<unknown>>>;

/** Answers requests by the contract, whoever serves them. Ends its event streams when it is disposed. */
export class ApiHandler implements Disposable {
  readonly #options: ApiHandlerOptions & typeof DEFAULTS;
  readonly #operations: Operations;
  readonly #served: Served;
  readonly #streams: EventStreams;
  readonly #budget: ByteBudget;

  constructor(options: ApiHandlerOptions, operations: Operations) {
    this.#options = { ...DEFAULTS, ...options };
    this.#operations = operations;
    this.#served = operations as unknown as Served;
    this.#streams = new EventStreams(options);
    this.#budget = new ByteBudget(this.#options.maxTotalBytes);
  }

  [Symbol.dispose](): void {
    this.#streams[Symbol.dispose]();
  }

  /** Answers a request; what is wrong with it is answered too, and a fault of the node is thrown. */
  readonly handle = async (
    request: IncomingMessage,
    response: ServerResponse,
    caller: Caller,
  ): Promise<void> => {
    try {
      await this.#answer(request, response, caller);
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal === undefined) throw error;
      refuse(response, refusal);
    }
  };

  async #answer(request: IncomingMessage, response: ServerResponse, { access, by }: Caller): Promise<void> {
    const [path = '', search = ''] = splitUrl(request.url ?? '');
    const { name, id } = findRoute(request.method ?? '', path);
    const row: OperationRow = CONTRACT[name];
    access?.(name, row);
    const query = readQuery(new URLSearchParams(search), row.query);
    if (name === 'openapi') return sendJson(response, 200, describeApi(this.#options));
    if (name === 'events') return this.#streams.serve({ request, response }, query, this.#operations);
    const before = id === undefined ? [] : [id];
    const after = row.query === undefined ? [] : [query];
    const answer = await this.#withBody(row, { request, response }, (...body) =>
      this.#served[name]!(...before, ...body, ...after, by),
    );
    if (answer !== GONE) await send(response, row, answer);
  }

  /** Does `work` with the body, where one is read, held in the budget until it is done. */
  async #withBody(
    { body: schema, isSubmission }: OperationRow,
    exchange: { request: IncomingMessage; response: ServerResponse },
    work: (...body: unknown[]) => Promise<unknown>,
  ): Promise<unknown> {
    if (schema === undefined) return work();
    const refused = bodyTypeRefusal(exchange.request.headers, isSubmission ? 'JSON or YAML' : 'JSON');
    if (refused !== undefined) throw new RefusedError(refused);
    const { idleTimeoutMs, maxBytes } = this.#options;
    const limits = { idleTimeoutMs, maxBytes: isSubmission ? maxBytes : MAX_SMALL_BYTES };
    const { body, release } = await readBody(exchange, limits, this.#budget);
    try {
      if (body === 'gone') return GONE;
      if ('status' in body) throw new RefusedError(body);
      return await work(isSubmission ? body.bytes : readJsonBody(body.bytes, schema));
    } finally {
      release();
    }
  }
}

async function send(
  response: ServerResponse,
  { answer: kind, isSubmission }: OperationRow,
  answer: unknown,
): Promise<void> {
  if (kind === undefined) response.writeHead(204).end();
  else if (kind === 'bytes')
    await sendBytes(response, 200, { type: 'application/octet-stream', body: answer as Uint8Array });
  else await sendJson(response, isSubmission ? submissionStatus(answer as SubmissionAnswer) : 200, answer);
}

/** Throws RefusedError for a text that is no list of messages at all. */
function submissionStatus({ accepted, refused: [first] }: SubmissionAnswer): number {
  if (first === undefined) return 200;
  if (accepted.length > 0) return 207;
  if (first.index !== null) return 422;
  const { reason, field } = first;
  throw new RefusedError({ status: 400, reason, field: field ?? undefined });
}

const GONE = Symbol('the client left before its request was whole');

/** Path and query of a request's target, which may be a whole URL. */
function splitUrl(target: string): readonly [string, string] {
  const local = target.replace(/^https?:\/\/[^/?]*/i, '');
  const at = local.indexOf('?');
  return at === -1 ? [local, ''] : [local.slice(0, at), local.slice(at + 1)];
}
