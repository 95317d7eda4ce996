import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { ownProgram } from '../lib/own-program.ts';
import { pause } from '../lib/pause.ts';
import { DemoError } from './demo-error.ts';

/** The longest that anything in the demo may take, ms. */
const PATIENCE_MS = 15_000;
const LOOK_EVERY_MS = 20;
const MOST_OUTPUT = 1_000_000;

export interface ActorOptions {
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The words after `steward`. */
  readonly args: readonly string[];
}

/** How a process ended: its exit code, and what it printed. */
export interface ActorEnd {
  readonly exitCode: number | null;
  readonly output: string;
}

/** Starts this program with other words, in a folder of its own, as a process of its own. */
export async function startActor({ folder, env, args }: ActorOptions): Promise<Actor> {
  const own = ownProgram();
  const child = spawn(own.command, [...own.args, ...args], {
    cwd: folder,
    env,
    // A group of its own: Ctrl-C on the terminal is for the demo, which then ends its actors.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await once(child, 'spawn');
  return new Actor(child);
}

/** A process of the demo, and what it has printed so far. */
export class Actor implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #output = '';

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = once(child, 'close');
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        if (this.#output.length < MOST_OUTPUT) this.#output += text;
      });
    }
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get output(): string {
    return this.#output;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Waits until the process has ended by itself. */
  async end(): Promise<ActorEnd> {
    await until('a command to end', () => this.hasEnded || undefined);
    await this.#ended;
    return { exitCode: this.#child.exitCode, output: this.#output };
  }

  /** Ends it at once, as a power cut would. */
  async kill(): Promise<void> {
    await this.#signal('SIGKILL');
  }

  /** Asks it to stop and waits for that. */
  async stop(signal: 'SIGTERM' | 'SIGINT' = 'SIGTERM'): Promise<void> {
    await this.#signal(signal);
  }

  /** Ends what is left of it; may be called twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#signal('SIGTERM');
  }

  async #signal(signal: NodeJS.Signals): Promise<void> {
    if (!this.hasEnded) this.#child.kill(signal);
    await this.#ended;
  }
}

/** Looks until there is something to see. Throws DemoError where that takes too long. */
export async function until<T>(what: string, look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (performance.now() > deadline)
      throw new DemoError('too-long', `${PATIENCE_MS / 1000} s were not enough for ${what}`);
    await pause(LOOK_EVERY_MS);
  }
}
