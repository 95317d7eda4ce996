import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import type { StewardApi } from '../../client/steward-api.ts';
import { fitsGlob, readGlob } from '../../lib/glob.ts';
import { systemFault } from '../../lib/system-fault.ts';
import { fillTemplate } from '../../waves/fill-template.ts';
import { UsageError } from '../line/command.ts';
import { runBatch } from './batch-run.ts';
import type { CopyPlan, RemotePath } from './cp-plan.ts';
import type { ChosenNode } from './exec/choose-targets.ts';

/** One file on its way to a node, or from it. */
export interface Copy {
  readonly node: string;
  readonly source: string;
  readonly target: string;
  /** What lines about it begin with. */
  readonly title: string;
  readonly message: object;
}

interface Means {
  readonly api: StewardApi;
  readonly isTemplate: boolean;
  /** The node that relays, where one does. */
  readonly via?: string;
  readonly signal: AbortSignal;
}

type Way<W extends CopyPlan['way']> = Extract<CopyPlan, { way: W }>;

const BASE = { method: 'REQCopyFileFrom', replyMethod: 'REQNone' };

/** The copies of a plan: a request to the node that is asked, which sends its file, or to the one that has the file. Throws UsageError. */
export async function copiesOf(plan: CopyPlan, nodes: readonly ChosenNode[], means: Means): Promise<Copy[]> {
  const { node: here } = await means.api.status();
  const copies =
    plan.way === 'to-nodes'
      ? await toNodes(plan, nodes, { ...means, here })
      : await fromNodes(plan, nodes, { ...means, here });
  refuseSameTarget(copies, plan.way);
  return copies;
}

/** Of two copies with one target only the later would be left. */
function refuseSameTarget(copies: readonly Copy[], way: CopyPlan['way']): void {
  const before = new Map<string, Copy>();
  for (const copy of copies) {
    const place = way === 'to-nodes' ? `${copy.node}:${copy.target}` : copy.target;
    const other = before.get(place);
    if (other !== undefined) {
      const [one, two] = [other, copy].map(({ node, source }) =>
        way === 'to-nodes' ? source : `${node}:${source}`,
      );
      throw new UsageError(`${one} and ${two} would both become ${place}: copy them one after the other`);
    }
    before.set(place, copy);
  }
}

async function toNodes(
  { sources, to }: Way<'to-nodes'>,
  nodes: readonly ChosenNode[],
  means: Means & { here: string },
): Promise<Copy[]> {
  if (sources.length > 1 && !to.path.endsWith('/'))
    throw new UsageError(`${sources.length} sources go into a folder: end it with /, ${to.text}/`);
  const copies: Copy[] = [];
  for (const node of nodes) {
    const [fill, fillHere] = [fillerFor(node, means), fillerFor(node, means, checkName(node))];
    const found = await Promise.all(sources.map((source) => filesHere(fillHere(source))));
    const files = found.flat();
    const path = fill(to.path);
    copies.push(
      ...files.map((file) => {
        const target = targetOf(file, path);
        const title = files.length === 1 ? node.name : `${node.name}:${target}`;
        const way =
          means.via === undefined
            ? { toNode: means.here }
            : { toNode: node.name, relayViaNode: means.via, relayReplyMethod: 'REQNone' };
        const message = { ...BASE, ...way, methodArgs: [file.path, node.name, target] };
        return { node: node.name, source: file.path, target, title, message };
      }),
    );
  }
  return copies;
}

/** Where a file goes: into a folder under its own name, to a new name, or below the new name of its folder. */
function targetOf({ below }: CopyFile, path: string): string {
  if (path.endsWith('/')) return join(path, below);
  const [, ...inFolder] = below.split('/');
  return inFolder.length === 0 ? path : join(path, ...inFolder);
}

async function fromNodes(
  plan: Way<'from-nodes'>,
  nodes: readonly ChosenNode[],
  means: Means & { here: string },
): Promise<Copy[]> {
  const { from, target } = plan;
  const isTemplate = means.isTemplate && target.includes('{{');
  const isFolder = target.endsWith('/') || (await isFolderHere(target));
  if (!isFolder && !isTemplate) refuseSeveral(from, nodes);
  const copies: Copy[] = [];
  for (const place of from) {
    const meant = from.length === 1 ? nodes : await nodesAt(place, nodes, means);
    const found = await filesOn(place, meant, means);
    const local = (node: ChosenNode, { below }: CopyFile) => {
      const filled = fillerFor(node, means, checkName(node))(target);
      const folder = nodes.length > 1 && !isTemplate ? join(filled, node.name) : filled;
      return isFolder ? join(folder, below) : folder;
    };
    copies.push(
      ...meant.flatMap((node) => copiesOn(node, found.get(node.name) ?? [], { place, local, means })),
    );
  }
  return copies;
}

/** Those of the nodes that one place of several means. */
async function nodesAt(place: RemotePath, nodes: readonly ChosenNode[], { api }: Means) {
  const { nodes: known, unknown, skipped = [] } = await api.targets({ targets: [place.targets] });
  const names = new Set([...known, ...unknown, ...skipped].map(({ name }) => name));
  return nodes.filter(({ name }) => names.has(name));
}

/** The copies of files of one node. */
function copiesOn(
  node: ChosenNode,
  files: readonly CopyFile[],
  {
    place,
    local,
    means,
  }: { place: RemotePath; local(node: ChosenNode, file: CopyFile): string; means: { here: string } },
): Copy[] {
  return files.map((file) => {
    const target = local(node, file);
    const title = meansSeveral(place.path) ? `${node.name}:${file.path}` : node.name;
    // An original node reports nothing: what it sends is awaited then.
    const message = {
      ...BASE,
      output: 'live',
      toNode: node.name,
      methodArgs: [file.path, means.here, target],
    };
    return { node: node.name, source: file.path, target, title, message };
  });
}

function refuseSeveral(from: readonly RemotePath[], nodes: readonly ChosenNode[]): void {
  if (nodes.length > 1 || from.length > 1 || from.some(({ path }) => meansSeveral(path)))
    throw new UsageError('several files are meant: name a folder for the copies, with / at its end');
}

/** The files that a place means on each node. */
async function filesOn(
  place: RemotePath,
  nodes: readonly ChosenNode[],
  { api, signal, isTemplate }: Means,
): Promise<ReadonlyMap<string, readonly CopyFile[]>> {
  if (meansSeveral(place.path))
    return await filesThere(api, place, { nodes: nodes.map(({ name }) => name), signal });
  return new Map(
    nodes.map((node) => {
      const path = fillerFor(node, { isTemplate })(place.path);
      const below = fillerFor(node, { isTemplate }, checkName(node))(basename(place.path));
      return [node.name, [{ path, below }]];
    }),
  );
}

function fillerFor(
  node: ChosenNode,
  { isTemplate }: Pick<Means, 'isTemplate'>,
  check?: (value: string, word: string) => void,
): (text: string) => string {
  return (text) => (isTemplate ? fillTemplate(text, node, check) : text);
}

/** What a node says of itself may be a part of a path here: it leads to no other folder, and to no file that is not seen. */
function checkName({ name }: ChosenNode): (value: string, word: string) => void {
  return (value, word) => {
    if (value.includes('/') || value.startsWith('.'))
      throw new UsageError(
        `{{${word}}} is ${JSON.stringify(value)} at ${name}, which is no name of a file here`,
      );
  };
}

async function isFolderHere(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** A file of a copy, and its place below where the copy goes. */
interface CopyFile {
  readonly path: string;
  readonly below: string;
}

/** The files of a place on this machine: itself, or all in a folder, below its name unless it ends with a slash. Throws UsageError. */
async function filesHere(place: string): Promise<CopyFile[]> {
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
function meansSeveral(path: string): boolean {
  return /[*?[]/.test(path) || path.endsWith('/');
}

/** Prints the files that a pattern or a folder means, a NUL after each: the one byte that no name holds. */
const LIST = `IFS=
for f in $1; do
  if [ -d "$f" ]; then find "$f" -type f -print0; elif [ -e "$f" ]; then printf '%s\\0' "$f"; fi
done`;

const LIST_SECONDS = 60;

/** Asks nodes which files a pattern or a folder means there. Throws UsageError for a node that does not say. */
async function filesThere(
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
