import { randomUUID } from 'node:crypto';
import { chown, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { ApiAddress } from '../../../client/api-address.ts';
import type { StewardApi } from '../../../client/steward-api.ts';
import type { RequestSummary } from '../../../contract/requests.ts';
import { countWords } from '../../../lib/time-words.ts';
import { UsageError } from '../../line/command.ts';
import { tell } from '../../print/tell.ts';
import { runBatch } from '../batch-run.ts';

/** What is larger goes to the nodes as a file: a request has its limit, and its bytes travel to each node as one. */
const MOST_IN_REQUEST = 32 * 1024 * 1024;

/** What came on standard input: its bytes, or the file of this machine that they were written to. */
export type StdinData = { readonly bytes: Uint8Array } | { readonly path: string };

/** Reads standard input to its end; large data into a file, which the caller removes. Throws UsageError where they may not be large. */
export async function readStdin(
  stdin: Readable,
  { mayBeLarge }: { readonly mayBeLarge: boolean },
): Promise<StdinData> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  const all = stdin[Symbol.asyncIterator]();
  for (let next = await all.next(); !next.done; next = await all.next()) {
    pieces.push(next.value);
    bytes += next.value.length;
    if (bytes > MOST_IN_REQUEST && !mayBeLarge)
      throw new UsageError(
        '--stdin above 32 MB goes to its nodes before they run the command, which --detach, --at and waves do not wait for: bring it there with steward cp first',
      );
    if (bytes > MOST_IN_REQUEST) return { path: await spool(pieces, all) };
  }
  return { bytes: Buffer.concat(pieces) };
}

/** Removes the file that large data were written to. */
export async function removeSpooled(path: string): Promise<void> {
  await rm(path, { force: true });
}

async function spool(first: readonly Uint8Array[], rest: AsyncIterator<Uint8Array>): Promise<string> {
  const path = join(tmpdir(), `steward-stdin-${randomUUID()}`);
  try {
    await using file = await open(path, 'wx', 0o600);
    for (const piece of first) await file.writeFile(piece);
    for (let next = await rest.next(); !next.done; next = await rest.next()) await file.writeFile(next.value);
    return path;
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

interface Bringing {
  /** The file here, and the nodes that it goes to. */
  readonly path: string;
  readonly nodes: readonly string[];
  readonly label: string;
  readonly address: ApiAddress;
  readonly stderr: Writable;
  readonly signal: AbortSignal;
}

/**
 * Brings a file to nodes, under a name that nobody can guess; resolves with how that name begins, see `withOwnFile`, and the nodes that have it. Where it
 * is called off before all have, the copies are too. Throws UsageError where no node gets it.
 */
export async function bringStdin(
  api: StewardApi,
  { path, nodes, label, address, stderr, signal }: Bringing,
): Promise<{ path: string; nodes: ReadonlySet<string> }> {
  if (!('socketPath' in address))
    throw new UsageError(
      '--stdin above 32 MB needs the socket of a node on this machine, which copies it: bring it there with steward cp first',
    );
  // The node reads it, which may be another user than the one that began this.
  if (process.getuid?.() === 0) {
    const { uid, gid } = await stat(address.socketPath);
    await chown(path, uid, gid);
  }
  const { node: here } = await api.status();
  const target = join('/tmp', `steward-stdin-${randomUUID()}`);
  if ((stderr as { isTTY?: boolean }).isTTY)
    tell(stderr, `bringing its data to ${countWords(nodes.length, 'node')}`);
  const copy = { method: 'REQCopyFileFrom', replyMethod: 'REQNone', toNode: here };
  const nodeOf = new Map<string, string>();
  const ends = await runBatch(api, {
    messages: nodes.map((node) => ({ ...copy, methodArgs: [path, node, placeOn(node, target)] })),
    label: `the data of ${label}`.slice(0, 200),
    signal,
    onAccepted: (accepted) => {
      for (const { id, index } of accepted) nodeOf.set(id, nodes[index]!);
    },
  });
  if (signal.aborted) {
    const batch = ends.values().next().value?.batch;
    if (batch) await api.cancelBatch(batch);
    throw new UsageError('it was interrupted while its data were brought, and nothing was run');
  }
  const there = new Set<string>();
  for (const [id, end] of ends)
    if (end.state === 'succeeded') there.add(nodeOf.get(id)!);
    else tell(stderr, whyNot(nodeOf.get(id)!, end));
  if (there.size === 0) throw new UsageError('its data came to no node, and nothing was run');
  return { path: target, nodes: there };
}

/** Where the file of a node is: nodes may share a machine. */
function placeOn(node: string, path: string): string {
  return `${path}-${node}`;
}

/** A message to a node with its own file in the place of the one that is the same for all. */
export function withOwnFile(message: object, { node, path }: { node: string; path: string }): object {
  const args = (message as { methodArgs: readonly string[] }).methodArgs;
  const own = args.map((arg) => (arg === path ? placeOn(node, path) : arg));
  return { ...message, toNode: node, methodArgs: own };
}

function whyNot(node: string, { state, reason }: Pick<RequestSummary, 'state' | 'reason'>): string {
  return `${node}: the data could not be brought there, and nothing was run: ${state}${reason ? `, ${reason}` : ''}`;
}
