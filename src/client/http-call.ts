import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { ApiError } from './api-error.ts';
import { type ApiPlace, connectionFault, placeOptions, showApiPlace } from './api-place.ts';

// An import statement would load all that node:http exports, WebSocket among it, which takes 20 ms of a command's start.
const { Agent, request } = process.getBuiltinModule('node:http');

/** One request to a node. */
export interface HttpCall {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly body?: Uint8Array | string;
  /** How long the node may take to begin its answer, and may be silent within it, ms; 0 = for ever. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** What a node answered. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/** Connections to one node, kept open between requests. */
export class HttpConnections implements Disposable {
  readonly #place: ApiPlace;
  readonly #options: RequestOptions;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 16 });

  constructor(place: ApiPlace) {
    this.#place = place;
    this.#options = placeOptions(place);
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  /** Sends a request and gives the whole answer. Throws ApiError. */
  async call(call: HttpCall): Promise<HttpAnswer> {
    const response = await this.open(call);
    const pieces: Buffer[] = [];
    try {
      for await (const piece of response) pieces.push(piece as Buffer);
    } catch (cause) {
      throw this.#brokenOff(cause);
    }
    return { status: response.statusCode ?? 0, body: Buffer.concat(pieces) };
  }

  /** Sends a request and gives the answer as it begins. Throws ApiError. */
  async open(call: HttpCall): Promise<IncomingMessage> {
    for (let attempt = 1; ; attempt++) {
      const sent = this.#send(call, { isFresh: attempt > 1 });
      try {
        return await answerTo(sent);
      } catch (error) {
        // A connection that was kept open may have been closed by the node at the very moment it was used again.
        const isStale = sent.reusedSocket && CLOSED.has((error as NodeJS.ErrnoException).code ?? '');
        if (!(isStale && call.method === 'GET' && attempt === 1)) throw this.#failed(error, sent, call);
      }
    }
  }

  #send(call: HttpCall, { isFresh }: { isFresh: boolean }): ClientRequest {
    const { method, path, body, timeoutMs, signal } = call;
    const headers: Record<string, string | number> = { ...(this.#options.headers as Record<string, string>) };
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    if (method !== 'GET') headers['Content-Length'] = body === undefined ? 0 : Buffer.byteLength(body);
    // What is not to be done twice goes over a connection of its own, which cannot be a stale one.
    const agent = method === 'GET' && !isFresh ? this.#agent : false;
    const sent = request({ ...this.#options, method, path, headers, agent, timeout: timeoutMs, signal });
    let begun: IncomingMessage | undefined;
    sent.once('response', (response) => {
      begun = response;
    });
    sent.on('timeout', () => (begun ?? sent).destroy(this.#silent(timeoutMs)));
    sent.end(body);
    return sent;
  }

  #failed(error: unknown, sent: ClientRequest, { signal }: HttpCall): unknown {
    if (error instanceof ApiError || signal?.aborted) return error;
    const { code } = error as NodeJS.ErrnoException;
    const isConnected = sent.socket !== null && sent.socket !== undefined && !sent.socket.connecting;
    if (isConnected && CLOSED.has(code ?? '')) return this.#brokenOff(error);
    if (code?.startsWith('HPE_')) {
      const text = `${showApiPlace(this.#place)} does not speak HTTP: is this the API of a node?`;
      return new ApiError('broken', text, { cause: error });
    }
    return connectionFault(this.#place, error as NodeJS.ErrnoException);
  }

  #silent(timeoutMs: number): ApiError {
    const text = `the node at ${showApiPlace(this.#place)} was silent for ${timeoutMs / 1000} s: try again, and look into its log`;
    return new ApiError('broken', text);
  }

  #brokenOff(cause: unknown): ApiError {
    if (cause instanceof ApiError) return cause;
    const text = `the connection to the node at ${showApiPlace(this.#place)} was closed before its answer was whole`;
    return new ApiError('broken', text, { cause });
  }
}

/** What a connection that the other side has closed fails with. */
const CLOSED: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE']);

function answerTo(sent: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sent.once('response', resolve);
    // Stays, for an error may come later too.
    sent.on('error', reject);
  });
}
