import type { OptionSpec, OptionValue } from './option-spec.ts';
import { SPECS } from './option-specs.ts';

export type OptionKey = keyof typeof SPECS;

/** The value of every option, by its TOML key. */
export type OptionValues = {
  [K in OptionKey]: { string: string; int: number; bool: boolean }[(typeof SPECS)[K]['type']];
};

/** One setting, under its three names. */
export interface Option extends OptionSpec {
  readonly key: OptionKey;
  readonly flag: string;
  readonly env: string;
}

/** Every setting that steward has, in the order in which help and a new config.toml show them. */
export const OPTIONS: readonly Option[] = Object.entries(SPECS).map(([key, spec]) => ({
  ...spec,
  key: key as OptionKey,
  flag: flagOf(key),
  env: envOf(key),
}));

/** The option with this TOML key. */
export function optionOf(key: OptionKey): Option {
  const option = OPTIONS.find((candidate) => candidate.key === key);
  if (option === undefined) throw new Error(`no option ${key}`);
  return option;
}

/** The default of an option, on a node that is the central one or is not. */
export function defaultOf(option: Option, isCentral: boolean): OptionValue {
  return isCentral && option.onCentral ? true : option.default;
}

/** The flag of a TOML key: NodeName -> nodeName, TCPListener -> tcpListener. */
function flagOf(key: string): string {
  return key.replace(/^(TCP|HTTP|TLS|[A-Z])/, (first) => first.toLowerCase());
}

/** The environment variable of a TOML key: NodeName -> NODE_NAME, RootCAPath -> ROOT_CA_PATH, StartSubREQToFile -> START_SUB_REQ_TO_FILE. */
function envOf(key: string): string {
  const words = key.match(/(?:REQ|TCP|HTTP|TLS|TTL|MB|CA)(?=[A-Z]|$)|[A-Z][a-z]*/g) ?? [];
  return words.join('_').toUpperCase();
}
