import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../usage-error.ts';
import type { OutputSink } from './output-sink.ts';

/**
 * Writes what each node prints, on stdout and stderr in the order in which it came, to `<folder>/<node>.log`. Files of an
 * earlier run are begun anew. Throws UsageError where the folder cannot be made.
 */
export async function createLogFolder(folder: string, nodes: readonly string[]): Promise<OutputSink> {
  const pathOf = (node: string): string => join(folder, `${node}.log`);
  try {
    await mkdir(folder, { recursive: true });
    for (const node of nodes) await writeFile(pathOf(node), '');
  } catch (error) {
    throw new UsageError(`--log-dir ${folder} cannot be written to: ${(error as Error).message}`);
  }
  return {
    piece: (node, _stream, data) => appendFile(pathOf(node), data),
    end: () => {},
  };
}
