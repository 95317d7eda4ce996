import { PassThrough, Readable } from 'node:stream';
import { describeFailure } from '../../src/cli/line/describe-failure.ts';
import { dispatch } from '../../src/cli/line/dispatch.ts';

/** How a command ended, and what it printed. */
export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface CliOptions {
  /** The node's stew.sock. */
  readonly socketPath?: string;
  readonly stdin?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  /** Called with each piece that it prints on stdout, for a command that goes on until it is stopped. */
  readonly onStdout?: (text: string) => void;
  readonly onStderr?: (text: string) => void;
}

/** Runs a command in this process, as the program does with its command line. */
export async function callSteward(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const { socketPath, stdin = '', env = {}, onStdout = () => {}, onStderr = () => {} } = options;
  const [stdout, stderr] = [new Collector(), new Collector()];
  const call = {
    args,
    env: { ...(socketPath === undefined ? {} : { STEWARD_SOCKET: socketPath }), ...env },
    stdin: Readable.from([Buffer.from(stdin)]),
    stdout,
    stderr,
  };
  stdout.on('data', onStdout);
  stderr.on('data', onStderr);
  const code = await dispatch(call).catch((error: unknown) => {
    const failure = describeFailure(error);
    stderr.write(`steward: ${failure.text}\n`);
    return failure.exitCode;
  });
  return { code, stdout: stdout.text, stderr: stderr.text };
}

/** A stream that keeps what was written to it. */
class Collector extends PassThrough {
  text = '';

  constructor() {
    super();
    this.setEncoding('utf8').on('data', (text: string) => {
      this.text += text;
    });
  }
}
