import { type CommandCall, type CommandSpec, EXIT } from './command.ts';
import { hasRest, parseCommandLine } from './command-line.ts';
import { COMMANDS } from './commands.ts';
import { chooseCommand } from './find-command.ts';

/** Does what a command line asks for and returns the exit code. Throws what the command throws. */
export async function dispatch(call: CommandCall): Promise<number> {
  if (call.args.length === 0) return (await import('../program/bare.ts')).runBare(call, COMMANDS);
  const { command, args } = chooseCommand(call.args, COMMANDS);
  const loaded = await command.load();
  if (typeof loaded === 'function') return loaded({ ...call, args }, COMMANDS);
  if (!asksForHelp(args, loaded))
    return loaded.run(parseCommandLine(command.name, loaded, { ...call, args }));
  const { commandHelp } = await import('./command-help.ts');
  call.stdout.write(commandHelp(loaded));
  return EXIT.ok;
}

/**
 * Whether a line asks how the command is used; what stands behind a bare `--` belongs to another program. Where that `--`
 * could have been forgotten, the -h behind several words is the other program's too, as in `exec ship1 df -h`.
 */
function asksForHelp(args: readonly string[], spec: CommandSpec): boolean {
  const end = args.indexOf('--');
  const own = end < 0 ? args : args.slice(0, end);
  if (own.includes('--help')) return true;
  const at = own.indexOf('-h');
  const isOthers =
    end < 0 && hasRest(spec) && own.slice(0, at).filter((word) => !word.startsWith('-')).length > 1;
  return at >= 0 && !isOthers;
}
