import { existsSync } from 'node:fs';
import { readdir, readlink, realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve, sep } from 'node:path';
import type { Config } from '../config/config.ts';
import type { Environment } from '../config/environment.ts';
import type { LoadedConfig } from '../config/load-config.ts';
import { type OriginalQueue, readOriginalQueue } from '../config/original-queue.ts';
import { firstWords } from '../lib/first-words.ts';
import { countWords } from '../lib/time-words.ts';
import { checkBroker } from './check-broker.ts';
import { checkDifferences, checkWideModes } from './check-differences.ts';
import { checkFiles } from './check-files.ts';
import { checkFolders } from './check-folders.ts';
import { checkCollector, checkLeftQueue, checkListeners } from './check-inherited.ts';
import { checkTrust } from './check-trust.ts';
import { type Finding, finding } from './finding.ts';

/** How many entries of the data folder are looked at for links that lead out of it. */
const MOST_ENTRIES = 20_000;
const SHOWN_LINKS = 5;

/** Where the original's config.toml is in the folder in which it is run, or in its configuration folder itself. */
export function originalConfigFolder(folder: string): string {
  const within = join(folder, 'etc');
  return existsSync(join(within, 'config.toml')) ? within : folder;
}

/**
 * Looks at the folder of a node of the original, before this program takes it over: yields what it finds, and what will
 * differ. `tellQueue` gets what the original did not deliver. Nothing is changed or sent.
 */
export async function* examineOriginal(
  folder: string,
  { config, configFile, warnings, env }: LoadedConfig & { readonly env: Environment },
  tellQueue: (queue: OriginalQueue) => void,
): AsyncGenerator<Finding> {
  const whole = inFolder(config, folder, configFile);
  yield* await checkFiles(whole, configFile);
  for (const warning of warnings) yield finding('config', 'warn', warning);
  yield* checkDifferences(whole, env);
  yield* checkListeners(whole);
  yield* checkCollector(whole);
  yield checkTrust(whole);
  const queue = await readOriginalQueue(whole.databaseFolder);
  if (queue) tellQueue(queue);
  yield* checkLeftQueue(queue, { isTold: true });
  yield* await checkFolders(whole);
  yield* await checkWideModes(whole, configFile);
  yield* await checkModes(whole);
  yield* await checkBroker(whole, { isRunning: undefined });
}

/** The original takes paths from the folder in which it is started: the one above its configuration, mostly. */
function inFolder(config: Config, folder: string, configFile: string): Config {
  const configFolder = dirname(resolve(configFile));
  const base = configFolder === resolve(folder) ? dirname(configFolder) : resolve(folder);
  const at = (path: string) => (path === '' || isAbsolute(path) ? path : join(base, path));
  return {
    ...config,
    databaseFolder: at(config.databaseFolder),
    subscribersDataFolder: at(config.subscribersDataFolder),
    socketFolder: at(config.socketFolder),
    startupFolder: at(config.startupFolder),
    readFolder: at(config.readFolder),
    nkeySeedFile: at(config.nkeySeedFile),
    rootCaPath: at(config.rootCaPath),
  };
}

async function checkModes(config: Config): Promise<Finding[]> {
  const { fileMode, followLinks, subscribersDataFolder: data } = config;
  const modes =
    fileMode === 'original'
      ? 'new files get 0755 less umask, as the original makes them'
      : 'new files get 0600, as fileMode is private';
  const told = finding('modes', 'ok', `${modes}; files that are there keep owner, group and mode`);
  const links = followLinks ? [] : await linksThatLeadOut(data);
  if (links.length === 0) return [told];
  const text = `${countWords(links.length, 'link')} in ${data} lead out of it, and would not be followed: ${firstWords(links, SHOWN_LINKS)}`;
  return [told, finding('modes', 'warn', text, 'set followLinks = true in config.toml, if that is meant')];
}

async function linksThatLeadOut(folder: string): Promise<string[]> {
  const top = await realpath(folder).catch(() => undefined);
  if (top === undefined) return [];
  const entries = await readdir(top, { recursive: true, withFileTypes: true }).catch(() => []);
  const found: string[] = [];
  for (const entry of entries.slice(0, MOST_ENTRIES)) {
    if (!entry.isSymbolicLink()) continue;
    const path = join(entry.parentPath, entry.name);
    const target = await realpath(path).catch(async () => resolve(entry.parentPath, await readlink(path)));
    if (target !== top && !target.startsWith(`${top}${sep}`)) found.push(path);
  }
  return found;
}
