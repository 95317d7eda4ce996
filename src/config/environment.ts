import { ConfigError } from './config-error.ts';
import type { OptionValue } from './option-spec.ts';
import { parseOptionText } from './option-value.ts';
import { OPTIONS, type OptionKey } from './options.ts';

/** The variables that a process was started with. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the settings of the environment; a variable that is empty counts as not given. */
export function readEnvironment(env: Environment): ReadonlyMap<OptionKey, OptionValue> {
  const values = new Map<OptionKey, OptionValue>();
  for (const option of OPTIONS) {
    const text = env[option.env];
    if (text === undefined || text === '') continue;
    const parsed = parseOptionText(option, text);
    if (!parsed.ok) {
      throw new ConfigError(
        'bad-value',
        `environment variable ${option.env}: ${JSON.stringify(text)} ${parsed.fault}`,
      );
    }
    values.set(option.key, parsed.value);
  }
  return values;
}
