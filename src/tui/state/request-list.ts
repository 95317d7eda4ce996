import { fitsFilter, hasWords } from '../../client/fits-filter.ts';
import type { Page, RequestFilter, RequestSummary } from '../../contract/requests.ts';
import type { Effect } from './effects.ts';
import { keepPosition } from './list.ts';
import { type ParsedFilter, parseRequestFilter } from './request-filter.ts';
import type { RequestsScreen, State } from './state.ts';
import { inputText } from './text-input.ts';

const FIRST_PAGE = 100;
const NEXT_PAGE = 500;
const SEARCH_PAGE = 1000;
const LARGEST_PAGE = 1000;

/** Requests that a list holds; going further back lets go of the newest. */
const MAX_ITEMS = 20_000;

/** Requests that one look for words goes through before it waits for the key that continues it. */
const SEARCH_STEP = 50_000;

/** Rows below the screen that are read ahead. */
const READ_AHEAD = 50;

/** What the list's filter asks for, together with what limits the list anyway. */
export function filterOf(state: State, screen: RequestsScreen): ParsedFilter {
  const parsed = parseRequestFilter(inputText(screen.filter), {
    nodes: (state.nodes ?? []).map(({ name }) => name),
    methods: state.methods.map(({ name }) => name),
    now: state.now,
  });
  return { ...parsed, filter: { ...parsed.filter, ...screen.base } };
}

/** The requests to show. */
export function shownRequests(state: State, screen: RequestsScreen): readonly RequestSummary[] {
  const { words } = filterOf(state, screen);
  const items = screen.items ?? [];
  return words.length === 0 ? items : items.filter((item) => hasWords(item, words));
}

/** Reads the list from its beginning: as many as it holds, so that the position in it stays. */
export function reload(state: State, screen: RequestsScreen): { screen: RequestsScreen; effects: Effect[] } {
  const { filter, words } = filterOf(state, screen);
  const wanted = Math.max(FIRST_PAGE, Math.min(screen.items?.length ?? 0, LARGEST_PAGE));
  const limit = words.length > 0 ? SEARCH_PAGE : wanted;
  return {
    screen: { ...screen, isLoading: true, since: screen.since ?? [], searched: 0, searchEnd: SEARCH_STEP },
    effects: [{ do: 'load-requests', uid: screen.uid, filter, limit, cursor: null }],
  };
}

/** The list after a page has come: its first one, or the one after those that it has. */
export function withPage(
  state: State,
  screen: RequestsScreen,
  { page, isMore }: { page: Page<RequestSummary>; isMore: boolean },
): RequestsScreen {
  const { words } = filterOf(state, screen);
  const found = page.items.filter((item) => hasWords(item, words));
  const before = screen.items ?? [];
  const all = isMore ? [...before, ...found] : found;
  const surplus = Math.max(0, all.length - MAX_ITEMS);
  const items = surplus === 0 ? all : all.slice(surplus);
  const shift = isMore ? surplus : 0;
  const position = isMore
    ? {
        ...screen.position,
        cursor: screen.position.cursor - shift,
        top: Math.max(0, screen.position.top - shift),
      }
    : keepPosition(screen.position, before.map(idOf), items.map(idOf));
  const read: RequestsScreen = {
    ...screen,
    items,
    position,
    next: page.next,
    isLoading: false,
    since: null,
    fault: null,
    dropped: (isMore ? screen.dropped : 0) + surplus,
    searched: screen.searched + page.items.length,
  };
  return withChanges(state, read, screen.since ?? []);
}

/** What is to be read next, so that there is a row below the last one that is seen. */
export function readAhead(
  state: State,
  screen: RequestsScreen,
  height: number,
): { screen: RequestsScreen; effects: Effect[] } {
  const { filter, words } = filterOf(state, screen);
  const isEnough = shownRequests(state, screen).length > screen.position.top + height + READ_AHEAD;
  const isStopped = words.length > 0 && screen.searched >= screen.searchEnd;
  const isBarred = screen.isLoading || screen.next === null || screen.fault !== null;
  if (isBarred || isEnough || isStopped) return { screen, effects: [] };
  const limit = words.length > 0 ? SEARCH_PAGE : NEXT_PAGE;
  return {
    screen: { ...screen, isLoading: true, since: screen.since ?? [] },
    effects: [{ do: 'load-requests', uid: screen.uid, filter, limit, cursor: screen.next }],
  };
}

/** Lets a look for words go on that has stopped. */
export function searchFurther(screen: RequestsScreen): RequestsScreen {
  return screen.searched >= screen.searchEnd
    ? { ...screen, searchEnd: screen.searched + SEARCH_STEP }
    : screen;
}

/** The list after requests have changed: new ones come in, old ones change or leave. */
export function withChanges(
  state: State,
  screen: RequestsScreen,
  changed: readonly RequestSummary[],
): RequestsScreen {
  const since = screen.since === null ? null : [...screen.since, ...changed];
  if (screen.items === null || changed.length === 0) return { ...screen, since };
  const { filter, words } = filterOf(state, screen);
  const items = merged(screen, changed, { filter, words });
  return {
    ...screen,
    since,
    items,
    position: keepPosition(screen.position, screen.items.map(idOf), items.map(idOf)),
  };
}

function merged(
  { items, next, dropped }: RequestsScreen,
  changed: readonly RequestSummary[],
  { filter, words }: { filter: RequestFilter; words: readonly string[] },
): RequestSummary[] {
  const byId = new Map((items ?? []).map((item) => [item.id, item]));
  const oldest = items?.at(-1);
  for (const request of changed) {
    const isKnown = byId.has(request.id);
    if (!(fitsFilter(request, filter) && hasWords(request, words))) byId.delete(request.id);
    else if (isKnown) byId.set(request.id, request);
    // What belongs to pages that are not here comes with them.
    else if (dropped === 0 && (next === null || oldest === undefined || newestFirst(request, oldest) < 0))
      byId.set(request.id, request);
  }
  return [...byId.values()].sort(newestFirst);
}

function newestFirst(a: RequestSummary, b: RequestSummary): number {
  if (a.queuedAt !== b.queuedAt) return b.queuedAt - a.queuedAt;
  return a.id < b.id ? 1 : a.id > b.id ? -1 : 0;
}

function idOf({ id }: RequestSummary): string {
  return id;
}
