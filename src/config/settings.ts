import { hidePasswords } from './broker-address.ts';
import { ConfigError } from './config-error.ts';
import type { ConfigFile, FileEntry } from './config-file.ts';
import type { OptionValue } from './option-spec.ts';
import { readOptionValue } from './option-value.ts';
import { defaultOf, OPTIONS, type Option, type OptionKey, type OptionValues, optionOf } from './options.ts';

/** What the three sources gave. */
export interface Sources {
  readonly flags: ReadonlyMap<OptionKey, OptionValue>;
  readonly environment: ReadonlyMap<OptionKey, OptionValue>;
  readonly file: ConfigFile;
}

/** One value for every option, and where it came from, so that a fault can name the place. */
export class Settings {
  readonly values: OptionValues;
  readonly #sources: Sources;

  constructor(sources: Sources) {
    this.#sources = sources;
    const isCentral = this.#choose('NodeName', false) === this.#choose('CentralNodeName', false);
    this.values = Object.fromEntries(
      OPTIONS.map((option) => [option.key, this.#choose(option.key, isCentral)]),
    ) as OptionValues;
  }

  /** Whether somebody set an option, to its default perhaps. */
  isGiven(key: OptionKey): boolean {
    const { flags, environment, file } = this.#sources;
    return flags.has(key) || environment.has(key) || file.entries.has(key);
  }

  /** An error about the value of one option; `fault` ends the sentence that begins with the value. */
  fault(key: OptionKey, fault: string): ConfigError {
    return new ConfigError('bad-value', `${this.#place(optionOf(key))} ${fault}`);
  }

  /** An error about a required option that nothing gave. */
  missing(key: OptionKey, name: string): ConfigError {
    const { flag, env } = optionOf(key);
    const ways = `give -${flag}=<name>, set ${env}, or write ${key} in ${this.#sources.file.path}`;
    return new ConfigError('missing-value', `the ${name} is missing: ${ways}`);
  }

  /** Flag before environment before file before default. */
  #choose(key: OptionKey, isCentral: boolean): OptionValue {
    const { flags, environment, file } = this.#sources;
    const given = flags.get(key) ?? environment.get(key);
    if (given !== undefined) return given;
    const option = optionOf(key);
    const entry = option.inFile === false ? undefined : file.entries.get(key);
    if (entry === undefined) return defaultOf(option, isCentral);
    const read = readOptionValue(option, entry.value);
    if (read.ok) return read.value;
    throw new ConfigError('bad-value', `${placeInFile(file, entry)} ${read.fault}`);
  }

  #place(option: Option): string {
    const { flags, environment, file } = this.#sources;
    const value = option.isSecret ? '***' : show(this.values[option.key]);
    if (flags.has(option.key)) return `flag -${option.flag}: ${value}`;
    if (environment.has(option.key)) return `environment variable ${option.env}: ${value}`;
    const entry = file.entries.get(option.key);
    return entry === undefined ? `${option.key}: ${value}` : placeInFile(file, entry);
  }
}

function placeInFile(file: ConfigFile, entry: FileEntry): string {
  const isSecret = OPTIONS.some(
    ({ key, isSecret }) => isSecret && key.toLowerCase() === entry.key.toLowerCase(),
  );
  return `${file.path} line ${entry.line}: ${entry.key} = ${isSecret ? '***' : show(entry.value)}`;
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(hidePasswords(value));
  if (typeof value === 'object') return Array.isArray(value) ? '[...]' : '{...}';
  return String(value);
}
