import type { WebApi } from './web-api.ts';

const FEW = 8;
/** How many of the newest requests and batches are looked through. */
const RECENT = 100;

/** The names of nodes that begin with a text. Throws WebError. */
export async function findNodes(text: string, api: WebApi): Promise<readonly string[]> {
  if (!/^[\w.-]+$/.test(text)) return [];
  const { items } = await api.nodePage({ target: `${text}*`, limit: FEW });
  return items.map(({ name }) => name);
}

/** The newest requests and batches. Throws WebError. */
export async function readRecent(api: WebApi) {
  const [requests, batches] = await Promise.all([
    api.requests({ limit: RECENT }),
    api.batches({ limit: RECENT }),
  ]);
  return { requests: requests.items, batches: batches.items };
}
