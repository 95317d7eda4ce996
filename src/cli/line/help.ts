import { OPTION_GROUPS } from '../../config/option-spec.ts';
import { OPTIONS, type Option } from '../../config/options.ts';
import { COMMAND_GROUPS, type Command, type RunCommand } from './command.ts';
import { commandHelp } from './command-help.ts';
import { findCommand } from './find-command.ts';

const WIDTH = 100;
const NAME_COLUMN = 13;

/** Prints how steward is used or, with a command's name, how that command is. */
export const printHelp: RunCommand = async ({ stdout, args: [name] }, commands) => {
  const loaded =
    name === undefined || name.startsWith('-') ? undefined : await findCommand(name, commands).load();
  stdout.write(typeof loaded === 'object' ? commandHelp(loaded) : helpText(commands));
  return 0;
};

/** Usage, commands and every flag, in at most 100 columns. */
export function helpText(commands: readonly Command[]): string {
  return `${[
    'Usage: steward [command] [flags]',
    '',
    'Sends messages to machines that are not always online, over NATS, and runs what they ask for.',
    '',
    ...commandSections(commands),
    'Each command has its own help: steward exec --help.',
    '',
    'Flags of a node are -name=value, --name=value, -name value or --name value; -name alone is true.',
    'Each is also an environment variable and a key of config.toml: a flag goes before the environment,',
    'and that before the file. The node writes flags to config.toml, as the defaults of the next start.',
    ...flagSections(),
    '',
    '-h, -help and --help print this text; -version and --version print the version.',
    '',
    'Example: a central node and a node that it controls, each started in its own folder',
    '  nats-server &',
    '  steward -nodeName=central -centralNodeName=central',
    '  steward -nodeName=ship1 -centralNodeName=central -brokerAddress=nats://10.0.0.124:4222',
    '',
    'Documentation: README.md and the folder doc/ that come with steward.',
  ].join('\n')}\n`;
}

function commandSections(all: readonly Command[]): string[] {
  return Object.entries(COMMAND_GROUPS).flatMap(([group, title]) => {
    const commands = all.filter((command) => command.group === group && command.isHidden !== true);
    const lines = commands.map(({ name, summary }) => `  ${name.padEnd(NAME_COLUMN)} ${summary}`);
    return lines.length === 0 ? [] : [`${title}:`, ...lines, ''];
  });
}

function flagSections(): string[] {
  return Object.entries(OPTION_GROUPS).flatMap(([group, title]) => [
    '',
    `${title}:`,
    ...OPTIONS.filter((option) => option.group === group).flatMap(flagLines),
  ]);
}

function flagLines(option: Option): string[] {
  const head = `  -${option.flag} ${option.type}`;
  const unit = option.unit === undefined ? '' : ` (${option.unit})`;
  return [
    `${head.padEnd(WIDTH - 50)} ${option.env}`,
    `        ${option.summary}${unit}${defaultText(option)}`,
  ];
}

function defaultText(option: Option): string {
  if (option.onCentral) return `; default ${option.default}, on the central node true`;
  if (option.default !== '') return `; default ${option.default}`;
  return option.required ? '; required' : '';
}
