import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { StewardApi } from '../../client/steward-api.ts';
import type { NodeSummary } from '../../contract/nodes.ts';
import { fillTemplate } from '../../waves/fill-template.ts';
import { UsageError } from '../line/command.ts';
import { type CopyFile, filesHere, filesThere, meansSeveral } from './cp-files.ts';
import type { CopyPlan, RemotePath } from './cp-plan.ts';

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
export async function copiesOf(plan: CopyPlan, nodes: readonly NodeSummary[], means: Means): Promise<Copy[]> {
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
  nodes: readonly NodeSummary[],
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
  nodes: readonly NodeSummary[],
  means: Means & { here: string },
): Promise<Copy[]> {
  const { from, target } = plan;
  const isTemplate = means.isTemplate && target.includes('{{');
  const isFolder = target.endsWith('/') || (await isFolderHere(target));
  if (!isFolder && !isTemplate) refuseSeveral(from, nodes);
  const copies: Copy[] = [];
  for (const place of from) {
    const meant = from.length === 1 ? nodes : (await means.api.targets({ targets: [place.targets] })).nodes;
    const found = await filesOn(place, meant, means);
    const local = (node: NodeSummary, { below }: CopyFile) => {
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

/** The copies of files of one node. */
function copiesOn(
  node: NodeSummary,
  files: readonly CopyFile[],
  {
    place,
    local,
    means,
  }: { place: RemotePath; local(node: NodeSummary, file: CopyFile): string; means: { here: string } },
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

function refuseSeveral(from: readonly RemotePath[], nodes: readonly NodeSummary[]): void {
  if (nodes.length > 1 || from.length > 1 || from.some(({ path }) => meansSeveral(path)))
    throw new UsageError('several files are meant: name a folder for the copies, with / at its end');
}

/** The files that a place means on each node. */
async function filesOn(
  place: RemotePath,
  nodes: readonly NodeSummary[],
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
  node: NodeSummary,
  { isTemplate }: Pick<Means, 'isTemplate'>,
  check?: (value: string, word: string) => void,
): (text: string) => string {
  return (text) => (isTemplate ? fillTemplate(text, node, check) : text);
}

/** What a node says of itself may be a part of a path here: it leads to no other folder, and to no file that is not seen. */
function checkName({ name }: NodeSummary): (value: string, word: string) => void {
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
