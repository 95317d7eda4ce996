import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** How a program ended: its exit code, or the signal that ended it. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** The whole environment of the program; this process' own unless told. */
  readonly env?: NodeJS.ProcessEnv;
}

const living = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

/** A started program with what it has printed so far; it never outlives this process. */
export class ChildProgram {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  stdout = '';
  stderr = '';
  exit: Exit | undefined;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, pid: number) {
    this.#child = child;
    this.pid = pid;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    living.add(child);
    // A grandchild may hold the pipes open after the program's end; that must not keep anybody waiting.
    child.once('exit', () => setTimeout(() => closePipes(child), 500).unref());
    this.exited = once(child, 'close').then(([code, signal]) => {
      living.delete(child);
      this.exit = { code, signal };
      return this.exit;
    });
  }

  /** Starts a program. Throws where it cannot be started, with the cause (ENOENT where it is missing). */
  static async start({ command, args, cwd, env }: ChildOptions): Promise<ChildProgram> {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    await once(child, 'spawn');
    return new ChildProgram(child, child.pid!);
  }

  /** Sends a signal, unless the program has ended; SIGSTOP and SIGCONT freeze and thaw it. */
  signal(name: NodeJS.Signals): void {
    if (this.exit === undefined) this.#child.kill(name);
  }

  /** Ends the program at once and waits until it is gone. */
  async kill(): Promise<Exit> {
    this.signal('SIGKILL');
    return this.exited;
  }

  /** All that the program has printed, for the text of an error. */
  output(): string {
    return `--- stdout\n${this.stdout}\n--- stderr\n${this.stderr}`;
  }
}

function closePipes(child: ChildProcess): void {
  child.stdout?.destroy();
  child.stderr?.destroy();
}
