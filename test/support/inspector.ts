import { type StewardNode, stewardCommand } from './node.ts';
import { waitFor } from './wait-for.ts';

interface FunctionCoverage {
  readonly functionName: string;
  readonly ranges: readonly { readonly startOffset: number; readonly count: number }[];
}

interface Coverage {
  readonly result: readonly { readonly url: string; readonly functions: readonly FunctionCoverage[] }[];
}

type Send = (method: string, params?: object) => Promise<unknown>;

/** The program under test, so started that an inspector can attach to it. */
export function inspectedCommand(): string[] {
  const [command, ...args] = stewardCommand();
  return [command!, INSPECT, ...args];
}

/** Lets the engine of a node listen to inspectors, on a free port. */
export const INSPECT = '--inspect=127.0.0.1:0';

/** Speaks to the engine of a node, in all of its threads. The node must run with `INSPECT`. */
export class Inspector implements AsyncDisposable {
  readonly #socket: WebSocket;
  readonly #answers = new Map<string, (result: unknown) => void>();
  readonly #threads: Send[] = [];
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.#threads.push((method, params) => this.#ask('', method, params));
    socket.addEventListener('message', ({ data }) => this.#hear(JSON.parse(String(data)), ''));
  }

  static async attach(node: StewardNode): Promise<Inspector> {
    const place = () => /Debugger listening on (ws:\S+)/.exec(node.program.stderr)?.[1];
    const socket = new WebSocket(await waitFor('the debugger to listen', place));
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', () => reject(new Error('the debugger does not answer')));
    });
    const inspector = new Inspector(socket);
    await inspector.#threads[0]!('NodeWorker.enable', { waitForDebuggerOnStart: false });
    return inspector;
  }

  /** Lets every thread free what nothing refers to any more. */
  async collectGarbage(): Promise<void> {
    for (const send of this.#threads) await send('HeapProfiler.collectGarbage');
  }

  /** Begins to note which functions run, by V8's own count. */
  async startCoverage(): Promise<void> {
    for (const send of this.#threads) {
      await send('Profiler.enable');
      await send('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
    }
  }

  /** The functions below a folder that have run since this was last asked, as `<file>:<offset>:<name>`. */
  async functionsRun(folder: string): Promise<Set<string>> {
    const found = new Set<string>();
    for (const send of this.#threads) {
      const coverage = (await send('Profiler.takePreciseCoverage')) as Coverage;
      for (const one of functionsBelow(`file://${folder}/`, coverage)) found.add(one);
    }
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
  }

  #ask(thread: string, method: string, params: object = {}): Promise<unknown> {
    const id = ++this.#lastId;
    const message = { id, method, params };
    const answer = new Promise((resolve) => this.#answers.set(`${thread}:${id}`, resolve));
    if (thread === '') this.#socket.send(JSON.stringify(message));
    else
      void this.#ask('', 'NodeWorker.sendMessageToWorker', {
        sessionId: thread,
        message: JSON.stringify(message),
      });
    return answer;
  }

  #hear(
    message: { id?: number; result?: unknown; method?: string; params?: Record<string, unknown> },
    thread: string,
  ) {
    if (message.id !== undefined) this.#answers.get(`${thread}:${message.id}`)?.(message.result);
    const sessionId = String(message.params?.sessionId);
    if (message.method === 'NodeWorker.attachedToWorker')
      this.#threads.push((method, params) => this.#ask(sessionId, method, params));
    if (message.method === 'NodeWorker.receivedMessageFromWorker')
      this.#hear(JSON.parse(String(message.params?.message)), sessionId);
  }
}

function functionsBelow(root: string, { result }: Coverage): string[] {
  return result
    .filter(({ url }) => url.startsWith(root))
    .flatMap(({ url, functions }) =>
      functions
        .filter(({ ranges }) => ranges[0]!.count > 0)
        .map(
          ({ functionName, ranges }) => `${url.slice(root.length)}:${ranges[0]!.startOffset}:${functionName}`,
        ),
    );
}
