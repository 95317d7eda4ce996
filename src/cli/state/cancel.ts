import { cancelWords } from '../../client/cancel-words.ts';
import type { StewardApi } from '../../client/steward-api.ts';
import type { CancelResult } from '../../contract/requests.ts';
import { defineNodeCommand } from '../fleet/with-node.ts';
import { resolveId } from './resolve-id.ts';

/** `steward cancel`: ends requests that have not ended. */
export const cancel = defineNodeCommand({
  usage: ['cancel [options] ID...'],
  about: [
    'Cancels requests, or all requests of a batch that have not ended. A request that has not left this node ends at once.',
    'A node that has it ends it, with all its processes, as soon as that node can be reached.',
  ],
  options: {},
  operands: ['id'],
  examples: [
    { line: 'steward cancel 01a204f7-5e13', does: 'a request or a batch, by the beginning of its id' },
    { line: 'steward cancel 01a204f7-5e13 --json', does: 'the same, with each result for a program' },
  ],
  needs: 'name the request or batch: steward cancel ID; steward status lists the latest',
  run: async (call) => {
    const api = await call.api();
    const results: CancelResult[] = [];
    for (const id of call.operands) results.push(...(await cancelOne(api, id)));
    call.print(results, () => resultsText(results));
  },
});

async function cancelOne(api: StewardApi, id: string): Promise<readonly CancelResult[]> {
  const thing = await resolveId(api, id, { first: 'batch' });
  if (thing.kind === 'batch') return await api.cancelBatch(thing.batch.id);
  return [await api.cancelRequest(thing.request.id)];
}

function resultsText(results: readonly CancelResult[]): string {
  const words = cancelWords(results);
  const [only] = results;
  if (only === undefined || results.length > 1) return `${words}\n`;
  return `${only.id}: ${words}${only.result === 'asked' ? '; steward why tells how that goes' : ''}\n`;
}
