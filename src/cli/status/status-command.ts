import type { StewardApi } from '../../client/steward-api.ts';
import type { RequestFilter, RequestSummary } from '../../contract/requests.ts';
import type { ParsedCall } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { findThing } from '../find-thing.ts';
import { requestsTable } from '../request-lines.ts';
import { terminalOf } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';
import { wholeNumberOption } from '../whole-number.ts';
import { type Form, formOf, listText, withNode } from '../with-node.ts';
import { followChanges } from './follow-changes.ts';
import { type FilterValues, readFilter } from './read-filter.ts';
import { batchText, overviewText, requestText } from './status-text.ts';

const LATEST_BATCHES = 10;
const LATEST_REQUESTS = 50;
const PAGE = 1000;

interface StatusOptions {
  readonly form: Form;
  readonly limit: number | undefined;
  readonly filter: RequestFilter | undefined;
  readonly isFollowing: boolean;
}

/** Does what `steward status` is asked for. */
export async function statusCommand(call: ParsedCall): Promise<number> {
  const options: StatusOptions = {
    form: formOf(call.options),
    limit: wholeNumberOption('limit', call.options.limit as string | undefined),
    filter: readFilter(call.options as FilterValues, Date.now()),
    isFollowing: (call.options.follow as boolean | undefined) === true,
  };
  if (options.filter !== undefined && call.operands.length > 0)
    throw new UsageError('ids and filters exclude each other: give --batch ID beside the other filters');
  return await withNode(call, async (api) => {
    const filter = await wholeFilter(api, options.filter);
    await withChanges(api, call, { ...options, filter }, async () => {
      if (call.operands.length > 0) for (const id of call.operands) await printThing(api, call, options, id);
      else if (filter === undefined) await printOverview(api, call, options);
      else await printRequests(api, call, options, filter);
    });
    return EXIT.ok;
  });
}

/** Prints and, where that is asked for, goes on with each change from then on, missing none. */
async function withChanges(
  api: StewardApi,
  call: ParsedCall,
  { isFollowing, filter = {}, form }: StatusOptions,
  print: () => Promise<void>,
): Promise<void> {
  if (!isFollowing) return await print();
  if (form === 'json')
    throw new UsageError('-f prints one thing after the other: give --jsonl instead of --json');
  const ids = new Set<string>();
  for (const id of call.operands) ids.add(idOf(await findThing(api, id, { first: 'batch' })));
  await followChanges(api, call, { form, filter, ids, print });
}

function idOf(thing: Awaited<ReturnType<typeof findThing>>): string {
  return thing.kind === 'batch' ? thing.batch.id : thing.request.id;
}

/** The filter with the whole id of its batch. */
async function wholeFilter(
  api: StewardApi,
  filter: RequestFilter | undefined,
): Promise<RequestFilter | undefined> {
  return filter?.batch === undefined ? filter : { ...filter, batch: (await api.batch(filter.batch)).id };
}

async function printOverview(
  api: StewardApi,
  call: ParsedCall,
  { form, limit }: StatusOptions,
): Promise<void> {
  const [status, { items }] = await Promise.all([
    api.status(),
    api.batches({ limit: limit ?? LATEST_BATCHES }),
  ]);
  // The plan of a batch holds its message and all of its targets.
  const batches = items.map(({ plan: _, ...batch }) => batch);
  if (form === 'jsonl') call.stdout.write(listText([status, ...batches], form, () => ''));
  else if (form === 'json') call.stdout.write(`${JSON.stringify({ ...status, batches }, undefined, 2)}\n`);
  else
    call.stdout.write(
      overviewText(status, batches, { terminal: terminalOf(call.stdout, call), now: Date.now() }),
    );
}

async function printRequests(
  api: StewardApi,
  call: ParsedCall,
  { form, limit = LATEST_REQUESTS }: StatusOptions,
  filter: RequestFilter,
): Promise<void> {
  const { requests, hasMore } = await readRequests(api, filter, limit);
  const text = () => {
    if (requests.length === 0) return 'no request fits\n';
    const table = requestsTable(requests, terminalOf(call.stdout, call), Date.now());
    return hasMore ? `${table}and more: --limit ${limit * 10} shows more of them\n` : table;
  };
  call.stdout.write(listText(requests, form, text));
}

async function readRequests(
  api: StewardApi,
  filter: RequestFilter,
  limit: number,
): Promise<{ requests: RequestSummary[]; hasMore: boolean }> {
  const requests: RequestSummary[] = [];
  let cursor: string | undefined;
  do {
    const page = {
      limit: Math.min(PAGE, limit - requests.length),
      ...(cursor === undefined ? {} : { cursor }),
    };
    const { items, next } = await api.requests(filter, page);
    requests.push(...items);
    cursor = next ?? undefined;
  } while (cursor !== undefined && requests.length < limit);
  return { requests, hasMore: cursor !== undefined };
}

async function printThing(
  api: StewardApi,
  call: ParsedCall,
  options: StatusOptions,
  id: string,
): Promise<void> {
  const { form, limit = PAGE } = options;
  const thing = await findThing(api, id, { first: 'batch' });
  const show = { terminal: terminalOf(call.stdout, call), now: Date.now() };
  if (thing.kind === 'request') {
    call.stdout.write(listText([thing.request], form, () => requestText(thing.request, show)));
    return;
  }
  const { requests, hasMore } = await readRequests(api, { batch: thing.batch.id }, limit);
  const all = { ...thing.batch, requests };
  if (form === 'json') call.stdout.write(`${JSON.stringify(all, undefined, 2)}\n`);
  else call.stdout.write(listText(requests, form, () => batchText(all, { ...show, hasMore })));
}
