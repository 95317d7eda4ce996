import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { getSystemErrorName } from 'node:util';
import { entryPoint, isSingleFile } from '../../lib/own-file.ts';
import { findProgram, limitProcess } from './open-files-limit.ts';
import { PERL_SPAWNER } from './perl-spawner.ts';
import { FrameReader, frameOf, orderOf } from './spawner-protocol.ts';
import {
  type ProcessEnd,
  type ProcessStart,
  SpawnerLostError,
  type StartedProcess,
} from './started-process.ts';

/** This many commands within this time, ms, are a rush. An engine must start a hundred to win back what its own start takes. */
const [RUSH_COMMANDS, RUSH_MS] = [5, 1000];
/** A spawner that had nothing to do for so long is ended, ms. */
const IDLE_MS = 60_000;
/** How often one may end before it is ready until none is tried any more. */
const MAX_FAILED_STARTS = 3;

export interface SpawnerOptions {
  /** The environment that commands inherit. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The soft limit of open files of commands, where it differs from the node's. */
  readonly openFiles?: number | undefined;
  readonly idleMs?: number;
  /** The path of Perl, where it is there; looked for unless told. */
  readonly perl?: string | undefined;
}

/**
 * Starts commands by way of a small process of its own, the spawner. To start a program the system copies the page
 * tables of the process that does it, which takes a node of 150 MB a millisecond, an engine of its own a third of that, and
 * Perl, where it is installed, next to nothing.
 *
 * Perl is started with the first command, an engine when commands come in quick succession; until one is ready `isReady` is
 * false, and commands are started otherwise. It goes after a minute without commands, and with the node, however that ends. Should it end
 * itself, its commands are `lost`, and the next rush gets a new one. The single-file program never has one: its engine
 * starts a program without copying anything (vfork), whatever it has in memory.
 */
export class Spawner implements AsyncDisposable {
  readonly #options: SpawnerOptions;
  readonly #perl: string | undefined;
  #running: RunningSpawner | undefined;
  #countedFrom = Number.NEGATIVE_INFINITY;
  #count = 0;
  #failedStarts = 0;
  #isClosed = false;

  constructor(options: SpawnerOptions) {
    this.#options = options;
    this.#perl = 'perl' in options ? options.perl : findProgram('perl', options.env, '.');
  }

  /** Whether commands can be handed over now; to be asked once for each command, as this is how a rush is noticed. */
  isReady(): boolean {
    if (isSingleFile) return false;
    const now = performance.now();
    if (now - this.#countedFrom > RUSH_MS) [this.#countedFrom, this.#count] = [now, 0];
    const isRush = ++this.#count >= (this.#perlToUse ? 1 : RUSH_COMMANDS);
    if (isRush && !this.#running && !this.#isClosed && this.#failedStarts < MAX_FAILED_STARTS) this.#begin();
    return this.#running?.isReady === true;
  }

  /** Starts a command. Throws the system's error where that fails, and SpawnerLostError where nobody knows. */
  start(order: ProcessStart): Promise<StartedProcess> {
    if (!this.#running)
      return Promise.reject(new SpawnerLostError('the process that starts commands is gone'));
    return this.#running.start(order);
  }

  /** Ends the spawner; its commands, if any, are lost. May be called twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.#running?.[Symbol.asyncDispose]();
  }

  /** One that did not become ready is not tried again. */
  get #perlToUse(): string | undefined {
    return this.#failedStarts === 0 ? this.#perl : undefined;
  }

  #begin(): void {
    try {
      const running = new RunningSpawner(this.#options, this.#perlToUse);
      this.#running = running;
      void running.gone.then(() => {
        this.#failedStarts = running.wasReady ? 0 : this.#failedStarts + 1;
        if (this.#running === running) this.#running = undefined;
      });
    } catch {
      // There is no room for another process, or its files: that is no fault of the command.
      this.#failedStarts += 1;
    }
  }
}

interface Waiting {
  readonly answer: PromiseWithResolvers<StartedProcess>;
  readonly end: PromiseWithResolvers<ProcessEnd>;
}

/** One process that starts commands, from its start to its end. */
class RunningSpawner implements AsyncDisposable {
  /** Resolves when it takes no more orders. */
  readonly gone: Promise<void>;
  readonly #process: ChildProcessByStdio<Socket, Socket, null>;
  readonly #exited: Promise<void>;
  readonly #reader = new FrameReader();
  readonly #waiting = new Map<number, Waiting>();
  /** Orders that wait until its pipe takes them: each may have 2 MB. */
  readonly #unsent: [id: number, order: ProcessStart][] = [];
  readonly #idleMs: number;
  readonly #openFiles: number | undefined;
  #idle: NodeJS.Timeout | undefined;
  #nextId = 1;
  isReady = false;
  wasReady = false;

  constructor({ env, openFiles, idleMs = IDLE_MS }: SpawnerOptions, perl: string | undefined) {
    this.#idleMs = idleMs;
    this.#openFiles = openFiles;
    const [program, ...args] = perl === undefined ? engine() : [perl, '-e', PERL_SPAWNER];
    // Its own environment says nothing, as some variables change what Perl and the engine do.
    this.#process = spawn(program!, args, {
      detached: true,
      stdio: ['pipe', 'pipe', 'inherit'],
      env: {},
    }) as ChildProcessByStdio<Socket, Socket, null>;
    this.#process.on('error', () => {});
    const { stdin, stdout } = this.#process;
    if (!stdin) throw new Error('no more files can be opened');
    this.#exited = new Promise((resolve) => {
      this.#process.once('exit', () => resolve());
      this.#process.once('error', () => this.#process.pid === undefined && resolve());
    });
    // What it had said before its end is heard before the end of its output.
    this.gone = new Promise<void>((resolve) => void stdout.once('close', () => resolve())).then(() =>
      this.#lose(),
    );
    stdout.on('data', (bytes: Buffer) => {
      for (const fields of this.#reader.take(bytes)) this.#hear(fields);
    });
    for (const one of [stdin, stdout]) one.on('error', () => {});
    stdin.on('drain', () => this.#send());
    stdin.write(frameOf(['env', ...Object.entries(env).flatMap(([name, value = '']) => [name, value])]));
    // It does not keep the node alive; commands do, as somebody waits for them.
    for (const one of [this.#process, stdin, stdout]) one.unref();
  }

  start(order: ProcessStart): Promise<StartedProcess> {
    clearTimeout(this.#idle);
    if (this.#waiting.size === 0) this.#process.stdout.ref();
    const id = this.#nextId++;
    const waiting: Waiting = { answer: Promise.withResolvers(), end: Promise.withResolvers() };
    this.#waiting.set(id, waiting);
    this.#unsent.push([id, order]);
    this.#send();
    return waiting.answer.promise;
  }

  /** Where it cannot be written the spawner is gone, and that is dealt with as its end. */
  #send(): void {
    const { stdin } = this.#process;
    while (this.#unsent.length > 0 && !stdin.writableNeedDrain)
      stdin.write(orderOf(...this.#unsent.shift()!));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#leave();
    const kill = setTimeout(() => this.#process.kill('SIGKILL'), 1000);
    await this.#exited;
    clearTimeout(kill);
    await this.gone;
  }

  #hear([kind, idText, ...fields]: readonly string[]): void {
    if (kind === 'ready') return void this.#beReady();
    const id = Number(idText);
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    const { answer, end } = waiting;
    const pid = Number(kind === 'started' ? fields[0] : kind === 'ended' && fields[2]);
    if (pid > 0) answer.resolve({ pid, ended: end.promise });
    if (kind === 'started') return;
    this.#waiting.delete(id);
    if (kind === 'ended') end.resolve(endOf(Number(fields[0]), Number(fields[1])));
    else answer.reject(systemError(Number(fields[0]), fields[1]!));
    if (this.#waiting.size === 0) this.#rest();
  }

  async #beReady(): Promise<void> {
    // As the engine raised its limit too.
    if (this.#openFiles !== undefined) await limitProcess(this.#process.pid!, this.#openFiles);
    this.wasReady = true;
    this.isReady = this.#process.stdin.writable;
    if (this.isReady) this.#rest();
  }

  #rest(): void {
    this.#process.stdout.unref();
    this.#idle = setTimeout(() => this.#leave(), this.#idleMs).unref();
  }

  #leave(): void {
    clearTimeout(this.#idle);
    this.isReady = false;
    this.#process.stdin.end();
    this.#process.stdout.destroy();
  }

  #lose(): void {
    clearTimeout(this.#idle);
    this.isReady = false;
    // One that cannot be heard any more is of no use, even if it lives.
    this.#process.kill('SIGKILL');
    for (const { answer, end } of this.#waiting.values()) {
      answer.reject(new SpawnerLostError('the process that starts commands ended unexpectedly'));
      end.resolve('lost');
    }
    this.#waiting.clear();
    this.#unsent.length = 0;
  }
}

/** An engine that runs the spawner's program. A small young generation: what is touched there is copied by each fork. */
function engine(): string[] {
  const flags = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=1', '--v8-pool-size=0'];
  return [process.execPath, ...flags, fileURLToPath(entryPoint('methods/commands/spawner-process'))];
}

function endOf(exitCode: number, signalNumber: number): ProcessEnd {
  if (signalNumber === 0) return { exitCode, signal: null };
  const names = Object.entries(constants.signals) as [NodeJS.Signals, number][];
  const [signal] = names.find(([, number]) => number === signalNumber) ?? [];
  return { exitCode: null, signal: signal ?? (`SIG${signalNumber}` as NodeJS.Signals) };
}

function systemError(errno: number, syscall: string): Error {
  const code = errno > 0 ? getSystemErrorName(-errno) : 'UNKNOWN';
  return Object.assign(new Error(`the system says ${code}`), { code, syscall });
}
