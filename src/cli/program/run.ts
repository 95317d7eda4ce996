import { parseFlags } from '../../config/flags.ts';
import { loadConfig } from '../../config/load-config.ts';
import type { NodeOptions } from '../../config/node-options.ts';
import { TerminalOutput } from '../../lib/visible.ts';
import { startNode } from '../../node/start-node.ts';
import type { CommandCall, RunCommand } from '../line/command.ts';
import { printHelp } from '../line/help.ts';
import { catchStopSignals } from '../line/stop-signals.ts';
import { tell } from '../print/tell.ts';
import { examiningSelf } from './examine-self.ts';
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
  await using node = await startNode(config, nodeOptions(call));
  await onStarted?.();
  saveCompiledCode();
  const failure = await Promise.race([signals.stop, node.failed]);
  signals.limitStop();
  if (failure === undefined) return 0;
  throw failure;
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
