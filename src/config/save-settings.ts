import { readConfigFile, saveConfigFile } from './config-file.ts';
import { type OptionKey, optionOf } from './options.ts';

/** Writes settings into a config.toml, and leaves the rest of it as it is; a sentence where that cannot be. Throws ConfigError. */
export async function saveSettings(
  path: string,
  values: Readonly<Partial<Record<OptionKey, string>>>,
): Promise<string | undefined> {
  const file = await readConfigFile(path);
  const settings = Object.entries(values).map(([key, value]) => ({
    option: optionOf(key as OptionKey),
    value,
  }));
  return await saveConfigFile(file, settings);
}
