import { likelyMeant } from '../config/likely-meant.ts';
import type { CommandCall, CommandOption, CommandOptions, CommandSpec, ParsedCall } from './command.ts';
import { UsageError } from './usage-error.ts';

// An import would load all that the module can do, which a small command would wait for.
const { parseArgs } = process.getBuiltinModule('node:util');

/** Options that every command has. */
export const COMMON_OPTIONS = {
  help: { type: 'boolean', short: 'h', summary: 'print how this command is used' },
  'no-color': { type: 'boolean', summary: 'print without colours, as with NO_COLOR=1' },
} as const satisfies CommandOptions;

/**
 * Reads a command's line. Throws UsageError for an option that it does not have, one without its value, and one that is
 * given twice.
 */
export function parseCommandLine(name: string, spec: CommandSpec, call: CommandCall): ParsedCall {
  const options: CommandOptions = { ...COMMON_OPTIONS, ...spec.options };
  const end = call.args.indexOf('--');
  const own = end < 0 ? call.args : call.args.slice(0, end);
  const rest = end < 0 ? undefined : call.args.slice(end + 1);
  const { tokens } = parseArgs({
    args: [...own],
    options: Object.fromEntries(Object.entries(options).map(([key, option]) => [key, parserOption(option)])),
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const values = new Map<string, string | boolean | string[]>();
  const operands: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind === 'option') take(token, { name, options, values });
  }
  const read = Object.fromEntries(values) as ParsedCall['options'];
  return { ...call, options: read, operands, rest };
}

function parserOption({ type, short }: CommandOption) {
  return { type, multiple: true, ...(short === undefined ? {} : { short }) };
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

interface Reading {
  readonly name: string;
  readonly options: CommandOptions;
  readonly values: Map<string, string | boolean | string[]>;
}

function take(token: OptionToken, { name, options, values }: Reading): void {
  const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
  if (option === undefined) throw unknownOption(token, name, options);
  if (option.type === 'boolean') {
    if (token.value !== undefined)
      throw new UsageError(`${token.rawName} takes no value, and ${JSON.stringify(token.value)} was given`);
    values.set(token.name, true);
    return;
  }
  const value = token.value;
  if (value === undefined || (token.inlineValue !== true && isOptionLike(value)))
    throw new UsageError(
      `${token.rawName} needs a value: ${token.rawName} ${option.value ?? 'VALUE'} (one that begins with a dash: ${token.rawName}=VALUE)`,
    );
  if (option.multiple) {
    const list = (values.get(token.name) ?? []) as string[];
    values.set(token.name, [...list, value]);
    return;
  }
  if (values.has(token.name)) throw new UsageError(`${token.rawName} was given twice: give it once`);
  values.set(token.name, value);
}

/** A lone dash is a value (it stands for stdin), and so is a negative number. */
function isOptionLike(value: string): boolean {
  return value.startsWith('-') && value !== '-' && !/^-\d/.test(value);
}

function unknownOption(token: OptionToken, name: string, options: CommandOptions): UsageError {
  const names = Object.keys(options).filter((key) => options[key]?.isHidden !== true);
  const close = likelyMeant(token.name, names);
  const hint = close === undefined ? `steward ${name} --help lists them` : `did you mean --${close}?`;
  return new UsageError(`${name} has no option ${token.rawName}; ${hint}`);
}
