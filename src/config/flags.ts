import { ConfigError } from './config-error.ts';
import { likelyMeant } from './likely-meant.ts';
import type { OptionValue } from './option-specs.ts';
import { isBoolText, parseOptionText } from './option-value.ts';
import { OPTIONS, type Option, type OptionKey } from './options.ts';

/** What the command line gave; `asks` is set where it wants a text instead of a node. */
export interface ParsedFlags {
  readonly asks?: 'help' | 'version';
  readonly values: ReadonlyMap<OptionKey, OptionValue>;
}

const BY_FLAG = new Map(OPTIONS.map((option) => [option.flag, option]));
const ASKING = new Map<string, 'help' | 'version'>([
  ['h', 'help'],
  ['help', 'help'],
  ['version', 'version'],
]);

/**
 * Reads flags by the rules of Go's flag package, which the reference uses: one dash or two, `=` or the next
 * argument for the value, a bare bool is true (and never takes the next argument), `--` ends them, the last of
 * several wins. Throws ConfigError at the first mistake, and for arguments that are left over.
 */
export function parseFlags(args: readonly string[]): ParsedFlags {
  const values = new Map<OptionKey, OptionValue>();
  const rest = [...args];
  let last: Option | undefined;
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--') arg = rest.shift();
    else if (arg.length > 1 && arg.startsWith('-')) {
      const { name, text } = splitFlag(arg);
      const asks = ASKING.get(name);
      if (asks !== undefined) return { asks, values };
      last = optionFor(name);
      values.set(last.key, valueFor(last, text, rest));
      continue;
    }
    if (arg !== undefined) throw leftOver(arg, last);
    break;
  }
  return { values };
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

function leftOver(arg: string, last: Option | undefined): ConfigError {
  const hint =
    last?.type === 'bool' && isBoolText(arg)
      ? `: a true-or-false flag takes its value as -${last.flag}=${arg}`
      : ': settings are given as flags, -name=value';
  return new ConfigError('unexpected-argument', `unexpected argument ${JSON.stringify(arg)}${hint}`);
}
