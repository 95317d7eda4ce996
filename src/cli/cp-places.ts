import { resolve } from 'node:path';
import { UsageError } from './usage-error.ts';

/** What is copied where: from here to nodes, or from nodes to here. */
export type CopyPlan =
  | { readonly way: 'to-nodes'; readonly source: string; readonly targets: string; readonly path: string }
  | { readonly way: 'from-nodes'; readonly targets: string; readonly path: string; readonly target: string };

/**
 * Reads the two places of a copy: one is a path here, the other `NODE:PATH`. Paths here become absolute, since the node
 * does not know where the command was typed. Throws UsageError.
 */
export function readCopyPlan(operands: readonly string[], folder: string): CopyPlan {
  const [source, target] = operands;
  if (source === undefined || target === undefined || operands.length > 2)
    throw new UsageError('give two places, one of them on a node: steward cp SRC NODE:DST, or NODE:SRC DST');
  const from = remotePlace(source);
  const to = remotePlace(target);
  if (from && to)
    throw new UsageError('both places are on nodes: copy to this machine first, or use REQCopyFileFrom');
  if (to) return { way: 'to-nodes', source: resolve(folder, source), ...absolute(to, target) };
  if (from)
    return {
      way: 'from-nodes',
      ...absolute(from, source),
      target: localTarget(resolve(folder, target), target),
    };
  throw new UsageError('neither place is on a node: write NODE:PATH for the one that is');
}

/** A path with a slash before its colon is one here, as scp has it. */
function remotePlace(place: string): { targets: string; path: string } | undefined {
  const [, targets, path] = /^([^/:][^/:]*):(.*)$/s.exec(place) ?? [];
  return targets === undefined || path === undefined ? undefined : { targets, path };
}

function absolute({ targets, path }: { targets: string; path: string }, place: string) {
  if (path.startsWith('/')) return { targets, path };
  throw new UsageError(
    `${JSON.stringify(place)}: write the path on the node from its root: ${targets}:/path/to/file`,
  );
}

/** Whether a place was written as a folder is lost by resolving it. */
function localTarget(path: string, asWritten: string): string {
  return /(^|\/)\.{0,2}\/?$/.test(asWritten) ? `${path}/` : path;
}
