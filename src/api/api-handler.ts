import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { CONTRACT, type OperationName, type Operations } from '../contract/contract.ts';
import { type OperationRow, routeOf } from '../contract/operation.ts';
import type { SubmissionAnswer } from '../contract/requests.ts';
import type { Schema } from '../contract/schema.ts';
import { bodyTypeRefusal } from '../lib/body-type.ts';
import { ByteBudget } from '../lib/byte-budget.ts';
import { findJsonFault } from '../lib/json-fault.ts';
import { nearest } from '../lib/nearest.ts';
import { readBody } from '../lib/read-body.ts';
import { faultOf } from './check-value.ts';
import { type EventStreamOptions, EventStreams } from './event-streams.ts';
import { describeApi } from './openapi.ts';
import { readQuery } from './read-query.ts';
import { type ApiRefusal, RefusedError, refuseOrThrow } from './refusal.ts';
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
      refuseOrThrow(response, error);
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

/** The operation that a request asks for, with the id in its path, where it has one. */
interface FoundRoute {
  readonly name: OperationName;
  readonly id: string | undefined;
}

interface Route {
  readonly name: OperationName;
  readonly method: string;
  readonly path: string;
  readonly parts: readonly string[];
}

const PLACES: readonly Route[] = (Object.keys(CONTRACT) as OperationName[]).map((name) => {
  const { method, path } = routeOf(CONTRACT[name]);
  return { name, method, path, parts: path.split('/') };
});
const PATHS = [...new Set(PLACES.map(({ path }) => path))];

/** Finds what is asked for by method and path. Throws RefusedError: 404 with the paths that there are, or 405. */
function findRoute(method: string, path: string): FoundRoute {
  const parts = path.split('/');
  const there = PLACES.filter((place) => isAt(place.parts, parts));
  if (there.length === 0) throw new RefusedError(noSuchPath(path));
  const found = there.find((place) => place.method === method);
  if (found === undefined) throw new RefusedError(wrongMethod(method, there));
  const at = found.parts.indexOf('{id}');
  return { name: found.name, id: at === -1 ? undefined : decode(parts[at]!) };
}

function isAt(wanted: readonly string[], parts: readonly string[]): boolean {
  return (
    wanted.length === parts.length &&
    wanted.every((part, index) => (part === '{id}' ? parts[index] !== '' : part === parts[index]))
  );
}

function noSuchPath(path: string): ApiRefusal {
  const close = nearest(path, PATHS);
  const hint = close === undefined ? `there are ${PATHS.join(', ')}` : `did you mean ${close}?`;
  const shown = JSON.stringify(path.slice(0, 200));
  return { status: 404, reason: `there is no path ${shown}: ${hint} (see /openapi.json)` };
}

function wrongMethod(method: string, there: readonly Route[]): ApiRefusal {
  const allowed = there.map((place) => place.method).join(', ');
  return {
    status: 405,
    reason: `${method} is not for this path: use ${allowed}`,
    headers: { Allow: allowed },
  };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new RefusedError({ status: 400, reason: `the path holds ${part.slice(0, 100)}, which is no text` });
  }
}

/** The JSON value of a body, which fits the schema. Throws RefusedError with the place of the fault. */
function readJsonBody(body: Uint8Array, schema: Schema): unknown {
  const value = parse(body);
  const fault = faultOf(value, schema);
  if (fault !== undefined) throw fault;
  return value;
}

function parse(body: Uint8Array): unknown {
  if (body.length === 0) throw unread('the body is empty: send a JSON value');
  if (!isUtf8(body)) throw unread('the body is not UTF-8: send JSON');
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    throw unread(`the body is not JSON: ${placeOfFault(text)}`);
  }
}

function placeOfFault(text: string): string {
  const fault = findJsonFault(text);
  if (fault === undefined) return 'a comma follows a last item';
  const before = text.slice(0, fault.offset);
  const line = before.split('\n').length;
  return `line ${line}, column ${before.length - before.lastIndexOf('\n')}: ${fault.reason}`;
}

function unread(reason: string): RefusedError {
  return new RefusedError({ status: 400, reason });
}
