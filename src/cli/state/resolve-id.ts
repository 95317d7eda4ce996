import type { StewardApi } from '../../client/steward-api.ts';
import type { BatchSummary } from '../../contract/batch-summary.ts';
import type { RequestDetail } from '../../contract/requests.ts';
import { EXIT, UsageError } from '../line/command.ts';

/** What an id names. */
export type Resolved =
  | { readonly kind: 'batch'; readonly batch: BatchSummary }
  | { readonly kind: 'request'; readonly request: RequestDetail };

/** What no id is as long as; a longer one would not fit into the line of a request to the node. */
const MOST_CHARACTERS = 100;

/**
 * The batch or request of an id, or of the beginning of one; `first` says which is meant where it could be either. Throws
 * UsageError with exit code 1 where it is neither.
 */
export async function resolveId(
  api: StewardApi,
  id: string,
  { first }: { readonly first: Resolved['kind'] },
): Promise<Resolved> {
  if (id === '') throw new UsageError('the id is empty: steward status lists the latest', EXIT.fault);
  if (id.length > MOST_CHARACTERS)
    throw new UsageError('this is no id, it is too long: steward status lists the latest', EXIT.fault);
  const [batch, request] = await Promise.allSettled([api.batch(id), api.request(id)]);
  const found: Resolved[] = [
    ...(batch.status === 'fulfilled' ? [{ kind: 'batch', batch: batch.value } as const] : []),
    ...(request.status === 'fulfilled' ? [{ kind: 'request', request: request.value } as const] : []),
  ];
  const thing = found.find(({ kind }) => kind === first) ?? found[0];
  if (thing !== undefined) return thing;
  const faults = [batch, request].flatMap((one) =>
    one.status === 'rejected' ? [one.reason as unknown] : [],
  );
  const grave = faults.find((fault) => (fault as { code?: string }).code !== 'not-found');
  if (grave !== undefined) throw grave;
  throw new UsageError(
    `no batch and no request ${JSON.stringify(id)} is known here: steward status lists the latest`,
    EXIT.fault,
  );
}
