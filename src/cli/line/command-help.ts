import type { CommandOption, CommandOptions, CommandSpec } from './command.ts';
import { COMMON_OPTIONS } from './command-line.ts';

const OPTION_COLUMN = 30;

/** How a command is used: its lines, what it does, its options and examples. */
export function commandHelp(spec: CommandSpec): string {
  const [first, ...more] = spec.usage.map((line) => `steward ${line}`);
  return `${[
    `Usage: ${first}`,
    ...more.map((line) => `       ${line}`),
    '',
    ...spec.about,
    ...optionSection('Options', spec.options),
    ...optionSection('Everywhere', COMMON_OPTIONS),
    '',
    'Examples:',
    ...spec.examples.flatMap(({ line, does }) => [`  ${line}`, `        ${does}`]),
  ].join('\n')}\n`;
}

function optionSection(title: string, options: CommandOptions): string[] {
  const shown = Object.entries(options).filter(([, option]) => option.isHidden !== true);
  return shown.length === 0
    ? []
    : ['', `${title}:`, ...shown.flatMap(([name, option]) => optionLines(name, option))];
}

function optionLines(name: string, option: CommandOption): string[] {
  const short = option.short === undefined ? '    ' : `-${option.short}, `;
  const value = option.value === undefined ? '' : ` ${option.value}`;
  const head = `  ${short}--${name}${value}`;
  const summary = option.multiple ? `${option.summary} (may be repeated)` : option.summary;
  return head.length < OPTION_COLUMN
    ? [`${head.padEnd(OPTION_COLUMN)}${summary}`]
    : [head, `${''.padEnd(OPTION_COLUMN)}${summary}`];
}
