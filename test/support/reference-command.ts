import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';

/** How the reference's command ended. */
export interface CommandEnd {
  readonly stdout: Uint8Array;
  readonly stderr: string;
  /** Worded as Go words it, `exit status 3`; absent after success. */
  readonly error?: string;
  readonly timedOut: boolean;
}

/** Runs a command as the reference does: killed alone after its time (its children live on), output kept whole. */
export function runAsReference(args: readonly string[], timeoutSeconds: number): Promise<CommandEnd> {
  return new Promise((resolve) => {
    const [command, ...rest] = args;
    const child = spawn(command ?? '', rest, { cwd: tmpdir(), stdio: ['ignore', 'pipe', 'pipe'] });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, timeoutSeconds * 1000);
    const end = (error: string | undefined): void => {
      clearTimeout(timer);
      resolve({ stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString(), error, timedOut });
    };
    child.stdout.on('data', (piece: Buffer) => stdout.push(piece));
    child.stderr.on('data', (piece: Buffer) => stderr.push(piece));
    child.on('error', (error) => end(error.message));
    child.on('close', (code, signal) => end(goError(code, signal)));
  });
}

function goError(code: number | null, signal: string | null): string | undefined {
  if (code === 0) return undefined;
  return code === null ? `signal: ${signal === 'SIGKILL' ? 'killed' : signal}` : `exit status ${code}`;
}
