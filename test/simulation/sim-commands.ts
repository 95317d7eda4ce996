import { wait } from '../../src/lib/clock.ts';
import type { Message } from '../../src/message/message.ts';
import type { RunCall, RunResult } from '../../src/message/method-contract.ts';
import { type ProcessGround, runCommand } from '../../src/methods/commands/run-command.ts';
import { resultOf } from '../../src/methods/commands/run-program.ts';
import type { ProcessEnd } from '../../src/methods/commands/started-process.ts';
import type { RunMethod } from '../../src/methods/method.ts';
import { abortedState, methodTimeoutMs } from '../../src/methods/method-timeout.ts';
import type { Life } from './machine.ts';
import type { Truth } from './truth.ts';

/** What a simulated command does, as its arguments say: how long it takes, how it exits, how much it prints. */
export interface Work {
  readonly token: string;
  readonly ms: number;
  readonly exitCode: number;
  readonly bytes: number;
  /** The nodes where it exits so; all unless told, and elsewhere with 0. */
  readonly failsAt?: readonly string[];
}

/** The arguments of a message that ask for work. */
export function workArgs(work: Work): string[] {
  return [
    'work',
    work.token,
    String(work.ms),
    String(work.exitCode),
    String(work.bytes),
    ...(work.failsAt ?? []),
  ];
}

export function readWork({ methodArgs }: Pick<Message, 'methodArgs'>): Work {
  const [, token = '', ms = '0', exitCode = '0', bytes = '0', ...failsAt] = methodArgs ?? [];
  return { token, ms: Number(ms), exitCode: Number(exitCode), bytes: Number(bytes), failsAt };
}

/** A process of a simulated machine. It outlives its node, unless somebody ends it. */
interface SimProcess {
  readonly runId: string;
  readonly requestId: string;
  readonly life: Life;
  readonly pid: number;
  /** It has ended, and its node has not heard of it: its number is still taken. */
  isOver: boolean;
  kill(signal: NodeJS.Signals): void;
}

/** How often it is looked whether a process has gone, ms. */
const POLL_MS = 20;
/** How many commands do not heed TERM. */
const STUBBORN = 0.1;

/** The processes that run on a machine. */
export class SimProcesses {
  readonly #running = new Map<number, SimProcess>();
  #pids = 1000;

  nextPid(): number {
    return ++this.#pids;
  }

  add(process: SimProcess): void {
    this.#running.set(process.pid, process);
  }

  delete(process: SimProcess): void {
    this.#running.delete(process.pid);
  }

  /** Whether a process runs that an earlier life began, of a request that the database knows: a restored one may not. */
  isLeftOver(now: Life): boolean {
    const known = now.machine.disk.prepare('SELECT 1 FROM journal WHERE id = ?');
    return [...this.#running.values()].some(
      ({ life, isOver, requestId }) => life !== now && !isOver && known.get(requestId) !== undefined,
    );
  }

  /** The machine goes down. */
  killAll(): void {
    for (const process of [...this.#running.values()]) process.kill('SIGKILL');
  }

  /** Ends those of an earlier life, by the ids that their environment has. */
  killLeftovers(
    runIds: ReadonlySet<string>,
    requestIds: ReadonlySet<string> = new Set(),
  ): ReadonlySet<string> {
    const found = [...this.#running.values()].filter(
      ({ runId, requestId }) => runIds.has(runId) || requestIds.has(requestId),
    );
    for (const process of found) process.kill('SIGKILL');
    return new Set(found.map(({ runId }) => runId));
  }

  /** The processes of this machine, as the node of a life finds them. */
  ground(life: Life): ProcessGround {
    const { clock } = life.edges;
    return {
      clock,
      signalGroup: (pid, signal) => {
        const process = this.#running.get(pid);
        if (signal !== 0) process?.kill(signal);
        return process !== undefined;
      },
      isGroupAwaited: async (pid) => this.#running.get(pid)?.isOver === false,
      groupEnded: async (pid, { isOver }) => {
        while (this.#running.has(pid)) {
          if (isOver()) return false;
          await wait(clock, POLL_MS);
        }
        return true;
      },
      killLeftovers: async (runIds) => this.killLeftovers(runIds),
    };
  }
}

export interface CommandDeps {
  readonly life: Life;
  readonly truth: Truth;
  readonly processes: SimProcesses;
  readonly ground: ProcessGround;
}

/** How long a command may take whose message does not say it, s. */
const DEFAULT_TIMEOUT = 20;

/** REQCliCommand on a simulated machine: the process alone is none, what runs and judges it is the real program. */
export function createSimCommand(deps: CommandDeps): RunMethod {
  return {
    name: 'REQCliCommand',
    kind: 'CommandACK',
    mode: 'run',
    summary: '',
    args: [],
    run: (call) => run(call, deps),
  };
}

async function run(call: RunCall, deps: CommandDeps): Promise<RunResult> {
  const { message, signal } = call;
  if (signal.aborted) return { state: abortedState(signal), reason: 'it had not been started' };
  const work = readWork(message);
  const end = await runCommand(commandOf(call, deps), deps.ground);
  if (!end.started) throw end.error;
  const reply = Buffer.from(`${work.token}${'.'.repeat(work.bytes)}\n`);
  const facts = { outputBytes: reply.length, reply };
  return resultOf(call, end, { facts, tail: Buffer.alloc(0) });
}

/** What a message asks to run, as the program that judges it takes it; `onStart` is called when it has begun. */
export function commandOf(
  call: RunCall,
  deps: CommandDeps,
  onStart = () => {},
): Parameters<typeof runCommand>[0] {
  const { message, runId, signal } = call;
  return {
    ...{ runId, signal, timeoutMs: methodTimeoutMs(message, DEFAULT_TIMEOUT) },
    start: async () => {
      const started = startProcess(call, readWork(message), deps);
      onStart();
      return started;
    },
    outputNames: () => undefined,
    findShortage: async () => undefined,
  };
}

/** Begins a process. It goes on whatever becomes of its node; that hears of the end, if it still lives. */
function startProcess(
  call: RunCall,
  { token, ms, exitCode, failsAt = [] }: Work,
  { life, truth, processes }: CommandDeps,
): { pid: number; ended: Promise<ProcessEnd> } {
  const { timeline, name: node } = life.machine;
  const { promise, resolve } = Promise.withResolvers<ProcessEnd>();
  const { id, runId } = call;
  const isStubborn = life.chance.happens(STUBBORN);
  const pid = processes.nextPid();
  const process: SimProcess = { runId, requestId: id, life, pid, isOver: false, kill };
  /** Whether it was asked to end: what it does then is not what it would have done. */
  let wasAsked = false;
  let cancelDeath = () => {};
  const fails = failsAt.length === 0 || failsAt.includes(node);
  const cancelWork = timeline.after(ms, () => end(fails ? exitCode : 0));
  truth.began({ id, node, token });
  processes.add(process);

  function kill(signal: NodeJS.Signals): void {
    if (process.isOver) return;
    if (signal === 'SIGKILL') return end('killed');
    wasAsked = true;
    if (isStubborn) return;
    cancelDeath();
    cancelDeath = timeline.after(life.chance.spread(1, 50), () => end('killed'));
  }
  function end(how: number | 'killed'): void {
    cancelWork();
    cancelDeath();
    if (process.isOver) return;
    process.isOver = true;
    truth.ended({ id, node, token, how: wasAsked ? 'killed' : how });
    const told =
      how === 'killed' ? { exitCode: null, signal: 'SIGTERM' as const } : { exitCode: how, signal: null };
    life.later(0.1, () => {
      processes.delete(process);
      resolve(told);
    });
  }
  return { pid, ended: promise };
}
