import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { DoctorFinding } from '../../contract/doctor.ts';
import { ownProgram } from '../../lib/own-program.ts';
import type { CommandCall } from '../line/command.ts';

/** After this long nothing more is waited for, ms: a broker that does not answer takes a few seconds of it. */
const PATIENCE_MS = 60_000;
const MAX_BYTES = 1024 * 1024;

/**
 * Makes what has `steward doctor` look at the node that these flags start, as a process of its own: a large database does not hold
 * the node up. Who asks while it looks gets the same findings. Throws where nothing was found.
 */
export function examiningSelf({ args, env }: Pick<CommandCall, 'args' | 'env'>) {
  let looking: Promise<readonly DoctorFinding[]> | undefined;
  const look = async () => {
    const program = ownProgram();
    const words = [...program.args, 'doctor', '--json', '--', ...args];
    const options = { env, timeout: PATIENCE_MS, maxBuffer: MAX_BYTES };
    // Where something is wrong it ends with 1, and says what in the same form.
    const { stdout } = await promisify(execFile)(program.command, words, options).catch(
      (error: Error & { stdout?: string }) => {
        if (error.stdout?.startsWith('{')) return { stdout: error.stdout };
        throw new Error(`steward doctor told nothing: ${error.message}`, { cause: error });
      },
    );
    return (JSON.parse(stdout) as { findings: readonly DoctorFinding[] }).findings;
  };
  return (): Promise<readonly DoctorFinding[]> => {
    looking ??= look().finally(() => {
      looking = undefined;
    });
    return looking;
  };
}
