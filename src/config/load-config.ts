import { dirname, join, resolve } from 'node:path';
import { foreignWriter, ownerOf } from '../lib/folder-writers.ts';
import { type Config, toConfig } from './config.ts';
import { ConfigError } from './config-error.ts';
import { readConfigFile, saveConfigFile } from './config-file.ts';
import type { TomlSetting } from './edit-toml.ts';
import { type Environment, readEnvironment } from './environment.ts';
import { parseFlags } from './flags.ts';
import { defaultOf, OPTIONS, optionOf } from './options.ts';
import { Settings, type Sources } from './settings.ts';

/** What a node starts with. */
export interface LoadedConfig {
  readonly config: Config;
  /** Sentences for the operator about what is odd, but no reason to stop. */
  readonly warnings: readonly string[];
  /** The path of config.toml. */
  readonly configFile: string;
}

/**
 * Gathers flags, environment and config.toml, merges them in this order of precedence, checks the result, and
 * then brings config.toml up to date: what a flag gave and what was missing is written into it. What the
 * environment gave is not, because that is where secrets and the settings of one process belong.
 *
 * Throws ConfigError, and then config.toml is as it was: a mistake must not become the next start's default.
 */
export async function loadConfig(given: Given): Promise<LoadedConfig> {
  const { sources, config, warnings, configFile } = await read(given);
  const unsaved = await saveConfigFile(sources.file, changesOf(sources, config.isCentral));
  return { config, warnings: unsaved === undefined ? warnings : [...warnings, unsaved], configFile };
}

/** What a node would start with; config.toml stays as it is. Throws ConfigError. */
export async function readConfig(given: Given): Promise<LoadedConfig> {
  const { config, warnings, configFile } = await read(given);
  return { config, warnings, configFile };
}

interface Given {
  readonly args: readonly string[];
  readonly env: Environment;
}

async function read(given: Given): Promise<LoadedConfig & { sources: Sources }> {
  const { sources, warnings: flagWarnings } = await gather(given);
  const settings = new Settings(sources);
  const warnings = [...flagWarnings, ...fileWarnings(sources)];
  const config = toConfig(settings, warnings);
  if (config.isCentral && !config.startSub.REQErrorLog) {
    warnings.push(
      'this is the central node, but StartSubREQErrorLog is false: nobody collects the errors of the nodes',
    );
  }
  return { sources, config, warnings, configFile: sources.file.path };
}

async function gather(given: Given): Promise<{ sources: Sources; warnings: readonly string[] }> {
  const { values: flags, warnings } = parseFlags(given.args);
  const environment = readEnvironment(given.env);
  const folder =
    flags.get('ConfigFolder') ?? environment.get('ConfigFolder') ?? optionOf('ConfigFolder').default;
  if (folder === '') throw new ConfigError('bad-value', 'flag -configFolder must not be empty');
  const file = await readConfigFile(join(String(folder), 'config.toml'));
  return { sources: { flags, environment, file }, warnings };
}

function fileWarnings({ file, flags, environment }: Sources): string[] {
  const isTold = flags.has('ConfigFolder') || environment.has('ConfigFolder');
  // As for sockets: whose config.toml it is counts where the operator named the folder.
  const user = isTold ? ownerOf(file.path) : undefined;
  const writer = file.exists
    ? foreignWriter(dirname(resolve(file.path)), { user, isKnown: isTold })
    : undefined;
  const unsafe =
    writer &&
    `${writer}, and whoever writes ${file.path} decides what this node does: take those rights away, or name another folder with CONFIG_FOLDER`;
  const unknown = file.unknownKeys.map(
    (key) => `${file.path} has the unknown key ${JSON.stringify(key)}, which is ignored`,
  );
  return [...(unsafe ? [unsafe] : []), ...unknown];
}

/** What config.toml does not say yet: values of flags, and defaults of keys that it lacks. */
function changesOf({ flags, file }: Sources, isCentral: boolean): TomlSetting[] {
  const changes: TomlSetting[] = [];
  for (const option of OPTIONS) {
    if (option.inFile === false) continue;
    const given = flags.get(option.key);
    const entry = file.entries.get(option.key);
    if (entry === undefined && option.onlyGiven && given === undefined) continue;
    if (entry === undefined) changes.push({ option, value: given ?? defaultOf(option, isCentral) });
    else if (given !== undefined && !isSame(entry.value, given)) changes.push({ option, value: given });
  }
  return changes;
}

function isSame(inFile: unknown, given: string | number | boolean): boolean {
  return typeof given === 'number' ? inFile === BigInt(given) : inFile === given;
}
