import { type StewardNode, stewardCommand } from './node.ts';
import { waitFor } from './wait-for.ts';

interface FunctionCoverage {
  readonly functionName: string;
  readonly ranges: readonly { readonly startOffset: number; readonly count: number }[];
}

interface Coverage {
  readonly result: readonly { readonly url: string; readonly functions: readonly FunctionCoverage[] }[];
}

/** Who waits for the answer to one question, put to one thread. */
interface Answer {
  readonly thread: string;
  readonly resolve: (result: unknown) => void;
  readonly reject: (fault: Error) => void;
}

/** An answer, or an event. */
interface Heard {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
  readonly method?: string;
  readonly params?: Record<string, unknown>;
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
  readonly #answers = new Map<string, Answer>();
  /** By session; the main thread has the empty one. */
  readonly #threads = new Map<string, Send>();
  #isCounting = false;
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.#threads.set('', (method, params) => this.#ask('', method, params));
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
    await inspector.#ask('', 'NodeWorker.enable', { waitForDebuggerOnStart: false });
    return inspector;
  }

  /** Lets every thread free what nothing refers to any more. */
  async collectGarbage(): Promise<void> {
    for (const send of this.#threads.values()) await send('HeapProfiler.collectGarbage');
  }

  /** What an expression is worth in the main thread; only what JSON can say. */
  async evaluate(expression: string): Promise<unknown> {
    const options = { expression, returnByValue: true, includeCommandLineAPI: true };
    return ((await this.#ask('', 'Runtime.evaluate', options)) as { result: { value: unknown } }).result
      .value;
  }

  /** Begins to note which functions run, by V8's own count, in threads that start later too. */
  async startCoverage(): Promise<void> {
    this.#isCounting = true;
    for (const send of this.#threads.values()) await count(send);
  }

  /** How often each function below a folder has run since this was last asked, by `<file>:<offset>:<name>`. */
  async functionsRun(folder: string): Promise<Map<string, number>> {
    const found = new Map<string, number>();
    for (const send of this.#threads.values()) {
      // A thread that ends meanwhile takes its count with it.
      const coverage = ((await send('Profiler.takePreciseCoverage')) ?? { result: [] }) as Coverage;
      for (const [one, times] of functionsBelow(`file://${folder}/`, coverage))
        found.set(one, (found.get(one) ?? 0) + times);
    }
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
  }

  /** What the engine answers; undefined where the thread ended first. */
  #ask(thread: string, method: string, params: object = {}): Promise<unknown> {
    const id = ++this.#lastId;
    const message = { id, method, params };
    const answer = new Promise((resolve, reject) =>
      this.#answers.set(`${thread}:${id}`, { thread, resolve, reject }),
    );
    if (thread === '') this.#socket.send(JSON.stringify(message));
    else
      void this.#ask('', 'NodeWorker.sendMessageToWorker', {
        sessionId: thread,
        message: JSON.stringify(message),
      }).catch(() => this.#forget(thread));
    return answer;
  }

  #hear(message: Heard, thread: string) {
    if (message.id !== undefined) this.#settle(`${thread}:${message.id}`, message);
    const sessionId = String(message.params?.sessionId);
    if (message.method === 'NodeWorker.attachedToWorker') this.#add(sessionId);
    if (message.method === 'NodeWorker.detachedFromWorker') this.#forget(sessionId);
    if (message.method === 'NodeWorker.receivedMessageFromWorker')
      this.#hear(JSON.parse(String(message.params?.message)), sessionId);
  }

  #settle(key: string, { result, error }: Heard): void {
    const answer = this.#answers.get(key);
    this.#answers.delete(key);
    if (error === undefined) answer?.resolve(result);
    else answer?.reject(new Error(`the engine answers: ${error.message}`));
  }

  #add(thread: string): void {
    const send: Send = (method, params) => this.#ask(thread, method, params);
    this.#threads.set(thread, send);
    if (this.#isCounting) void count(send).catch(() => this.#forget(thread));
  }

  #forget(thread: string): void {
    this.#threads.delete(thread);
    for (const [key, answer] of this.#answers) {
      if (answer.thread !== thread) continue;
      this.#answers.delete(key);
      answer.resolve(undefined);
    }
  }
}

async function count(send: Send): Promise<void> {
  await send('Profiler.enable');
  await send('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
}

function functionsBelow(root: string, { result }: Coverage): [string, number][] {
  return result
    .filter(({ url }) => url.startsWith(root))
    .flatMap(({ url, functions }) =>
      functions
        .filter(({ ranges }) => ranges[0]!.count > 0)
        .map(({ functionName, ranges }): [string, number] => [
          `${url.slice(root.length)}:${ranges[0]!.startOffset}:${functionName}`,
          ranges[0]!.count,
        ]),
    );
}
