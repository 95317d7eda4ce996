import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import { processConnections } from './connection-budget.ts';
import type { HostAndPort } from './host-and-port.ts';
import { type GuardedRequest, type GuardOptions, type HttpRefusal, httpRefusal } from './http-guard.ts';
import { isLoopback } from './is-loopback.ts';
import { keepSocketFile } from './kept-socket-file.ts';
import { listenAt } from './listen-at.ts';
import type { SocketFile } from './socket-file.ts';
import type { TlsFiles } from './tls-files.ts';

/** Answers a request that the guard let pass; a failure is answered with 500. */
export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export interface HttpServiceOptions {
  /** Where to listen. A unix socket is its owner's alone, so there origin and token are not asked for. */
  readonly address: HostAndPort | { readonly socketPath: string };
  /** The setting that names the address, as a flag: `-httpListener`. */
  readonly option: string;
  readonly token: string;
  /** Another token that is let in. */
  readonly lookToken?: string | undefined;
  /** Whether the token, where there is one, is asked for on loopback too. */
  readonly tokenOnLoopback?: boolean | undefined;
  /** Whether the service signs people in itself, so that no token is asked for. */
  readonly signsIn?: boolean;
  /** Whether everybody is served who reaches the address, pages of other origins too. */
  readonly isOpen?: boolean;
  /** Served by https with these; by http without. */
  readonly tls?: Pick<TlsFiles, 'pair' | 'follow'> | undefined;
  readonly maxClients?: number;
  /** How long headers may take, ms. */
  readonly headersTimeoutMs?: number;
  /** How long a whole request may take to arrive, ms. */
  readonly requestTimeoutMs?: number;
  /** How long answers under way may take when the service stops, ms. */
  readonly stopTimeoutMs?: number;
}

export interface HttpServiceDeps {
  readonly handle: HttpHandler;
  /** What is known of a request besides its headers, for the guard. */
  readonly about?: (request: IncomingMessage) => GuardedRequest;
  /** Disposed of when the service stops, such as answers that would go on for ever. */
  readonly streams?: Disposable;
  /** Writes a refusal in the form that the service's clients read; plain text where there is none. */
  readonly refuse?: (response: ServerResponse, refusal: HttpRefusal) => void;
  readonly logger: { error(fields: object, text: string): void };
}

const DEFAULTS = {
  maxClients: 1000,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 300_000,
  stopTimeoutMs: 2000,
};
const MAX_HEADER_BYTES = 16 * 1024;
const KEEP_ALIVE_MS = 5000;
/** How long a client that was refused may go on sending, so that it gets to read why. */
const UNREAD_GRACE_MS = 1000;

/** Serves HTTP at an address, there to those whom `httpRefusal` lets pass, or on a unix socket. Throws ListenError. */
export async function startHttpService(
  options: HttpServiceOptions,
  deps: HttpServiceDeps,
): Promise<HttpService> {
  const settings = { ...DEFAULTS, ...options };
  const { address, option } = settings;
  const { tls } = settings;
  const guard =
    'host' in address && settings.isOpen !== true
      ? { ...settings, isLoopback: isLoopback(address.host), isTls: tls !== undefined }
      : undefined;
  const limits = {
    headersTimeout: settings.headersTimeoutMs,
    requestTimeout: settings.requestTimeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // Each look wakes a node that idles.
    connectionsCheckingInterval: settings.headersTimeoutMs / 2,
    maxHeaderSize: MAX_HEADER_BYTES,
  };
  const server = tls
    ? createTlsServer({ ...limits, ...tls.pair, handshakeTimeout: settings.headersTimeoutMs })
    : createServer(limits);
  const following = tls?.follow(server as TlsServer);
  server.maxConnections = settings.maxClients;
  processConnections.watch(server, deps.logger);
  // A client that ends its side after the request would else lose the answer to what was done. Node has this
  // property, but does not document it: without it, such clients are worse off, and nothing else changes.
  Object.assign(server, { httpAllowHalfOpen: true });
  const service = new HttpService(server, { ...settings, ends: [deps.streams, following] });
  const serve = (request: IncomingMessage, response: ServerResponse) => {
    // Who has its answer makes room for others.
    if (guard && processConnections.isCrowded) response.shouldKeepAlive = false;
    void answer({ request, response, service, guard }, deps);
  };
  server.on('request', serve);
  // A client that asks before it sends a body may send it once the handler reads it (see `readBody`).
  server.on('checkContinue', serve);
  if ('host' in address) service.port = await listenAt(server, address, option);
  else service.file = await keepSocketFile(server, address.socketPath, deps.logger);
  // A fault of one connection must not end the program.
  server.on('error', () => {});
  return service;
}

/** A running HTTP server, until it is disposed of. */
export class HttpService implements AsyncDisposable {
  port = 0;
  file: SocketFile | undefined;
  isStopping = false;
  readonly #server: Server;
  readonly #stopTimeoutMs: number;
  readonly #ends: readonly (Disposable | undefined)[];
  #stopped: Promise<void> | undefined;

  constructor(
    server: Server,
    { stopTimeoutMs, ends }: { stopTimeoutMs: number; ends: readonly (Disposable | undefined)[] },
  ) {
    this.#server = server;
    this.#stopTimeoutMs = stopTimeoutMs;
    this.#ends = ends;
  }

  /** Takes no more connections, refuses new requests with 503, and ends what is not done in time. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.isStopping = true;
    for (const each of this.#ends) each?.[Symbol.dispose]();
    await this.file?.remove();
    const closed = once(this.#server, 'close');
    this.#server.close();
    const timer = setTimeout(() => this.#server.closeAllConnections(), this.#stopTimeoutMs);
    await closed;
    clearTimeout(timer);
  }
}

/** Answers with a text and lets a client that still sends read it before the connection ends. */
export function endEarly(
  response: ServerResponse,
  { status, headers }: Omit<HttpRefusal, 'reason'>,
  body: { type: string; text: string },
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { req: request } = response;
  const bytes = Buffer.from(body.text);
  const more = { 'Content-Type': body.type, 'Content-Length': bytes.length, ...headers };
  if (request.complete) {
    response.writeHead(status, more);
    response.end(bytes);
    return;
  }
  response.writeHead(status, { ...more, Connection: 'close' });
  response.flushHeaders();
  if (request.method !== 'HEAD') response.write(bytes);
  const timer = setTimeout(() => response.end(), UNREAD_GRACE_MS);
  const done = () => {
    clearTimeout(timer);
    response.end();
  };
  request.once('end', done).once('close', done).once('error', done);
  request.resume();
}

/** Refuses in plain text. */
export function refusePlainly(response: ServerResponse, refusal: HttpRefusal): void {
  endEarly(response, refusal, { type: 'text/plain; charset=utf-8', text: `${refusal.reason}\n` });
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly service: HttpService;
  readonly guard: GuardOptions | undefined;
}

async function answer(
  { request, response, service, guard }: Exchange,
  { handle, about, refuse = refusePlainly, logger }: HttpServiceDeps,
): Promise<void> {
  // Who leaves early is nobody's fault.
  request.on('error', () => {});
  response.on('error', () => {});
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Cache-Control', 'no-store');
  const refusal = service.isStopping
    ? STOPPING
    : guard && httpRefusal(request.headers, guard, about?.(request));
  if (refusal !== undefined) return refuse(response, refusal);
  try {
    await handle(request, response);
  } catch (error) {
    logger.error({ err: error, path: request.url }, 'an HTTP request could not be answered');
    refuse(response, { status: 500, reason: `the node could not do this: ${(error as Error).message}` });
  }
}

const STOPPING: HttpRefusal = {
  status: 503,
  reason: 'the node is stopping: send this again when it runs',
  headers: { 'Retry-After': '5' },
};
