import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Operations } from '../contract/contract.ts';
import { MOST_FILE_BYTES, type NodeFile } from '../contract/files.ts';
import { OperationError } from '../contract/operation-error.ts';
import { NotExposedError, openExposed } from '../lib/open-exposed.ts';
import { errorCode } from '../lib/system-fault.ts';

/** How many folders and entries of the data folder are looked through at most. */
const MOST_FOLDERS = 2000;
const MOST_ENTRIES = 100_000;

interface NodeFilesDeps {
  /** When a node was last heard of: folders of other nodes are not looked through. */
  readonly presence: { lastSeenAt(name: string): number | null };
}

/**
 * What came from nodes into the data folder: it lies in `<directory>/<node>/<file>`. Names with a leading dot, which are the
 * program's own, links, and what is neither file nor folder are left out.
 */
export function nodeFileOperations(
  dataFolder: string,
  { presence }: NodeFilesDeps,
): Pick<Operations, 'nodeFiles' | 'nodeFile'> {
  const isOther = (name: string) => presence.lastSeenAt(name) !== null;
  return {
    nodeFiles: async (name, { limit = 100, cursor }) => {
      checkName(name);
      const { paths, isCut } = await pathsOf(name, { dataFolder, isOther });
      const left = cursor === undefined ? paths : paths.filter((path) => path > cursor);
      const page = left.slice(0, limit);
      const items = (await Promise.all(page.map((path) => lookAt(dataFolder, path)))).filter(
        (file) => file !== undefined,
      );
      return { items, next: left.length > limit ? page.at(-1)! : null, total: paths.length, isCut };
    },
    nodeFile: async (name, { path, from = 0, bytes = MOST_FILE_BYTES }) => {
      checkName(name);
      if (path === undefined) throw badPath('path is missing: give that of a file in the list of files');
      const names = path.split('/');
      const isOdd = names.some((part) => part === '' || part.startsWith('.') || part.includes('\0'));
      if (isOdd || names.at(-2) !== name)
        throw badPath(`path is ${shown(path)}: it must be that of a file in the list of files of ${name}`);
      try {
        await using file = await openExposed(dataFolder, names);
        const stats = await file.stat();
        if (!stats.isFile()) throw noFile(path);
        const part = Buffer.alloc(Math.max(0, Math.min(bytes, stats.size - from)));
        const { bytesRead } = await file.read(part, 0, part.length, from);
        return part.subarray(0, bytesRead);
      } catch (error) {
        throw error instanceof NotExposedError ? noFile(path) : error;
      }
    },
  };
}

interface Search {
  readonly dataFolder: string;
  isOther(name: string): boolean;
}

/** The paths of a node's files in order, as far as they were looked for. */
async function pathsOf(node: string, { dataFolder, isOther }: Search) {
  const paths: string[] = [];
  const folders: (readonly string[])[] = [[]];
  let [looked, entriesSeen, isCut] = [0, 0, false];
  for (; looked < folders.length && looked < MOST_FOLDERS && entriesSeen < MOST_ENTRIES; looked++) {
    const folder = folders[looked]!;
    const entries = await entriesOf(join(dataFolder, ...folder));
    isCut ||= entries === undefined;
    entriesSeen += entries?.length ?? 0;
    const seen = entries?.filter(({ name }) => !name.startsWith('.')) ?? [];
    const inside = seen.filter(
      (entry) => entry.isDirectory() && (entry.name === node || !isOther(entry.name)),
    );
    folders.push(...inside.map(({ name }) => [...folder, name]));
    const files = folder.at(-1) === node ? seen.filter((entry) => entry.isFile()) : [];
    paths.push(...files.map(({ name }) => [...folder, name].join('/')));
  }
  return { paths: paths.sort(), isCut: isCut || looked < folders.length };
}

/** What is in a folder; nothing where it is gone, undefined where it cannot be read. */
async function entriesOf(folder: string): Promise<Dirent[] | undefined> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    return errorCode(error) === 'ENOENT' ? [] : undefined;
  }
}

/** A file as the list has it; undefined where it is gone or became a link meanwhile. */
async function lookAt(dataFolder: string, path: string): Promise<NodeFile | undefined> {
  try {
    await using file = await openExposed(dataFolder, path.split('/'));
    const { size, mtimeMs } = await file.stat();
    return { path, bytes: size, changedAt: Math.round(mtimeMs) };
  } catch (error) {
    if (error instanceof NotExposedError) return undefined;
    throw error;
  }
}

function checkName(name: string): void {
  if (name !== '' && !name.startsWith('.') && !/[/\p{Cc}]/u.test(name)) return;
  throw new OperationError('bad-request', `${shown(name)} is not the name of a node`, { field: 'id' });
}

function badPath(reason: string): OperationError {
  return new OperationError('bad-request', reason, { field: 'path' });
}

function noFile(path: string): OperationError {
  return new OperationError(
    'not-found',
    `there is no file ${shown(path)} below the data folder: list the files anew`,
  );
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
