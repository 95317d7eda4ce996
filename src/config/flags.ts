import { ConfigError } from './config-error.ts';
import { likelyMeant } from './likely-meant.ts';
import type { OptionValue } from './option-spec.ts';
import { BOOL_TEXTS, parseOptionText } from './option-value.ts';
import { OPTIONS, type Option, type OptionKey } from './options.ts';

/** What the command line gave; `asks` is set where it wants a text instead of a node. */
export interface ParsedFlags {
  readonly asks?: 'help' | 'version';
  readonly values: ReadonlyMap<OptionKey, OptionValue>;
  /** What the original program would read otherwise, or not at all. */
  readonly warnings: readonly string[];
}

const BY_FLAG = new Map(OPTIONS.map((option) => [option.flag, option]));
const ASKING = new Map<string, 'help' | 'version'>([
  ['h', 'help'],
  ['help', 'help'],
  ['version', 'version'],
]);

/**
 * Reads flags by the rules of Go's flag package, which the reference uses: one dash or two, `=` or the next
 * argument for the value, a bare bool is true, `--` ends them, the last of several wins. Otherwise than there, a bool
 * takes `true` or `false` from the next argument, and flags behind an argument that is none count. Throws ConfigError
 * at the first mistake.
 */
export function parseFlags(args: readonly string[]): ParsedFlags {
  const values = new Map<OptionKey, OptionValue>();
  const warnings: string[] = [];
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--') warnings.push(...rest.splice(0).map(passedOver));
    else if (arg.length > 1 && arg.startsWith('-')) {
      const { name, text } = splitFlag(arg);
      const asks = ASKING.get(name);
      if (asks !== undefined) return { asks, values, warnings };
      const option = optionFor(name);
      values.set(option.key, valueFor(option, text ?? boolBehind(option, rest, warnings), rest));
    } else warnings.push(passedOver(arg));
  }
  return { values, warnings };
}

/** The value of a bool where it is the next argument. */
function boolBehind({ flag, type }: Option, rest: string[], warnings: string[]): string | undefined {
  if (type !== 'bool' || rest[0] === undefined || !BOOL_TEXTS.has(rest[0])) return undefined;
  const text = rest.shift()!;
  const reading = `the original program takes "-${flag} ${text}" for true, and ignores all that follows it`;
  warnings.push(`flag -${flag}: ${text} counts; ${reading}: write -${flag}=${text}`);
  return text;
}

function passedOver(arg: string): string {
  return `the argument ${JSON.stringify(arg)} is no flag and is passed over: settings are given as -name=value; the original program ignores all that follows it`;
}

function splitFlag(arg: string): { name: string; text?: string } {
  const body = arg.slice(arg.startsWith('--') ? 2 : 1);
  const equals = body.indexOf('=');
  const name = equals < 0 ? body : body.slice(0, equals);
  if (name === '' || name.startsWith('-')) {
    throw new ConfigError('bad-flag', `${JSON.stringify(arg)} is not a flag: flags look like -name=value`);
  }
  return equals < 0 ? { name } : { name, text: body.slice(equals + 1) };
}

function optionFor(name: string): Option {
  const option = BY_FLAG.get(name);
  if (option !== undefined) return option;
  const close = likelyMeant(name, [...BY_FLAG.keys(), ...ASKING.keys()]);
  const hint = close === undefined ? '' : `; did you mean -${close}?`;
  throw new ConfigError('unknown-flag', `unknown flag -${name}${hint} (steward --help lists all flags)`);
}

function valueFor(option: Option, given: string | undefined, rest: string[]): OptionValue {
  if (given === undefined && option.type === 'bool') return true;
  const text = given ?? rest.shift();
  if (text === undefined) {
    throw new ConfigError('bad-flag', `flag -${option.flag} needs a value: -${option.flag}=<${option.type}>`);
  }
  const parsed = parseOptionText(option, text);
  if (parsed.ok) return parsed.value;
  throw new ConfigError('bad-value', `flag -${option.flag}: ${JSON.stringify(text)} ${parsed.fault}`);
}
