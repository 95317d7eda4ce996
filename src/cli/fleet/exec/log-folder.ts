import { appendFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolders } from '../../../lib/make-folders.ts';
import { countWords, exactClockWords } from '../../../lib/time-words.ts';
import { UsageError } from '../../line/command.ts';
import type { OutputSink } from './output-sink.ts';

/**
 * Writes what each node prints, on stdout and stderr in the order in which it came, to `<folder>/<node>.log`. Files of an
 * earlier run get the time of their last line into their name, which is told. Throws UsageError where the folder cannot be made.
 */
export async function createLogFolder(
  folder: string,
  nodes: readonly string[],
  note: (text: string) => void,
): Promise<OutputSink> {
  const pathOf = (node: string): string => join(folder, `${node}.log`);
  try {
    await makeFolders(folder);
    const kept = [];
    for (const node of nodes) {
      kept.push(...(await keepOld(pathOf(node))));
      await writeFile(pathOf(node), '');
    }
    if (kept.length > 0)
      note(`${countWords(kept.length, 'log')} of an earlier run in ${folder} kept, such as ${kept[0]}`);
  } catch (error) {
    throw new UsageError(`--log-dir ${folder} cannot be written to: ${(error as Error).message}`);
  }
  return { piece: (node, _stream, data) => appendFile(pathOf(node), data), end: () => {} };
}

/** The new name of a file that holds something. */
async function keepOld(path: string): Promise<string[]> {
  const old = await stat(path).catch(() => undefined);
  if (old === undefined || old.size === 0) return [];
  const moved = path.replace(
    /\.log$/,
    `.${exactClockWords(old.mtimeMs).replace(' ', 'T').replaceAll(':', '-')}.log`,
  );
  await rename(path, moved);
  return [moved];
}
