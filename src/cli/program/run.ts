import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { NodeOptions } from '../../config/config.ts';
import { parseFlags } from '../../config/flags.ts';
import { loadConfig } from '../../config/load-config.ts';
import type { DoctorFinding } from '../../contract/doctor.ts';
import { systemClock } from '../../lib/clock.ts';
import { followZone } from '../../lib/local-zone.ts';
import { ownProgram } from '../../lib/own-program.ts';
import { TerminalOutput } from '../../lib/visible.ts';
import { startNode } from '../../node/start-node.ts';
import type { CommandCall, RunCommand } from '../line/command.ts';
import { printHelp } from '../line/help.ts';
import { catchStopSignals } from '../line/stop-signals.ts';
import { tell } from '../print/tell.ts';
import { saveCompiledCode } from './keep-compiled-code.ts';
import { printVersion, readVersion } from './version.ts';

/** Runs a node until SIGTERM, SIGINT or a failure ends it; -help and -version among its flags print their text. */
export const runNode: RunCommand = async (call, commands) => {
  const { asks } = parseFlags(call.args);
  if (asks === 'help') return printHelp(call, commands);
  if (asks === 'version') return printVersion(call);
  return runStarted(call);
};

/** Runs a node as its flags say; `onStarted` is done when it takes submissions. */
export async function runStarted(call: CommandCall, onStarted?: () => Promise<void>): Promise<number> {
  const { config, warnings } = await loadConfig(call);
  for (const warning of warnings) tell(call.stderr, `warning: ${warning}`);

  using signals = catchStopSignals(call, { isDaemon: true });
  using _ = call.env.TZ ? undefined : followZone({ clock: systemClock, forget: forgetZone });
  await using node = await startNode(config, nodeOptions(call));
  await onStarted?.();
  saveCompiledCode();
  const failure = await Promise.race([signals.stop, node.failed]);
  signals.limitStop();
  if (failure === undefined) return 0;
  throw failure;
}

/** Node.js looks for the zone anew whenever the variable changes. */
function forgetZone(): void {
  process.env.TZ = 'UTC';
  delete process.env.TZ;
}

function nodeOptions(call: CommandCall): NodeOptions {
  const { env, stdout } = call;
  // What others have this node print must not do anything to the terminal that it runs on.
  const shown = process.stdout.isTTY ? new TerminalOutput() : undefined;
  return {
    version: readVersion(),
    env,
    isTerminal: process.stderr.isTTY === true,
    examine: examiningSelf(call),
    stdout: (bytes) =>
      new Promise((resolve, reject) => {
        stdout.write(shown?.push(bytes) ?? bytes, (error) => (error ? reject(error) : resolve()));
      }),
  };
}

/** After this long nothing more is waited for, ms: a broker that does not answer takes a few seconds of it. */
const PATIENCE_MS = 60_000;
const MAX_BYTES = 1024 * 1024;

/**
 * Makes what has `steward doctor` look at the node that these flags start, as a process of its own: a large database does not hold
 * the node up. Who asks while it looks gets the same findings. Throws where nothing was found.
 */
function examiningSelf({ args, env }: Pick<CommandCall, 'args' | 'env'>) {
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
