import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Access, ApiHandler, type ApiHandlerOptions } from '../api/api-handler.ts';
import { lookOnly } from '../api/look-only.ts';
import { refuse } from '../api/refusal.ts';
import type { WebProxyConfig, WebTlsConfig } from '../config/web-config.ts';
import type { Operations } from '../contract/contract.ts';
import { OperationError } from '../contract/operation-error.ts';
import type { HostAndPort } from '../lib/host-and-port.ts';
import type { GuardedRequest } from '../lib/http-guard.ts';
import { type HttpService, startHttpService } from '../lib/http-service.ts';
import { TlsFiles } from '../lib/tls-files.ts';
import type { Logger } from '../observe/logger.ts';
import { foldEvents } from './fold-events.ts';
import { type PageFile, PageFiles } from './page-files.ts';
import type { Passkeys } from './passkeys.ts';
import { ProxyVisitors } from './proxy-visitor.ts';
import type { Sessions } from './sessions.ts';
import { SIGNED_OUT, SignIn } from './sign-in.ts';

/** Where the console is served, and for which fleet. */
export interface ConsoleOptions extends ApiHandlerOptions {
  readonly address: HostAndPort;
  /** The node whose fleet it is: browsers keep a cookie of its name. */
  readonly nodeName: string;
  /** A proxy that signs people in. */
  readonly proxy?: WebProxyConfig | undefined;
  /** How long after the last request that came through the proxy a stream of its user may go on, ms. */
  readonly vouchedMs?: number;
  /** Served by https with these. */
  readonly tls?: WebTlsConfig | undefined;
}

interface ConsoleDeps {
  readonly operations: Operations;
  readonly sessions: Sessions;
  readonly passkeys: Passkeys;
  readonly now: () => number;
  readonly logger: Logger;
  readonly files?: PageFiles;
}

/** With a quarter of it that may pass before that is seen: within a minute. */
const VOUCHED_MS = 45_000;

/** What the page may load and do: its own files and this server, and nothing that is written into it. */
const POLICY = [
  "default-src 'none'",
  ...['script', 'style', 'img', 'connect'].map((kind) => `${kind}-src 'self'`),
  ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
  ...["require-trusted-types-for 'script'", "trusted-types 'none'"],
].join('; ');

/** Serves the console's page, and the API to those who are signed in; `names` are those of its certificate. Throws ListenError. */
export async function startConsole(
  options: ConsoleOptions,
  deps: ConsoleDeps,
): Promise<HttpService & { names: readonly string[] }> {
  const proxy = options.proxy && (await ProxyVisitors.open(options.proxy));
  const tls = options.tls && (await TlsFiles.open(options.tls, deps));
  const handler = new ConsoleHandler({ ...options, proxy, isTls: tls !== undefined }, deps);
  const service = await startHttpService(
    { address: options.address, option: '-webListener', token: '', signsIn: true, tls },
    { handle: handler.handle, about: handler.about, streams: handler.api, refuse, logger: deps.logger },
  );
  return Object.assign(service, { names: tls?.names ?? [] });
}

class ConsoleHandler {
  readonly #proxy: ProxyVisitors | undefined;
  readonly #signIn: SignIn;
  readonly #files: PageFiles;
  readonly api: ApiHandler;
  readonly #sessions: Sessions;
  readonly #vouchedMs: number;

  constructor(
    options: Omit<ConsoleOptions, 'proxy'> & { proxy: ProxyVisitors | undefined; isTls: boolean },
    { operations, files = new PageFiles(), ...deps }: ConsoleDeps,
  ) {
    this.#proxy = options.proxy;
    this.#signIn = new SignIn({ ...options, ...deps });
    this.#sessions = deps.sessions;
    this.#vouchedMs = options.vouchedMs ?? VOUCHED_MS;
    this.#files = files;
    this.api = new ApiHandler(options, { ...operations, events: foldEvents(operations.events) });
  }

  /** What the guard must know of a request besides its headers. */
  readonly about = (request: IncomingMessage): GuardedRequest => {
    const { method } = request;
    const path = pathOf(request);
    const isPage =
      (method === 'GET' || method === 'HEAD') && !this.#signIn.serves(path) && !path.startsWith('/v1/');
    return { isPage, outerOrigin: this.#proxy?.isThrough(request) ? this.#proxy.origin : undefined };
  };

  readonly handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const pathname = pathOf(request);
    if (this.#signIn.serves(pathname)) return await this.#signIn.handle(pathname, request, response);
    if (pathname.startsWith('/v1/')) return await this.#serveApi(request, response);
    await this.#serveFile(pathname, request, response);
  };

  async #serveApi(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const session = this.#signIn.sessionOf(request);
    if (session === undefined) return refuse(response, SIGNED_OUT);
    const end = () => response.destroy();
    session.over.signal.addEventListener('abort', end);
    // Only what the proxy lets through shows that it still knows the user.
    const look = () => this.#sessions.idleMs(session) > this.#vouchedMs && end();
    const watch = session.user === undefined ? undefined : setInterval(look, this.#vouchedMs / 4);
    try {
      const role = this.#signIn.roleOf(request, session.role);
      const access = role === 'act' ? ACT : LOOK;
      await this.api.handle(request, response, { access, by: `console, ${session.operator}` });
    } finally {
      clearInterval(watch);
      session.over.signal.removeEventListener('abort', end);
    }
  }

  async #serveFile(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const file = await this.#files.find(path);
    if (file === 'not-built') return refuse(response, NOT_BUILT);
    if (file === 'no-such-file') {
      return refuse(response, { status: 404, reason: `the console has no page ${path.slice(0, 200)}` });
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return refuse(response, {
        status: 405,
        reason: 'a page is asked for with GET',
        headers: { Allow: 'GET' },
      });
    }
    sendFile(file, request, response);
  }
}

const NOT_BUILT = { status: 503, reason: 'the console is not built yet: run steward web, or npm run build' };

/** A session never makes links: who signs in was asked on the machine of the node. */
const ACT: Access = (name) => {
  if (name === 'signInLink')
    throw new OperationError('forbidden', 'run steward web on the machine of the node');
};

const LOOK_ONLY = lookOnly('session', 'run steward web for one that may');

const LOOK: Access = (name, row) => {
  ACT(name, row);
  LOOK_ONLY(name, row);
};

function pathOf({ url = '/' }: IncomingMessage): string {
  return new URL(url, 'http://localhost').pathname;
}

function sendFile(
  { type, isImmutable, bodies }: PageFile,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const accepted = String(request.headers['accept-encoding'] ?? '');
  const encoding = /\bbr\b/.test(accepted) ? 'br' : /\bgzip\b/.test(accepted) ? 'gzip' : 'identity';
  const body = bodies[encoding];
  response.writeHead(200, {
    'Content-Type': type,
    'Content-Length': body.length,
    'Content-Security-Policy': POLICY,
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    Vary: 'Accept-Encoding',
    ...(encoding === 'identity' ? {} : { 'Content-Encoding': encoding }),
    'Cache-Control': isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache',
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}
