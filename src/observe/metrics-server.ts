import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { CodedError } from '../lib/coded-error.ts';
import { processConnections } from '../lib/connection-budget.ts';
import { Exposition } from './exposition.ts';
import type { Metrics } from './metrics.ts';

/** Where to serve metrics. Without `host` that is every interface. */
export interface MetricsServerOptions {
  readonly host?: string;
  readonly port: number;
}

const PATH = '/metrics';
const REQUEST_TIMEOUT_MS = 10_000;
const STOP_TIMEOUT_MS = 1000;
const MOST_CONNECTIONS = 100;

/** Serves the metrics over HTTP, and nothing else. Throws MetricsServerError when the address cannot be had. */
export async function startMetricsServer(
  { host, port }: MetricsServerOptions,
  { metrics }: { metrics: Metrics },
): Promise<MetricsServer> {
  const exposition = new Exposition(metrics);
  const server = createServer(
    {
      headersTimeout: REQUEST_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: REQUEST_TIMEOUT_MS,
      maxHeaderSize: 8192,
    },
    (request, response) => void answer(exposition, request, response),
  );
  server.maxConnections = MOST_CONNECTIONS;
  processConnections.watch(server);
  try {
    server.listen({ host: host === '' ? undefined : host, port });
    await once(server, 'listening');
  } catch (error) {
    exposition[Symbol.dispose]();
    throw cannotListen(`${host ?? ''}:${port}`, error as NodeJS.ErrnoException);
  }
  // A fault of one connection must not end the program.
  server.on('error', () => {});
  server.once('close', () => exposition[Symbol.dispose]());
  return new MetricsServer(server);
}

/** The metrics' HTTP server, until it is disposed of. */
export class MetricsServer implements AsyncDisposable {
  readonly #server: Server;
  #stopped: Promise<void> | undefined;

  constructor(server: Server) {
    this.#server = server;
  }

  /** The port in use, also when it was left to the system to choose. */
  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' ? (address?.port ?? 0) : 0;
  }

  /** Takes no more requests, gives those under way a second, and closes. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    const timer = setTimeout(() => this.#server.closeAllConnections(), STOP_TIMEOUT_MS);
    await closed;
    clearTimeout(timer);
  }
}

async function answer(
  exposition: Exposition,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [path] = (request.url ?? '').split('?');
  if (path !== PATH) return refuse(response, 404, `there is only ${PATH} here`);
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    return refuse(response, 405, 'only GET and HEAD are answered');
  }
  try {
    const text = await exposition.registry.metrics();
    response.setHeader('Content-Type', exposition.registry.contentType);
    response.setHeader('Content-Length', Buffer.byteLength(text));
    response.end(request.method === 'HEAD' ? undefined : text);
  } catch (error) {
    refuse(response, 500, `the metrics cannot be read: ${(error as Error).message}`);
  }
}

function refuse(response: ServerResponse, status: number, text: string): void {
  // A body that is not wanted is not read either.
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' });
  response.end(`${text}\n`);
}

function cannotListen(address: string, cause: NodeJS.ErrnoException): MetricsServerError {
  if (cause.code === 'EADDRINUSE') {
    return new MetricsServerError(
      'in-use',
      `another program listens on ${address}: choose another promHostAndPort`,
      { cause },
    );
  }
  const message = `cannot serve metrics on ${address}: ${cause.message}`;
  return new MetricsServerError('unavailable', message, { cause });
}

/** Why metrics cannot be served. */
type MetricsServerErrorCode = 'in-use' | 'unavailable';

/** The metrics' HTTP server could not start; the message names the address and the way out. */
class MetricsServerError extends CodedError<MetricsServerErrorCode> {
  override name = 'MetricsServerError';
}
