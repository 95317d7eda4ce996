import { resolve } from 'node:path';
import { UsageError } from '../line/command.ts';

/** A path on nodes. */
export interface RemotePath {
  readonly targets: string;
  readonly path: string;
  /** As it was written. */
  readonly text: string;
}

/** What is copied where: from here to nodes, or from nodes to here. */
export type CopyPlan =
  | { readonly way: 'to-nodes'; readonly sources: readonly string[]; readonly to: RemotePath }
  | { readonly way: 'from-nodes'; readonly from: readonly RemotePath[]; readonly target: string };

/**
 * Reads the places of a copy: the last one is where it goes, and either that or all others are `NODE:PATH`. Paths here
 * become absolute, since the node does not know where the command was typed. Throws UsageError.
 */
export function readCopyPlan(operands: readonly string[], folder: string): CopyPlan {
  const target = operands.at(-1);
  const sources = operands.slice(0, -1);
  if (target === undefined || sources.length === 0)
    throw new UsageError('give two places, one of them on a node: steward cp SRC NODE:DST, or NODE:SRC DST');
  refuseStreams(sources, target);
  const to = remotePath(target);
  const from = sources.map(remotePath);
  if (to && from.some((place) => place !== undefined))
    throw new UsageError(
      'both places are on nodes: copy to this machine first, and from there to the other node',
    );
  if (to)
    return {
      way: 'to-nodes',
      sources: sources.map((source) => withSlash(resolve(folder, source), source)),
      to,
    };
  const here = sources.find((_, place) => from[place] === undefined);
  if (here === undefined)
    return {
      way: 'from-nodes',
      from: from.filter((place) => place !== undefined),
      target: withSlash(resolve(folder, target), target),
    };
  throw new UsageError(
    from.some((place) => place !== undefined)
      ? `${JSON.stringify(here)} is on this machine and others are on nodes: copy them one after the other`
      : 'neither place is on a node: write NODE:PATH for the one that is',
  );
}

/** Copies are of files, which can be begun again; what streams cannot. */
function refuseStreams(sources: readonly string[], target: string): void {
  if (sources.includes('-'))
    throw new UsageError(
      `cp takes files: for standard input, steward exec NODE --stdin --shell 'cat > /path', or write it to a file first`,
    );
  if (target === '-') throw new UsageError('cp writes files: steward exec NODE -- cat /path prints one');
}

/** A path with a slash before its colon is one here, as scp has it. Throws UsageError for one that is not absolute. */
function remotePath(text: string): RemotePath | undefined {
  const [, targets, path] = /^([^/:][^/:]*):(.*)$/s.exec(text) ?? [];
  if (targets === undefined || path === undefined) return undefined;
  if (path.startsWith('/') || path.startsWith('{{')) return { targets, path, text };
  throw new UsageError(
    `${JSON.stringify(text)}: write the path on the node from its root, ${targets}:/path/to/file, or ./ before the name of a file here that has a colon`,
  );
}

/** Whether a place was written as a folder is lost by resolving it. */
function withSlash(path: string, asWritten: string): string {
  return /(^|\/)\.{0,2}\/?$/.test(asWritten) && path !== '/' ? `${path}/` : path;
}
