import type { Store } from '../store/store.ts';

/** How many characters of an id must be given at least. */
const MIN_LENGTH = 8;
const ID_LENGTH = 36;
const BEGINNING = /^[0-9a-f][0-9a-f-]*$/;

/** The id that a text names, or why there is none: it is the id itself, or enough of its beginning to be no other's. */
export type FoundId =
  | { readonly id: string }
  | { readonly fault: 'unknown' | 'several' | 'too-short'; readonly text: string };

/** Finds the request, or the batch, that an id or its beginning names. */
export async function findId(store: Store, table: 'ledger' | 'batches', text: string): Promise<FoundId> {
  const beginning = text.toLowerCase();
  if (!BEGINNING.test(beginning) || beginning.length > ID_LENGTH) return { fault: 'unknown', text };
  const rows = await store.query<{ id: string }>(
    `SELECT id FROM ${table} WHERE id >= ? AND id < ? ORDER BY id LIMIT 2`,
    ...[beginning, `${beginning}~`],
  );
  const [first, second] = rows;
  if (!first) return { fault: 'unknown', text };
  if (beginning.length < MIN_LENGTH) return { fault: 'too-short', text };
  return second ? { fault: 'several', text } : { id: first.id };
}
