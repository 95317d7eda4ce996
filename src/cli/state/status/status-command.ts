import { hasWords } from '../../../client/fits-filter.ts';
import type { StewardApi } from '../../../client/steward-api.ts';
import { likelyMeant } from '../../../config/likely-meant.ts';
import type { RequestDetail, RequestFilter, RequestSummary } from '../../../contract/requests.ts';
import { type RequestState, STATE_WORDS, statesOf } from '../../../contract/states.ts';
import { toJson } from '../../../lib/visible.ts';
import { type Form, formOf, listText, withNode } from '../../fleet/with-node.ts';
import { EXIT, type ParsedCall, UsageError } from '../../line/command.ts';
import { momentOption, wholeNumberOption } from '../../line/option-values.ts';
import { terminalOf } from '../../line/terminal.ts';
import { requestsTable } from '../request-lines.ts';
import { resolveId } from '../resolve-id.ts';
import { followChanges } from './follow-changes.ts';
import { batchText, overviewText, requestText, type ShownOutput } from './status-text.ts';

const LATEST_BATCHES = 10;
const LATEST_REQUESTS = 50;
const PAGE = 1000;
/** Of a longer output the end is shown. */
const SHOWN_OUTPUT_BYTES = 8 * 1024;

interface StatusOptions {
  readonly form: Form;
  readonly limit: number | undefined;
  readonly filter: RequestFilter | undefined;
  /** Words that a request must show, in small letters. */
  readonly words: readonly string[];
  readonly isFollowing: boolean;
}

/** Does what `steward status` is asked for. */
export async function statusCommand(call: ParsedCall): Promise<number> {
  const words = wordsOf(call.options.text as string | undefined);
  const options: StatusOptions = {
    form: formOf(call.options),
    limit: wholeNumberOption('limit', call.options.limit as string | undefined),
    filter: readFilter(call.options as FilterValues, Date.now()) ?? (words.length > 0 ? {} : undefined),
    words,
    isFollowing: (call.options.follow as boolean | undefined) === true,
  };
  if (options.filter !== undefined && call.operands.length > 0)
    throw new UsageError(
      'ids and filters exclude each other: name the batch by --batch, with the other filters',
    );
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
  { isFollowing, filter = {}, words, form }: StatusOptions,
  print: () => Promise<void>,
): Promise<void> {
  if (!isFollowing) return await print();
  if (form === 'json')
    throw new UsageError('-f prints one thing after the other: give --jsonl instead of --json');
  const ids = new Set<string>();
  for (const id of call.operands) ids.add(idOf(await resolveId(api, id, { first: 'batch' })));
  await followChanges(api, call, { form, filter, words, ids, print });
}

function idOf(thing: Awaited<ReturnType<typeof resolveId>>): string {
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
  else if (form === 'json') call.stdout.write(`${toJson({ ...status, batches }, 2)}\n`);
  else
    call.stdout.write(
      overviewText(status, batches, { terminal: terminalOf(call.stdout, call), now: Date.now() }),
    );
}

async function printRequests(
  api: StewardApi,
  call: ParsedCall,
  { form, words, limit = LATEST_REQUESTS }: StatusOptions,
  filter: RequestFilter,
): Promise<void> {
  const { requests, hasMore } = await readRequests(api, { filter, words }, limit);
  const text = () => {
    if (requests.length === 0) return 'no request fits\n';
    const table = requestsTable(requests, terminalOf(call.stdout, call), Date.now());
    return hasMore ? `${table}and more: --limit ${limit * 10} shows more of them\n` : table;
  };
  call.stdout.write(listText(requests, form, text));
}

async function readRequests(
  api: StewardApi,
  { filter, words = [] }: { filter: RequestFilter; words?: readonly string[] },
  limit: number,
): Promise<{ requests: RequestSummary[]; hasMore: boolean }> {
  const requests: RequestSummary[] = [];
  let cursor: string | undefined;
  do {
    const page = { limit: words.length > 0 ? PAGE : Math.min(PAGE, limit - requests.length), cursor };
    const { items, next } = await api.requests({ ...filter, ...page });
    requests.push(...items.filter((request) => hasWords(request, words)));
    cursor = next ?? undefined;
  } while (cursor !== undefined && requests.length < limit);
  return { requests: requests.slice(0, limit), hasMore: cursor !== undefined || requests.length > limit };
}

/** The words of a text, in small letters. */
function wordsOf(text = ''): string[] {
  return text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
}

async function printThing(
  api: StewardApi,
  call: ParsedCall,
  options: StatusOptions,
  id: string,
): Promise<void> {
  const { form, limit = PAGE } = options;
  const thing = await resolveId(api, id, { first: 'batch' });
  const show = { terminal: terminalOf(call.stdout, call), now: Date.now() };
  if (thing.kind === 'request') {
    const outputs = form === 'text' ? await readOutputs(api, thing.request) : [];
    call.stdout.write(listText([thing.request], form, () => requestText(thing.request, outputs, show)));
    return;
  }
  const { requests, hasMore } = await readRequests(api, { filter: { batch: thing.batch.id } }, limit);
  const all = { ...thing.batch, requests };
  if (form === 'json') call.stdout.write(`${toJson(all, 2)}\n`);
  else call.stdout.write(listText(requests, form, () => batchText(all, { ...show, hasMore })));
}

/** What is kept of the output of a request, of a long one the end. */
async function readOutputs(api: StewardApi, { id, stdout, stderr }: RequestDetail): Promise<ShownOutput[]> {
  const shown: ShownOutput[] = [];
  for (const [stream, { keptBytes, totalBytes }] of Object.entries({ stdout, stderr } as const)) {
    if (keptBytes === 0) continue;
    const from = Math.max(0, totalBytes - SHOWN_OUTPUT_BYTES);
    const bytes = await api.output(id, { stream: stream as 'stdout' | 'stderr', from });
    shown.push({ stream, bytes, isWhole: from === 0 && keptBytes === totalBytes });
  }
  return shown;
}

/** The values of the options that pick requests out. */
interface FilterValues {
  readonly node?: readonly string[] | undefined;
  readonly method?: readonly string[] | undefined;
  readonly state?: readonly string[] | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly batch?: string | undefined;
  readonly scheduled?: boolean | undefined;
}

/** Reads what `--node`, `--state` and the others say; undefined where none was given. Throws UsageError. */
function readFilter(values: FilterValues, now: number): RequestFilter | undefined {
  const { node, method, state, since, until, batch, scheduled } = values;
  const filter: RequestFilter = {
    ...(node === undefined ? {} : { node }),
    ...(method === undefined ? {} : { method }),
    ...(state === undefined ? {} : { state: [...new Set(state.flatMap(statesOption))] }),
    ...(since === undefined ? {} : { since: momentOption('since', since, { now, isPast: true }) }),
    ...(until === undefined ? {} : { until: momentOption('until', until, { now, isPast: true }) }),
    ...(batch === undefined ? {} : { batch }),
    ...(scheduled ? { scheduled } : {}),
  };
  return Object.keys(filter).length === 0 ? undefined : filter;
}

/** The states that a word of `--state` means. Throws UsageError. */
function statesOption(word: string): readonly RequestState[] {
  const states = statesOf(word);
  if (states.length > 0) return states;
  const close = likelyMeant(word, STATE_WORDS);
  const hint = close === undefined ? `give one of ${STATE_WORDS.join(', ')}` : `did you mean ${close}?`;
  throw new UsageError(`--state ${JSON.stringify(word)} is no state; ${hint}`);
}
