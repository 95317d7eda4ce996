import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import type { StewardApi } from '../../client/steward-api.ts';
import { fitsGlob, readGlob } from '../../lib/glob.ts';
import { systemFault } from '../../lib/system-fault.ts';
import { UsageError } from '../line/command.ts';
import { runBatch } from './batch-run.ts';
import type { RemotePath } from './cp-plan.ts';

/** A file of a copy, and its place below where the copy goes. */
export interface CopyFile {
  readonly path: string;
  readonly below: string;
}

/** The files of a place on this machine: itself, or all in a folder, below its name unless it ends with a slash. Throws UsageError. */
export async function filesHere(place: string): Promise<CopyFile[]> {
  const path = place.replace(/(?<=.)\/$/, '');
  const found = await stat(path).catch((cause: Error) => {
    throw new UsageError(`${path} cannot be read: ${systemFault(cause)}`);
  });
  if (!found.isDirectory()) return [{ path, below: basename(path) }];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  if (files.length === 0) throw new UsageError(`the folder ${path} holds no files`);
  const from = place.endsWith('/') ? path : dirname(path);
  return files.toSorted().map((file) => ({ path: file, below: relative(from, file) }));
}

/** Whether a path on a node means several files: a pattern, or a folder, which is written with a slash at its end. */
export function meansSeveral(path: string): boolean {
  return /[*?[]/.test(path) || path.endsWith('/');
}

/** Prints the files that a pattern or a folder means, a NUL after each: the one byte that no name holds. */
const LIST = `IFS=
for f in $1; do
  if [ -d "$f" ]; then find "$f" -type f -print0; elif [ -e "$f" ]; then printf '%s\\0' "$f"; fi
done`;

const LIST_SECONDS = 60;

/** Asks nodes which files a pattern or a folder means there. Throws UsageError for a node that does not say. */
export async function filesThere(
  api: StewardApi,
  { path, text }: RemotePath,
  { nodes, signal }: { readonly nodes: readonly string[]; readonly signal: AbortSignal },
): Promise<Map<string, CopyFile[]>> {
  const message = {
    ...{ toNodes: nodes, method: 'REQCliCommand', methodArgs: ['sh', '-c', LIST, 'steward', path] },
    ...{ replyMethod: 'REQNone', output: 'live', methodTimeout: LIST_SECONDS, expiresIn: LIST_SECONDS },
  };
  const requests = await runBatch(api, { messages: [message], label: `cp: which files are ${text}`, signal });
  const found = new Map<string, CopyFile[]>();
  const pattern = stepsOf(path);
  for (const { id, node, state, reason } of requests.values()) {
    if (state !== 'succeeded')
      throw new UsageError(`${node} does not say which files ${path} means: ${reason ?? state}`);
    const files = Buffer.from(await api.output(id))
      .toString()
      .split('\0')
      .filter(Boolean);
    if (files.length === 0) throw new UsageError(`${node} has no files ${path}`);
    found.set(
      node,
      files.map((file) => {
        const below = placeOf(stepsOf(file), pattern);
        if (below === undefined)
          throw new UsageError(`${node} names a file that ${path} does not mean: ${JSON.stringify(file)}`);
        return { path: file, below };
      }),
    );
  }
  return found;
}

/**
 * Where a file goes below the folder for the copies; undefined for one that a pattern does not mean: a node says what its files
 * are called. What `?` and `[a-z]` stand for depends on its locale; here it is any text, but no dot at the beginning of a name.
 */
function placeOf(steps: readonly string[], pattern: readonly string[]): string | undefined {
  const below = steps.slice(Math.max(0, pattern.length - 1));
  if (below.length === 0 || below.includes('..') || below.includes('.')) return undefined;
  const isMeant = pattern.every((wanted, at) => steps[at] === wanted || fitsStep(steps[at] ?? '', wanted));
  return isMeant ? below.join('/') : undefined;
}

function fitsStep(name: string, wanted: string): boolean {
  if (name === '' || (name.startsWith('.') && /^[*?[]/.test(wanted))) return false;
  const pieces = [...wanted.matchAll(/\\(.)|\[[!^]?\]?(?:\[:\w+:\]|[^\]])*\]|./gsu)].map(([piece, plain]) =>
    plain === undefined && /^([*?]|\[.+)$/s.test(piece)
      ? { text: '*', isLiteral: false }
      : { text: plain ?? piece, isLiteral: true },
  );
  return fitsGlob(readGlob(pieces), name);
}

/** A pattern has as many steps as what it means: what a file has more of them is the way to it in a folder that was meant. */
function stepsOf(path: string): string[] {
  return path.split('/').filter(Boolean);
}
