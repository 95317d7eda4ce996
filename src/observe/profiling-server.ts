import type { IncomingMessage, ServerResponse } from 'node:http';
import { Session } from 'node:inspector/promises';
import { performance } from 'node:perf_hooks';
import { pipeline } from 'node:stream/promises';
import { getHeapSnapshot } from 'node:v8';
import type { HostAndPort } from '../lib/host-and-port.ts';
import { type HttpService, refusePlainly, startHttpService } from '../lib/http-service.ts';
import { pause } from '../lib/pause.ts';
import type { Logger } from './logger.ts';
import { LoopDelay } from './loop-delay.ts';

const DEFAULT_SECONDS = 10;
const MOST_SECONDS = 300;
const HELP = `/cpu?seconds=N  a CPU profile of N seconds (${DEFAULT_SECONDS} unless told), as .cpuprofile
/heap           a snapshot of the heap, as .heapsnapshot (the program stands still meanwhile)
/loop           delay and load of the event loop since the last time this was asked, as JSON
`;

const NO_HEAP = {
  status: 403,
  reason:
    "the heap holds this node's key: in a closed fleet it is shown to those alone who have the listener token, so set one",
};

type Endpoint = (url: URL, response: ServerResponse) => Promise<void>;

/**
 * Serves profiles of this program, in the forms that the developer tools of Chrome open: see HELP.
 *
 * It shows what is in memory, so `address` must be on loopback. Other users of the machine connect there too: in a closed fleet
 * they must show the listener token, and where there is none nobody gets the heap, which holds the node's key. Throws
 * ListenError when the port cannot be had.
 */
export async function startProfilingServer(
  options: { readonly address: HostAndPort; readonly token: string; readonly tokenOnLoopback: boolean },
  { logger }: { readonly logger: Logger },
): Promise<HttpService> {
  const delay = new LoopDelay();
  const profiler = new Profiler();
  const loop = new LoopFigures(delay);
  const endpoints: ReadonlyMap<string, Endpoint> = new Map<string, Endpoint>([
    ['/', async (_url, response) => void response.end(HELP)],
    ['/cpu', profiler.cpu],
    [
      '/heap',
      async (_url, response) =>
        options.tokenOnLoopback && options.token === ''
          ? refusePlainly(response, NO_HEAP)
          : await profiler.heap(response),
    ],
    ['/loop', async (_url, response) => sendJson(response, loop.take())],
  ]);
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const url = URL.parse(request.url ?? '', 'http://localhost');
    const endpoint = url ? endpoints.get(url.pathname) : undefined;
    if (url === null || endpoint === undefined)
      return refusePlainly(response, { status: 404, reason: `there are:\n${HELP}` });
    if (request.method !== 'GET') {
      const headers = { Allow: 'GET' };
      return refusePlainly(response, { status: 405, reason: 'only GET is answered', headers });
    }
    await endpoint(url, response);
  };
  return await startHttpService(
    { ...options, option: '-profilingPort', stopTimeoutMs: 1000 },
    { handle, streams: delay, logger },
  );
}

/** Makes profiles, one at a time. */
class Profiler {
  #isBusy = false;

  readonly cpu = async (url: URL, response: ServerResponse): Promise<void> => {
    const text = url.searchParams.get('seconds') ?? String(DEFAULT_SECONDS);
    const seconds = Number(text);
    if (!/^\d+(\.\d+)?$/.test(text) || seconds <= 0 || seconds > MOST_SECONDS) {
      const reason = `seconds must be a number above 0 and at most ${MOST_SECONDS}`;
      return refusePlainly(response, { status: 400, reason });
    }
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    await this.#alone(response, async () => {
      const profile = await cpuProfile(seconds * 1000, gone.signal);
      if (gone.signal.aborted) return;
      response.setHeader('Content-Disposition', 'attachment; filename="steward.cpuprofile"');
      sendJson(response, profile);
    });
  };

  async heap(response: ServerResponse): Promise<void> {
    await this.#alone(response, async () => {
      response.setHeader('Content-Type', 'application/json');
      response.setHeader('Content-Disposition', 'attachment; filename="steward.heapsnapshot"');
      await pipeline(getHeapSnapshot(), response).catch(() => response.destroy());
    });
  }

  async #alone(response: ServerResponse, work: () => Promise<void>): Promise<void> {
    if (this.#isBusy) {
      return refusePlainly(response, { status: 409, reason: 'another profile is being made: wait for it' });
    }
    this.#isBusy = true;
    try {
      await work();
    } finally {
      this.#isBusy = false;
    }
  }
}

async function cpuProfile(ms: number, signal: AbortSignal): Promise<unknown> {
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
    await pause(ms, signal);
    return (await session.post('Profiler.stop')).profile;
  } finally {
    session.disconnect();
  }
}

/** How late the event loop was and how much of the time it worked, from one question to the next. */
class LoopFigures {
  readonly #delay: LoopDelay;
  #since = performance.eventLoopUtilization();
  #sinceMs = performance.now();

  constructor(delay: LoopDelay) {
    this.#delay = delay;
  }

  take(): Record<string, unknown> {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, this.#since);
    const figures = {
      seconds: (performance.now() - this.#sinceMs) / 1000,
      utilization,
      delayMs: {
        mean: rounded(this.#delay.mean),
        p50: rounded(this.#delay.percentile(50)),
        p99: rounded(this.#delay.percentile(99)),
        max: rounded(this.#delay.max),
      },
    };
    this.#delay.startAnew();
    this.#since = now;
    this.#sinceMs = performance.now();
    return figures;
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

function sendJson(response: ServerResponse, value: unknown): void {
  const text = JSON.stringify(value);
  response.setHeader('Content-Type', 'application/json');
  response.setHeader('Content-Length', Buffer.byteLength(text));
  response.end(text);
}
