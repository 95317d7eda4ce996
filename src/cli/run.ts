import { parseFlags } from '../config/flags.ts';
import { loadConfig } from '../config/load-config.ts';
import type { NodeOptions } from '../node/build-node.ts';
import { startNode } from '../node/start-node.ts';
import type { CommandCall } from './command.ts';
import { printHelp } from './help.ts';
import { catchStopSignals } from './stop-signals.ts';
import { printVersion, readVersion } from './version.ts';

/** Runs a node until SIGTERM, SIGINT or a failure ends it; -help and -version among its flags print their text. */
export async function runNode(call: CommandCall): Promise<number> {
  const { asks } = parseFlags(call.args);
  if (asks === 'help') return printHelp(call);
  if (asks === 'version') return printVersion(call);
  return runStarted(call);
}

/** Runs a node as its flags say; `onStarted` is done when it takes submissions. */
export async function runStarted(call: CommandCall, onStarted?: () => Promise<void>): Promise<number> {
  const { config, warnings } = await loadConfig(call);
  for (const warning of warnings) call.stderr.write(`steward: warning: ${warning}\n`);

  using signals = catchStopSignals(call);
  await using node = await startNode(config, nodeOptions(call));
  await onStarted?.();
  const failure = await Promise.race([signals.stop, node.failed]);
  signals.limitStop();
  if (failure === undefined) return 0;
  throw failure;
}

function nodeOptions({ env, stdout }: CommandCall): NodeOptions {
  return {
    version: readVersion(),
    env,
    isTerminal: process.stderr.isTTY === true,
    stdout: (bytes) =>
      new Promise((resolve, reject) => {
        stdout.write(bytes, (error) => (error ? reject(error) : resolve()));
      }),
  };
}
