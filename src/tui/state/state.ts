import type { BatchSummary } from '../../contract/batch-summary.ts';
import type { ErrorLine, MethodDescription, NodeSummary, StatusAnswer } from '../../contract/nodes.ts';
import type { QueueSummary } from '../../contract/queues.ts';
import type { RequestDetail, RequestFilter, RequestSummary } from '../../contract/requests.ts';
import type { Effect } from './effects.ts';
import type { FormScreen } from './form.ts';
import { LIST_START, type ListPosition } from './list.ts';
import type { OutputText } from './output-text.ts';
import type { Overlay } from './overlay.ts';
import type { ScrollPosition } from './scroll.ts';
import { EMPTY_INPUT, type TextInput } from './text-input.ts';

/** What the store knows and shows. Everything on the screen follows from it. */
export interface State {
  readonly size: { readonly columns: number; readonly rows: number };
  /** Now, in ms since 1970. */
  readonly now: number;
  readonly link: Link;
  readonly status: StatusAnswer | null;
  /** By name; null until they are known. */
  readonly nodes: readonly NodeSummary[] | null;
  /** Changes of nodes that arrive while their list is being read, since it may be newer than that; null while it is not. */
  readonly nodesSince: readonly NodeSummary[] | null;
  readonly methods: readonly MethodDescription[];
  readonly templatesFolder: string;
  readonly tab: TabName;
  readonly tabs: Readonly<Record<TabName, Screen>>;
  /** What was opened from the tab, the last one on top. */
  readonly stack: readonly Screen[];
  readonly overlay: Overlay | null;
  readonly notice: Notice | null;
  /** The number of the next screen that is opened. */
  readonly nextUid: number;
}

/** The connection to the node. */
export type Link =
  | { readonly state: 'connecting' | 'live' }
  | { readonly state: 'lost'; readonly since: number; readonly reason: string };

/** A line that is shown until the next key, or until its time is over. */
export interface Notice {
  readonly text: string;
  readonly tone: 'good' | 'bad' | 'plain';
  readonly until: number;
}

export const TAB_NAMES = ['nodes', 'requests', 'batches', 'queues', 'errors'] as const;
export type TabName = (typeof TAB_NAMES)[number];

/** What can fill the screen. A list's `filter` is being written while `isFiltering`. */
export type Screen =
  | NodesScreen
  | RequestsScreen
  | BatchesScreen
  | QueuesScreen
  | ErrorsScreen
  | RequestScreen
  | FormScreen
  | TemplatesScreen;

interface ListScreen {
  readonly uid: number;
  readonly position: ListPosition;
  readonly filter: TextInput;
  readonly isFiltering: boolean;
  /** Why the list could not be read; null where it could. */
  readonly fault: string | null;
}

export interface NodesScreen extends ListScreen {
  readonly kind: 'nodes';
}

export interface RequestsScreen extends ListScreen {
  readonly kind: 'requests';
  readonly title: string;
  /** What limits the list whatever is written as its filter. */
  readonly base: RequestFilter;
  /** The node whose page this is; null for other lists. */
  readonly node: string | null;
  /** The batch whose page this is; null for other lists. */
  readonly batch: BatchSummary | null;
  /** Those that were read; null until the first have come. */
  readonly items: readonly RequestSummary[] | null;
  /** Where the list goes on; null at its end. */
  readonly next: string | null;
  readonly isLoading: boolean;
  /** Changes of requests that arrive while a page is being read, since it may be newer than that; null while none is. */
  readonly since: readonly RequestSummary[] | null;
  /** How many newer ones were let go to make room for older ones. */
  readonly dropped: number;
  /** How many were read for this filter, and how many may be before it waits. */
  readonly searched: number;
  readonly searchEnd: number;
}

export interface BatchesScreen extends ListScreen {
  readonly kind: 'batches';
  readonly items: readonly BatchSummary[] | null;
  readonly next: string | null;
  readonly isLoading: boolean;
}

export interface QueuesScreen extends ListScreen {
  readonly kind: 'queues';
  readonly items: readonly QueueSummary[] | null;
}

export interface ErrorsScreen extends ListScreen {
  readonly kind: 'errors';
  /** Newest first. */
  readonly items: readonly ErrorLine[] | null;
}

export const REQUEST_TABS = ['timeline', 'stdout', 'stderr', 'message'] as const;
export type RequestTab = (typeof REQUEST_TABS)[number];

export interface RequestScreen {
  readonly kind: 'request';
  readonly uid: number;
  readonly id: string;
  readonly detail: RequestDetail | null;
  readonly fault: string | null;
  readonly tab: RequestTab;
  readonly scrolls: Readonly<Record<RequestTab, ScrollPosition>>;
  readonly stdout: OutputText;
  readonly stderr: OutputText;
}

/** A message file that can be sent again. */
export interface Template {
  readonly name: string;
  /** The messages in it; null where it cannot be read, `fault` says why. */
  readonly messages: readonly Readonly<Record<string, unknown>>[] | null;
  readonly fault: string | null;
}

export interface TemplatesScreen extends ListScreen {
  readonly kind: 'templates';
  readonly items: readonly Template[] | null;
}

const LIST = { position: LIST_START, filter: EMPTY_INPUT, isFiltering: false, fault: null } as const;

/** An empty list of requests, to be filled. */
export function requestsScreen(
  uid: number,
  options: Pick<RequestsScreen, 'title' | 'base'> & Partial<RequestsScreen>,
): RequestsScreen {
  return {
    ...LIST,
    uid,
    kind: 'requests',
    node: null,
    batch: null,
    items: null,
    next: null,
    isLoading: true,
    since: null,
    dropped: 0,
    searched: 0,
    searchEnd: 0,
    ...options,
  };
}

/** An empty list of templates, to be filled. */
export function templatesScreen(uid: number): TemplatesScreen {
  return { ...LIST, uid, kind: 'templates', items: null };
}

/** How the store begins. */
export function firstState(options: Pick<State, 'size' | 'now' | 'templatesFolder'>): State {
  return {
    ...options,
    link: { state: 'connecting' },
    status: null,
    nodes: null,
    nodesSince: null,
    methods: [],
    tab: 'nodes',
    tabs: {
      nodes: { ...LIST, kind: 'nodes', uid: 1 },
      requests: requestsScreen(2, { title: 'Requests', base: {} }),
      batches: { ...LIST, kind: 'batches', uid: 3, items: null, next: null, isLoading: true },
      queues: { ...LIST, kind: 'queues', uid: 4, items: null },
      errors: { ...LIST, kind: 'errors', uid: 5, items: null },
    },
    stack: [],
    overlay: null,
    notice: null,
    nextUid: 10,
  };
}

/** The screen that is seen. */
export function currentScreen(state: State): Screen {
  return state.stack.at(-1) ?? state.tabs[state.tab];
}

/** All screens that live, seen or not. */
export function allScreens(state: State): Screen[] {
  return [...Object.values(state.tabs), ...state.stack];
}

/** The state with a screen in its new form; the screen is known by its number. One that is closed stays closed. */
export function withScreen(state: State, screen: Screen): State {
  const tab = TAB_NAMES.find((name) => state.tabs[name].uid === screen.uid);
  if (tab !== undefined) return { ...state, tabs: { ...state.tabs, [tab]: screen } };
  return { ...state, stack: state.stack.map((other) => (other.uid === screen.uid ? screen : other)) };
}

/** The state with a screen opened on top; `make` gets its number. */
export function opened(state: State, make: (uid: number) => Screen): State {
  return { ...state, stack: [...state.stack, make(state.nextUid)], nextUid: state.nextUid + 1 };
}

/** What becomes of the state, and what is to be done outside of it. */
export interface Step {
  readonly state: State;
  readonly effects: readonly Effect[];
}

/** A key of a screen: what it is called in the help line and what it does. */
export interface Binding<S extends Screen = Screen> {
  readonly keys: readonly string[];
  /** The key as people read it, such as `↑↓`, where that is not the first of `keys`. */
  readonly shows?: string;
  /** The word after it in the help line; without it only the help page names the key. */
  readonly label?: string;
  /** What it does, in some words; without it the key is named nowhere. */
  readonly help?: string;
  run(state: State, screen: S, key: string): Step;
}

/** A step without anything to do outside. */
export function stay(state: State, ...effects: Effect[]): Step {
  return { state, effects };
}

/** What a key does that is only shown: nothing. */
export const stays = (state: State): Step => ({ state, effects: [] });

/** The step with something tried on its state as well. */
export function andThen(step: Step, next: (state: State) => Step): Step {
  const after = next(step.state);
  return { state: after.state, effects: [...step.effects, ...after.effects] };
}

/** How long a notice is shown. */
const NOTICE_MS = 6000;

/** The state with a line that says what happened. */
export function noticed(state: State, text: string, tone: 'good' | 'bad' | 'plain' = 'plain'): State {
  return { ...state, notice: { text, tone, until: state.now + NOTICE_MS } };
}
