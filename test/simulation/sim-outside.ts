import type { ToSocketDeps, WriteToSocket } from '../../src/methods/outside/req-to-socket.ts';
import type { Life, Machine } from './machine.ts';
import type { Truth } from './truth.ts';

/** What is wrong with what a machine's node reaches besides other nodes. */
export type OutsideTrouble = 'refuses' | 'is silent' | 'is busy' | 'breaks off';

/** What came of a message to something that keeps no notes. */
interface Taken {
  readonly token: string;
  readonly at: number;
}

/** What a page answers, by its token; what follows `?` in its address is the status. */
export function addressOf(token: string, status: number): string {
  return `http://web.simulated/${token}?${status}`;
}

/** What a page holds. */
export function pageOf(token: string): string {
  return `${token} is here\n`;
}

/** What is around a machine besides other nodes: pages, a socket on which somebody listens, and a terminal. */
export class Outside {
  trouble: OutsideTrouble | undefined;
  readonly socket: Taken[] = [];
  readonly console: Taken[] = [];
  readonly #machine: Machine;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** Fetches pages for a life of a node. */
  fetchFor(life: Life, truth: Truth): typeof fetch {
    const node = this.#machine.name;
    const get = async (url: URL, { signal }: { readonly signal: AbortSignal }) => {
      const token = url.pathname.slice(1);
      const run = { id: `page ${token}`, node, token };
      truth.began(run);
      await passed(life, life.chance.spread(1, 3000), signal);
      if (this.trouble === 'is silent') await passed(life, Number.MAX_SAFE_INTEGER, signal);
      if (this.trouble === 'refuses') {
        truth.ended({ ...run, how: 1 });
        throw fault('ECONNREFUSED');
      }
      const status = this.trouble === 'is busy' ? 503 : Number(url.search.slice(1));
      const { trouble } = this;
      async function* body() {
        const text = pageOf(token);
        yield Buffer.from(text.slice(0, 1));
        await passed(life, life.chance.spread(1, 300), signal);
        if (trouble === 'breaks off') throw fault('UND_ERR_SOCKET');
        truth.ended({ ...run, how: status === 200 ? 0 : status });
        yield Buffer.from(text.slice(1));
      }
      const headers = { get: () => null };
      return { status, statusText: 'as asked', ok: status === 200, headers, body: body() };
    };
    return get as unknown as typeof fetch;
  }

  /** What a life of a node writes to sockets with. */
  writerFor(life: Life): Required<ToSocketDeps> {
    const { clock } = life.edges;
    const writeToSocket: WriteToSocket = async (_, data, { deadline }) => {
      await passed(life, life.chance.spread(0.1, 20), deadline);
      if (this.trouble === 'refuses') throw fault('ECONNREFUSED');
      if (this.trouble === 'is busy') throw fault('EAGAIN');
      if (this.trouble === 'is silent') await passed(life, Number.MAX_SAFE_INTEGER, deadline);
      if (this.trouble === 'breaks off') throw new Error('it was closed before it had all');
      this.#take('socket', data);
      await passed(life, life.chance.spread(0.1, 20), deadline);
    };
    return { clock, writeToSocket };
  }

  /** What a life of a node prints to; a terminal is always there. */
  stdoutFor(life: Life): (bytes: Uint8Array) => Promise<void> {
    return async (bytes) => {
      await passed(life, life.chance.spread(0.1, 5));
      this.#take('console', [bytes]);
      await passed(life, life.chance.spread(0.1, 5));
    };
  }

  #take(where: 'socket' | 'console', data: readonly Uint8Array[]): void {
    const { timeline, name } = this.#machine;
    for (const line of Buffer.concat(data).toString().split('\n').filter(Boolean)) {
      const token = line.split(' ', 1)[0]!;
      timeline.note(`the ${where} of ${name} takes ${token}`);
      this[where].push({ token, at: timeline.now });
    }
  }
}

/** Resolves after a while, for a life that still goes on; rejects when that is called off. */
function passed(life: Life, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const cancel = life.later(ms, resolve);
    signal?.addEventListener('abort', () => {
      cancel();
      reject(signal.reason);
    });
  });
}

function fault(code: string): Error {
  return Object.assign(new Error(`${code}: simulated`), { code });
}
