import { readlink, realpath } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { readFault, readPlainFile } from '../lib/plain-file.ts';
import { errorCode } from '../lib/system-fault.ts';
import { writeAtomically } from '../lib/write-atomically.ts';
import { ConfigError } from './config-error.ts';
import { editToml, type TomlSetting } from './edit-toml.ts';
import { OPTIONS, type OptionKey } from './options.ts';
import { findStatements } from './toml-statements.ts';

/** What config.toml holds. */
export interface ConfigFile {
  /** The path as the operator knows it. */
  readonly path: string;
  readonly exists: boolean;
  readonly text: string;
  /** Known keys with their values as read (integers as bigint), not yet checked, and their lines. */
  readonly entries: ReadonlyMap<OptionKey, FileEntry>;
  readonly unknownKeys: readonly string[];
}

export interface FileEntry {
  readonly key: string;
  readonly value: unknown;
  readonly line: number;
}

/** A file of settings has no more bytes than this. */
const MAX_BYTES = 1024 * 1024;
const KEYS = new Map(OPTIONS.map((option) => [option.key.toLowerCase(), option.key]));

/** Reads config.toml; one that is not there reads as empty. Throws ConfigError for one that cannot be used. */
export async function readConfigFile(path: string): Promise<ConfigFile> {
  const text = await readText(path);
  if (text === undefined) return { path, exists: false, text: '', entries: new Map(), unknownKeys: [] };
  const values = parseToml(path, text);
  const lines = new Map(findStatements(text).statements.map(({ key, line }) => [key, line]));
  const entries = new Map<OptionKey, FileEntry>();
  const unknownKeys: string[] = [];
  for (const [key, value] of Object.entries(values)) {
    const known = KEYS.get(key.toLowerCase());
    if (known === undefined) {
      unknownKeys.push(key);
      continue;
    }
    const entry = { key, value, line: lines.get(key) ?? 1 };
    const earlier = entries.get(known);
    if (earlier !== undefined) throw givenTwice(path, earlier, entry);
    entries.set(known, entry);
  }
  return { path, exists: true, text, entries, unknownKeys };
}

/**
 * Writes the settings into the file, through a symbolic link where it is one, and leaves it alone where nothing
 * changes. A file that cannot be written is a warning, which this returns.
 */
export async function saveConfigFile(
  file: ConfigFile,
  settings: readonly TomlSetting[],
): Promise<string | undefined> {
  const text = editToml(file.text, settings);
  if (text === file.text) return undefined;
  try {
    confirm(text, settings);
    await writeAtomically(await targetOf(file.path), text);
    return undefined;
  } catch (error) {
    const lost = file.exists ? 'settings given now hold for this run alone' : 'no default file was made';
    return `${file.path} cannot be written, so ${lost}: ${(error as Error).message}`;
  }
}

async function readText(path: string): Promise<string | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readPlainFile(path, { maxBytes: MAX_BYTES });
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    const wayOut = 'or choose another folder with CONFIG_FOLDER';
    throw new ConfigError('unreadable-file', `${path} cannot be read: ${readFault(error)}; ${wayOut}`, {
      cause: error,
    });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new ConfigError(
      'bad-file',
      `${path} is not UTF-8 text: correct it, or move it away for a new one`,
      { cause: error },
    );
  }
}

function parseToml(path: string, text: string): Record<string, unknown> {
  try {
    return parse(text, { integersAsBigInt: true });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const reason = error.message.split('\n', 1)[0]!.replace(/^Invalid TOML document: /, '');
    const wayOut = 'correct it, or move the file away for a new one';
    throw new ConfigError('bad-file', `${path} line ${error.line} is not valid TOML (${reason}): ${wayOut}`, {
      cause: error,
    });
  }
}

function givenTwice(path: string, first: FileEntry, second: FileEntry): ConfigError {
  const places = `as ${first.key} in line ${first.line} and as ${second.key} in line ${second.line}`;
  return new ConfigError('bad-file', `${path} has one setting twice, ${places}: remove one of them`);
}

/** Reads the edited text back, so that a slip of the editor can never ruin a file. */
function confirm(text: string, settings: readonly TomlSetting[]): void {
  const values = parse(text, { integersAsBigInt: true });
  const byKey = new Map(Object.entries(values).map(([key, value]) => [key.toLowerCase(), value]));
  for (const { option, value } of settings) {
    const written = byKey.get(option.key.toLowerCase());
    if (written !== (typeof value === 'number' ? BigInt(value) : value)) {
      throw new Error(`${option.key} cannot be set in its present form`);
    }
  }
}

async function targetOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    // A link whose target is not there yet, or no file at all.
    const link = await readlink(path).catch(() => undefined);
    return link === undefined ? path : resolve(dirname(path), link);
  }
}
