import { ConfigError } from '../config/config-error.ts';
import { likelyMeant } from '../config/likely-meant.ts';
import type { Command } from './command.ts';

/** What runs where no command is named: bare flags start a node, as they do in the reference. */
const DEFAULT_COMMAND = 'run';

/** Every command, in the order in which help shows them. */
export const COMMANDS: readonly Command[] = [
  {
    name: 'run',
    summary: 'run a node; so do flags without a command',
    load: async () => (await import('./run.ts')).runNode,
  },
  { name: 'help', summary: 'print this text', load: async () => (await import('./help.ts')).printHelp },
  {
    name: 'version',
    summary: 'print the version',
    load: async () => (await import('./version.ts')).printVersion,
  },
];

/** Splits a command line into its command and that command's arguments. Throws ConfigError for an unknown word. */
export function chooseCommand(argv: readonly string[]): { command: Command; args: readonly string[] } {
  const [word] = argv;
  const isNamed = word !== undefined && !word.startsWith('-');
  const name = isNamed ? word : DEFAULT_COMMAND;
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command !== undefined) return { command, args: isNamed ? argv.slice(1) : argv };
  const names = COMMANDS.map((candidate) => candidate.name);
  const close = likelyMeant(name, names);
  const hint = close === undefined ? `the commands are ${names.join(', ')}` : `did you mean ${close}?`;
  throw new ConfigError('unexpected-argument', `unknown command ${JSON.stringify(name)}; ${hint}`);
}
