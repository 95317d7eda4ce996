import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { entryPoint, isSingleFile } from '../../lib/own-file.ts';
import { limitProcess } from './open-files-limit.ts';
import type { SpawnerAnswer, SpawnOrder } from './spawner-protocol.ts';
import {
  type ProcessEnd,
  type ProcessStart,
  SpawnerLostError,
  type StartedProcess,
} from './started-process.ts';

/** This many commands within this time, ms, are a rush. A spawner must start a hundred to win back what its own start takes. */
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
}

/**
 * Starts commands by way of a small process of its own, the spawner. To start a program the system copies the page
 * tables of the process that does it, which takes a node of 150 MB a millisecond and a small process a third of that.
 *
 * The spawner is started when commands come in quick succession; until it is ready `isReady` is false, and commands
 * are started otherwise. It goes after a minute without commands, and with the node, however that ends. Should it end
 * itself, its commands are `lost`, and the next rush gets a new one. The single-file program never has one: its engine
 * starts a program without copying anything (vfork), whatever it has in memory.
 */
export class Spawner implements AsyncDisposable {
  readonly #options: SpawnerOptions;
  #running: RunningSpawner | undefined;
  #countedFrom = Number.NEGATIVE_INFINITY;
  #count = 0;
  #failedStarts = 0;
  #isClosed = false;

  constructor(options: SpawnerOptions) {
    this.#options = options;
  }

  /** Whether commands can be handed over now; to be asked once for each command, as this is how a rush is noticed. */
  isReady(): boolean {
    if (isSingleFile) return false;
    const now = performance.now();
    if (now - this.#countedFrom > RUSH_MS) [this.#countedFrom, this.#count] = [now, 0];
    const isRush = ++this.#count >= RUSH_COMMANDS;
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

  #begin(): void {
    const running = new RunningSpawner(this.#options);
    this.#running = running;
    void running.gone.then(() => {
      this.#failedStarts = running.wasReady ? 0 : this.#failedStarts + 1;
      if (this.#running === running) this.#running = undefined;
    });
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
  readonly #process: ChildProcess;
  readonly #exited: Promise<void>;
  readonly #waiting = new Map<number, Waiting>();
  readonly #idleMs: number;
  readonly #openFiles: number | undefined;
  #idle: NodeJS.Timeout | undefined;
  #nextId = 1;
  isReady = false;
  wasReady = false;

  constructor({ env, openFiles, idleMs = IDLE_MS }: SpawnerOptions) {
    this.#idleMs = idleMs;
    this.#openFiles = openFiles;
    const program = fileURLToPath(entryPoint('methods/commands/spawner-process'));
    // A small young generation: what is touched there is copied by each fork.
    const flags = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=1', '--v8-pool-size=0'];
    this.#process = spawn(process.execPath, [...flags, program], {
      detached: true,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: env as NodeJS.ProcessEnv,
    });
    this.#exited = new Promise((resolve) => {
      this.#process.once('exit', () => resolve());
      this.#process.once('error', () => this.#process.pid === undefined && resolve());
    });
    // What it had said before its end is heard before the end of the channel.
    this.gone = new Promise<void>((resolve) => {
      this.#process.once('disconnect', () => resolve());
      void this.#exited.then(() => !this.#process.connected && resolve());
    }).then(() => this.#lose());
    this.#process.on('message', this.#hear);
    this.#process.on('error', () => {});
    // It does not keep the node alive; commands do, as somebody waits for them.
    this.#process.unref();
    this.#process.channel?.unref();
  }

  start(order: ProcessStart): Promise<StartedProcess> {
    clearTimeout(this.#idle);
    if (this.#waiting.size === 0) this.#process.channel?.ref();
    const id = this.#nextId++;
    const waiting: Waiting = { answer: Promise.withResolvers(), end: Promise.withResolvers() };
    this.#waiting.set(id, waiting);
    // Where it cannot be sent the channel is closed, and that is dealt with as its end.
    this.#process.send({ ...order, id } satisfies SpawnOrder, () => {});
    return waiting.answer.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#leave();
    const kill = setTimeout(() => this.#process.kill('SIGKILL'), 1000);
    await this.#exited;
    clearTimeout(kill);
    await this.gone;
  }

  readonly #hear = (answer: SpawnerAnswer): void => {
    if (answer.kind === 'ready') return void this.#beReady();
    const waiting = this.#waiting.get(answer.id);
    if (!waiting) return;
    if (answer.kind === 'started') {
      waiting.answer.resolve({ pid: answer.pid, ended: waiting.end.promise });
      return;
    }
    this.#waiting.delete(answer.id);
    if (answer.kind === 'ended') waiting.end.resolve({ exitCode: answer.exitCode, signal: answer.signal });
    else waiting.answer.reject(Object.assign(new Error(answer.error.message), answer.error));
    if (this.#waiting.size === 0) this.#rest();
  };

  async #beReady(): Promise<void> {
    // As the engine raised its limit too.
    if (this.#openFiles !== undefined) await limitProcess(this.#process.pid!, this.#openFiles);
    this.wasReady = true;
    this.isReady = this.#process.connected;
    if (this.isReady) this.#rest();
  }

  #rest(): void {
    this.#process.channel?.unref();
    this.#idle = setTimeout(() => this.#leave(), this.#idleMs).unref();
  }

  #leave(): void {
    clearTimeout(this.#idle);
    this.isReady = false;
    if (this.#process.connected) this.#process.disconnect();
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
  }
}
