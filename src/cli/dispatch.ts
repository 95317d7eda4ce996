import type { CommandCall } from './command.ts';
import { parseCommandLine } from './command-line.ts';
import { chooseCommand } from './commands.ts';
import { EXIT } from './exit-codes.ts';

/** Does what a command line asks for and gives the exit code. Throws what the command throws. */
export async function dispatch(call: CommandCall): Promise<number> {
  const { command, args } = chooseCommand(call.args);
  const loaded = await command.load();
  if (typeof loaded === 'function') return loaded({ ...call, args });
  if (!asksForHelp(args)) return loaded.run(parseCommandLine(command.name, loaded, { ...call, args }));
  const { commandHelp } = await import('./command-help.ts');
  call.stdout.write(commandHelp(loaded));
  return EXIT.ok;
}

/** Whether a line asks how the command is used; what stands behind a bare `--` belongs to another program. */
function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return (end < 0 ? args : args.slice(0, end)).some((word) => word === '--help' || word === '-h');
}
