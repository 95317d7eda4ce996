import { likelyMeant } from '../../config/likely-meant.ts';
import { type Command, UsageError } from './command.ts';

/** What runs where no command is named: bare flags start a node, as they do in the reference. */
const DEFAULT_COMMAND = 'run';

/** Splits a command line into its command and that command's arguments. Throws UsageError for an unknown word. */
export function chooseCommand(
  argv: readonly string[],
  commands: readonly Command[],
): { command: Command; args: readonly string[] } {
  const [word] = argv;
  const isNamed = word !== undefined && !word.startsWith('-');
  const name = isNamed ? word : DEFAULT_COMMAND;
  return { command: findCommand(name, commands), args: isNamed ? argv.slice(1) : argv };
}

/** Words of other programs for what is here under another name. */
const ALIASES: Readonly<Record<string, string>> = {
  ls: 'nodes',
  list: 'nodes',
  history: 'status',
  ui: 'stew',
  retry: 'resend',
};

/** Words that people reach for, and what does it here. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  logs: 'steward tail NODE FILE follows a log on a node, steward watch ID what a request prints, steward errors what nodes report',
  ssh: 'steward exec NODE -- COMMAND runs a command on a node, and stew shows the fleet on the terminal',
  shell: "steward exec NODE --shell 'SCRIPT' runs a script on a node",
};

/** The command of a name or of a word for it. Throws UsageError, with the name that was likely meant. */
export function findCommand(name: string, commands: readonly Command[]): Command {
  const meant = ALIASES[name] ?? name;
  const command = commands.find((candidate) => candidate.name === meant);
  if (command !== undefined) return command;
  const other = ELSEWHERE[name];
  if (other !== undefined) throw new UsageError(`there is no command ${name}: ${other}`);
  const names = commands.flatMap((candidate) => (candidate.isHidden ? [] : [candidate.name]));
  const close = likelyMeant(name, names);
  const hint = close === undefined ? `the commands are ${names.join(', ')}` : `did you mean ${close}?`;
  throw new UsageError(`unknown command ${JSON.stringify(name)}; ${hint}`);
}
