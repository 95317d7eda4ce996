import { likelyMeant } from '../../config/likely-meant.ts';
import {
  type CommandCall,
  type CommandOption,
  type CommandOptions,
  type CommandSpec,
  type ParsedCall,
  UsageError,
} from './command.ts';

// An import would load all that the module can do, which a small command would wait for.
const { parseArgs } = process.getBuiltinModule('node:util');

/** Options that every command has. */
export const COMMON_OPTIONS = {
  help: { short: 'h', summary: 'print how this command is used' },
  'no-color': { summary: 'print without colours, as with NO_COLOR=1' },
} as const satisfies CommandOptions;

/**
 * Reads a command's line. What follows a bare `--` is left as it is where the command's usage shows one, else it is more
 * operands. Throws UsageError for an option that it does not have, one without its value, one that is given twice, and an operand where there is none.
 */
export function parseCommandLine(name: string, spec: CommandSpec, call: CommandCall): ParsedCall {
  const options: CommandOptions = { ...COMMON_OPTIONS, ...spec.options };
  const { args } = call;
  const end = args.indexOf('--');
  const own = end < 0 ? args : args.slice(0, end);
  const behind = end < 0 ? undefined : args.slice(end + 1);
  const takesRest = hasRest(spec);
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
    if (token.kind === 'option') take(token, { name, options, values, isRestMissing: takesRest && end < 0 });
  }
  if (!takesRest) operands.push(...(behind ?? []));
  refuseOperand(operands[0], name, spec);
  const read = Object.fromEntries(values) as ParsedCall['options'];
  return { ...call, options: read, operands, rest: takesRest ? behind : undefined };
}

function refuseOperand(word: string | undefined, name: string, { noOperands }: CommandSpec): void {
  if (word !== undefined && noOperands !== undefined)
    throw new UsageError(`${name} takes no ${JSON.stringify(word)}: ${noOperands}`);
}

/** Whether what follows a bare `--` belongs to another program. */
export function hasRest({ usage }: CommandSpec): boolean {
  return usage.some((line) => line.includes(' -- ') || line.includes('[-- '));
}

function parserOption({ value, short }: CommandOption) {
  const type = value === undefined ? 'boolean' : 'string';
  return { type, multiple: true, ...(short === undefined ? {} : { short }) } as const;
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
  /** Whether a bare `--` could have come before what belongs to another program, and did not. */
  readonly isRestMissing: boolean;
}

function take(token: OptionToken, { name, options, values, isRestMissing }: Reading): void {
  const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
  if (option === undefined) throw unknownOption(token, name, { options, isRestMissing });
  if (option.value === undefined) {
    if (token.value !== undefined)
      throw new UsageError(`${token.rawName} takes no value, and ${JSON.stringify(token.value)} was given`);
    values.set(token.name, true);
    return;
  }
  const value = valueIn(token, option);
  if (option.multiple) {
    const list = (values.get(token.name) ?? []) as string[];
    values.set(token.name, [...list, value]);
    return;
  }
  if (values.has(token.name)) throw new UsageError(`${token.rawName} was given twice: give it once`);
  values.set(token.name, value);
}

function valueIn({ rawName, value, inlineValue }: OptionToken, option: CommandOption): string {
  if (value === undefined || (inlineValue !== true && isOptionLike(value)))
    throw new UsageError(
      `${rawName} needs a value: ${rawName} ${option.value} (one that begins with a dash: ${rawName}=VALUE)`,
    );
  // Mostly it is a variable of a script that was not set.
  if (value === '') throw new UsageError(`${rawName} was given nothing: give it a value, or leave it away`);
  return value;
}

/** A lone dash is a value (it stands for stdin), and so is a negative number. */
function isOptionLike(value: string): boolean {
  return value.startsWith('-') && value !== '-' && !/^-\d/.test(value);
}

function unknownOption(
  token: OptionToken,
  name: string,
  { options, isRestMissing }: Pick<Reading, 'options' | 'isRestMissing'>,
): UsageError {
  const names = Object.keys(options).filter((key) => options[key]?.isHidden !== true);
  const close = likelyMeant(token.name, names);
  const lists = isRestMissing
    ? `what is not for ${name} itself stands behind a bare -- (steward ${name} --help)`
    : `steward ${name} --help lists them`;
  const hint = close === undefined ? lists : `did you mean --${close}?`;
  return new UsageError(`${name} has no option ${token.rawName}; ${hint}`);
}
