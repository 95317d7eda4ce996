import { connect, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { type ApiAddress, connectionFault, connectOptions, showApiAddress } from './api-address.ts';
import { ApiError } from './api-error.ts';
import { ByteSource, ClosedError } from './byte-source.ts';
import { type HttpResponse, NoHttpError, readResponse } from './http-response.ts';

// node:http would take 15 ms of a command's start to load, and as long again for its first request.

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

interface Connection {
  readonly socket: Socket;
  readonly source: ByteSource;
  isReused: boolean;
  idleSince: number;
}

const MAX_IDLE = 4;
/** What is not to be done twice goes over a connection that is too fresh to have been closed by the node, ms. */
const FRESH_MS = 500;

/** Connections to one node, kept open between requests. */
export class HttpConnections implements Disposable {
  readonly address: ApiAddress;
  readonly #options: ReturnType<typeof connectOptions>;
  readonly #idle = new Set<Connection>();
  readonly #all = new Set<Connection>();

  constructor(address: ApiAddress) {
    this.address = address;
    this.#options = connectOptions(address);
  }

  [Symbol.dispose](): void {
    for (const { socket } of this.#all) socket.destroy();
  }

  /** Sends a request and returns the whole answer. Throws ApiError. */
  async call(call: HttpCall): Promise<HttpAnswer> {
    const { status, body } = await this.open(call);
    try {
      return { status, body: await buffer(body) };
    } catch (cause) {
      throw this.#brokenOff(cause);
    }
  }

  /** Sends a request and returns the answer as it begins. Throws ApiError. */
  async open(call: HttpCall): Promise<HttpResponse> {
    const isSafe = call.method === 'GET';
    const connection = this.#takeIdle(isSafe ? Infinity : FRESH_MS) ?? this.#connect();
    try {
      return await this.#exchange(connection, call);
    } catch (error) {
      const isStale =
        isSafe && connection.isReused && CLOSED.has((error as NodeJS.ErrnoException).code ?? '');
      if (!isStale || call.signal?.aborted) throw this.#failed(error, connection, call);
    }
    // A connection that was kept open may have been closed by the node at the very moment it was used again.
    const fresh = this.#connect();
    try {
      return await this.#exchange(fresh, call);
    } catch (error) {
      throw this.#failed(error, fresh, call);
    }
  }

  async #exchange(connection: Connection, call: HttpCall): Promise<HttpResponse> {
    const { socket, source } = connection;
    const { signal, timeoutMs } = call;
    const abort = () => socket.destroy(signal?.reason instanceof Error ? signal.reason : undefined);
    const silent = () => socket.destroy(this.#silent(timeoutMs));
    const release = () => {
      signal?.removeEventListener('abort', abort);
      socket.off('timeout', silent);
      socket.off('close', release);
    };
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort);
    socket.setTimeout(timeoutMs, silent);
    socket.on('close', release);
    socket.write(this.#headOf(call));
    if (call.body !== undefined) socket.write(call.body);
    return await readResponse(source, (canGoOn) => {
      release();
      if (canGoOn && this.#idle.size < MAX_IDLE) this.#keep(connection);
      else socket.destroy();
    });
  }

  #headOf({ method, path, body }: HttpCall): string {
    const lines = [`${method} ${path} HTTP/1.1`];
    for (const [name, value] of Object.entries(this.#options.headers)) lines.push(`${name}: ${value}`);
    if (body !== undefined) lines.push('Content-Type: application/json');
    if (method !== 'GET') lines.push(`Content-Length: ${body === undefined ? 0 : Buffer.byteLength(body)}`);
    return `${lines.join('\r\n')}\r\n\r\n`;
  }

  #connect(): Connection {
    const socket = connect(this.#options.connect);
    socket.setNoDelay(true);
    const connection: Connection = { socket, source: new ByteSource(socket), isReused: false, idleSince: 0 };
    this.#all.add(connection);
    socket.on('close', () => {
      this.#all.delete(connection);
      this.#idle.delete(connection);
    });
    return connection;
  }

  #takeIdle(maxIdleMs: number): Connection | undefined {
    const since = performance.now() - maxIdleMs;
    const connection = [...this.#idle].find(({ idleSince }) => idleSince >= since);
    if (connection === undefined) return undefined;
    this.#idle.delete(connection);
    connection.socket.ref();
    return connection;
  }

  #keep(connection: Connection): void {
    connection.isReused = true;
    connection.idleSince = performance.now();
    connection.socket.setTimeout(0);
    connection.socket.unref();
    this.#idle.add(connection);
  }

  #failed(error: unknown, { socket }: Connection, { signal }: HttpCall): unknown {
    socket.destroy();
    if (error instanceof ApiError || signal?.aborted) return error;
    if (error instanceof NoHttpError) {
      const text = `${showApiAddress(this.address)} does not speak HTTP: is this the API of a node?`;
      return new ApiError('broken', text, { cause: error });
    }
    const { code } = error as NodeJS.ErrnoException;
    const wasConnected = socket.bytesRead > 0 || socket.bytesWritten > 0 || error instanceof ClosedError;
    if (wasConnected && CLOSED.has(code ?? '')) return this.#brokenOff(error);
    return connectionFault(this.address, error as NodeJS.ErrnoException);
  }

  #silent(timeoutMs: number): ApiError {
    const text = `the node at ${showApiAddress(this.address)} was silent for ${timeoutMs / 1000} s: try again, and look into its log`;
    return new ApiError('broken', text);
  }

  #brokenOff(cause: unknown): ApiError {
    if (cause instanceof ApiError) return cause;
    const text = `the connection to the node at ${showApiAddress(this.address)} was closed before its answer was whole`;
    return new ApiError('broken', text, { cause });
  }
}

/** What a connection that the other side has closed fails with. */
const CLOSED: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE']);
