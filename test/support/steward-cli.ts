import { ChildProgram } from './child-program.ts';
import { disposeAfter, type TestScope } from './dispose-after.ts';
import { stewardCommand } from './node.ts';
import { waitFor } from './wait-for.ts';

interface CliOptions {
  /** Where the command is typed: a node's folder, whose API it finds by itself. */
  readonly folder: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly timeoutMs?: number;
}

interface CliEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts `steward ARGS` as an operator does, in a folder; ended with the test. */
export async function startCli(
  scope: TestScope | undefined,
  args: readonly string[],
  { folder, env }: CliOptions,
): Promise<ChildProgram> {
  const [command, ...first] = stewardCommand();
  const program = await ChildProgram.start({
    command: command!,
    args: [...first, ...args],
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, TZ: process.env.TZ, ...env },
  });
  disposeAfter(scope, { [Symbol.asyncDispose]: async () => void (await program.kill()) });
  return program;
}

/** Runs `steward ARGS` to its end, and returns its exit code and what it printed. */
export async function runCli(args: readonly string[], options: CliOptions): Promise<CliEnd> {
  const program = await startCli(undefined, args, options);
  try {
    await waitFor(`steward ${args.join(' ')} to end`, () => program.exit !== undefined, {
      timeoutMs: options.timeoutMs ?? 30_000,
    });
    const { code } = await program.exited;
    return { code, stdout: program.stdout, stderr: program.stderr };
  } finally {
    await program.kill();
  }
}
