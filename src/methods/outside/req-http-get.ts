import { type Clock, deadlineIn } from '../../lib/clock.ts';
import type { Message } from '../../message/message.ts';
import type { RunCall, RunResult } from '../../message/method-contract.ts';
import { Spool, type SpoolPlace } from '../commands/spool.ts';
import { SpooledOutput } from '../commands/spooled-output.ts';
import { type RunMethod, required } from '../method.ts';
import { abortedState, describeTimeout, methodTimeoutMs } from '../method-timeout.ts';
import { describeFetchFault } from './fetch-fault.ts';

const MAX_REDIRECTS = 10;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const MAX_BODY_BYTES = 64 * 1024 * 1024;
const MAX_ERROR_PAGE_BYTES = 4096;

export interface HttpGetOptions {
  /** Where a large body is kept until it is sent. */
  readonly spoolFolder: string;
  /** For messages that carry no methodTimeout (s). */
  readonly defaultMethodTimeout: number;
  /** The largest body that is taken, after decompression; 64 MB unless told. */
  readonly maxBodyBytes?: number;
}

export interface HttpGetDeps extends Pick<SpoolPlace, 'outputs'> {
  readonly clock: Clock;
  /** Fetches a page; the machine's own way unless told. */
  readonly fetch?: typeof fetch;
}

/**
 * REQHttpGet (EventACK): fetches a web page and replies with it.
 *
 * Arguments: the URL, http or https; a user and password in it are sent as basic authentication. Up to 10 redirects are
 * followed. The whole has methodTimeout seconds (-1: no limit, but a server that is silent for five minutes is given up).
 *
 * Reply: the body, byte for byte, of an answer with a status from 200 to 299; the reason then tells status, time and
 * size. Any other status is `failed` with the status in the reason and no reply, so that an error page never takes the
 * place of the page that an earlier request brought; the first 4 KB of the error page are in stderrTail. So is a body
 * larger than 64 MB, and a host that can't be reached: the reason says why. What was not complete in time is `timed-out`.
 */
export function createReqHttpGet(options: HttpGetOptions, deps: HttpGetDeps): RunMethod {
  return {
    name: 'REQHttpGet',
    kind: 'EventACK',
    mode: 'run',
    summary: 'Fetches a web page and replies with it.',
    args: [required('methodArgs[0]', 'URL', 'The page, http or https', 'http://127.0.0.1:8080/')],
    check: urlFault,
    run: (call) => run(call, { fetch, ...options, ...deps }),
  };
}

/** A fault of the request or the answer, in words. */
class HttpGetError extends Error {
  override name = 'HttpGetError';
  readonly code = 'http-get';
  readonly page: Uint8Array | undefined;

  constructor(message: string, page?: Uint8Array) {
    super(message);
    this.page = page;
  }
}

function urlFault({ methodArgs }: Message): string | undefined {
  const text = methodArgs?.[0];
  if (!text) return 'methodArgs is empty: its first item is the URL to fetch';
  const url = URL.parse(text);
  if (!url) return `${JSON.stringify(text.slice(0, 200))} is no URL; one begins with http:// or https://`;
  return schemeFault(url);
}

function schemeFault({ protocol }: URL): string | undefined {
  if (protocol === 'http:' || protocol === 'https:') return undefined;
  return `the URL begins with ${protocol}, only http: and https: are fetched`;
}

async function run(call: RunCall, options: Own): Promise<RunResult> {
  const { message, signal } = call;
  const fault = urlFault(message);
  if (fault !== undefined) return failed(message, new HttpGetError(fault));
  using deadline = deadlineIn(methodTimeoutMs(message, options.defaultMethodTimeout), options.clock);
  using spool = new Spool(options);
  const page = { url: new URL(message.methodArgs![0]!) };
  try {
    return await get(page, { ...options, spool, signal: AbortSignal.any([signal, deadline.signal]) });
  } catch (error) {
    if (signal.aborted) return { state: abortedState(signal), reason: 'the fetch was ended while it ran' };
    if (deadline.signal.aborted) return timedOut(message);
    return failed(message, error instanceof HttpGetError ? error : describeFetchFault(page.url, error));
  }
}

type Own = HttpGetOptions & HttpGetDeps & Required<Pick<HttpGetDeps, 'fetch'>>;

interface GetOptions extends Own {
  readonly signal: AbortSignal;
  readonly spool: Spool;
}

/** `page.url` is the one under way, for the text of an error. */
async function get(page: { url: URL }, options: GetOptions): Promise<RunResult> {
  const began = options.clock.steadyNow();
  const response = await follow(page, options);
  const status = `${response.status} ${response.statusText}`.trim();
  if (!response.ok) throw new HttpGetError(`${page.url.host} answered ${status}`, await readStart(response));
  const body = await readBody(response, options);
  const ms = Math.round(options.clock.steadyNow() - began);
  const { bytes } = body;
  return {
    state: 'succeeded',
    reason: `${status} in ${ms} ms, ${bytes} bytes`,
    outputBytes: bytes,
    ...body.reply(),
  };
}

async function follow(page: { url: URL }, { fetch, signal }: GetOptions): Promise<Response> {
  const start = page.url;
  for (let redirects = 0; ; redirects++) {
    const response = await fetchOne(page.url, {
      fetch,
      signal,
      isSameOrigin: page.url.origin === start.origin,
      start,
    });
    const location = REDIRECTS.has(response.status) ? response.headers.get('location') : null;
    if (location === null) return response;
    await response.body?.cancel();
    const next = URL.parse(location, page.url.href);
    if (!next)
      throw new HttpGetError(
        `${page.url.host} redirects to ${JSON.stringify(location.slice(0, 200))}, which is no URL`,
      );
    const fault = schemeFault(next);
    if (fault) throw new HttpGetError(`${page.url.host} redirects elsewhere: ${fault}`);
    if (redirects === MAX_REDIRECTS)
      throw new HttpGetError(`${start.host} redirects more than ${MAX_REDIRECTS} times`);
    page.url = next;
  }
}

/** The password of the first URL goes to no other origin; fetch takes none within a URL. */
async function fetchOne(
  url: URL,
  {
    fetch: get,
    signal,
    isSameOrigin,
    start,
  }: Pick<GetOptions, 'fetch' | 'signal'> & { isSameOrigin: boolean; start: URL },
): Promise<Response> {
  const plain = new URL(url);
  plain.username = '';
  plain.password = '';
  const owner = url.username || !isSameOrigin ? url : start;
  const login = `${decodeURIComponent(owner.username)}:${decodeURIComponent(owner.password)}`;
  const headers: Record<string, string> = { 'user-agent': 'steward' };
  if (login !== ':') headers.authorization = `Basic ${Buffer.from(login).toString('base64')}`;
  return await get(plain, { redirect: 'manual', signal, headers });
}

async function readBody(response: Response, options: GetOptions): Promise<SpooledOutput> {
  const maxBytes = options.maxBodyBytes ?? MAX_BODY_BYTES;
  const body = new SpooledOutput(options.spool);
  for await (const piece of response.body ?? []) {
    if (body.bytes + piece.length > maxBytes)
      throw new HttpGetError(`the page is larger than ${maxBytes} bytes, which is the limit`);
    await body.add(piece);
  }
  return body;
}

/** The beginning of an error page; one that can't be read is none. */
async function readStart(response: Response): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const piece of response.body ?? []) {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes >= MAX_ERROR_PAGE_BYTES) break;
    }
  } catch {
    // The status is what counts.
  }
  return Buffer.concat(pieces).subarray(0, MAX_ERROR_PAGE_BYTES);
}

function timedOut(message: Message): RunResult {
  const reason = `the page had not come within ${describeTimeout(message)}`;
  return { state: 'timed-out', outputBytes: 0, reason, error: report(message, reason) };
}

function failed(message: Message, error: HttpGetError | string): RunResult {
  const reason = typeof error === 'string' ? error : error.message;
  const page = typeof error === 'string' ? undefined : error.page;
  const stderrTail = page && page.length > 0 ? { stderrTail: page } : {};
  return { state: 'failed', outputBytes: 0, reason, ...stderrTail, error: report(message, reason) };
}

function report({ methodArgs }: Message, reason: string): string {
  return `error: methodREQHttpGet: ${reason}, methodArgs: [${withoutPassword(methodArgs ?? []).join(' ')}]`;
}

function withoutPassword(args: readonly string[]): string[] {
  return args.map((arg) => arg.replace(/:\/\/[^/@\s]*@/, '://***@').slice(0, 1024));
}
