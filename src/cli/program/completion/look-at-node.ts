import { connectToNode } from '../../../client/find-node.ts';
import type { StewardApi } from '../../../client/steward-api.ts';
import type { Environment } from '../../../config/environment.ts';
import type { Suggestion } from './word-at-cursor.ts';

/** How many requests and batches are suggested. */
const MOST_IDS = 50;

/** What the running node knows that a word can be completed to. Throws ApiError where there is none. */
export async function lookAtNode(
  kind: 'node' | 'target' | 'id' | 'batch',
  env: Environment,
): Promise<readonly Suggestion[]> {
  await using api = await connectToNode({}, env);
  return kind === 'node' || kind === 'target' ? await names(kind, api) : await ids(kind, api);
}

async function names(kind: 'node' | 'target', api: StewardApi): Promise<Suggestion[]> {
  const [nodes, groups] = await Promise.all([api.nodes(), kind === 'target' ? api.groups() : {}]);
  const labels = nodes.flatMap((node) =>
    Object.entries(node.labels).map(([key, value]) => `${key}=${value}`),
  );
  return [
    ...nodes.map(({ name, presence }) => ({ word: name, about: presence })),
    ...Object.keys(groups).map((name) => ({ word: `@${name}`, about: 'group' })),
    ...(kind === 'target' ? [...new Set(labels)].map((word) => ({ word, about: 'label' })) : []),
  ];
}

async function ids(kind: 'id' | 'batch', api: StewardApi): Promise<Suggestion[]> {
  const [requests, batches] = await Promise.all([
    kind === 'id' ? api.requests({ limit: MOST_IDS }) : { items: [] },
    api.batches({ limit: MOST_IDS }),
  ]);
  return [
    ...batches.items.map(({ id, label }) => ({ word: id, about: label })),
    ...requests.items.map(({ id, node, method, state }) => ({
      word: id,
      about: `${node} ${method} ${state}`,
    })),
  ];
}
