import type { Activity } from '../../contract/activity.ts';
import type { BatchSummary } from '../../contract/batch-summary.ts';
import type { NodeFilePage } from '../../contract/files.ts';
import type { NodeAnswer } from '../../contract/fold-answers.ts';
import type { LinkAnswer, LinkDay } from '../../contract/link.ts';
import type { NodeDetail } from '../../contract/node-detail.ts';
import type {
  ErrorLine,
  MethodDescription,
  NodePage,
  NodeSummary,
  PresenceChange,
  ProcessSummary,
  StatusAnswer,
} from '../../contract/nodes.ts';
import type { QueueSummary } from '../../contract/queues.ts';
import type { Page, RequestDetail, RequestSummary, ResendChoice } from '../../contract/requests.ts';
import type { ConsoleSession, Passkey, Role } from '../../contract/sessions.ts';
import { TEXTS } from '../texts.ts';
import { changedRows } from './changed-rows.ts';
import { hashOf, type Route } from './route.ts';
import type { RunForm } from './run-form.ts';

/** What a screen shows, as it was read last. */
export type ScreenData =
  | {
      readonly screen: 'now';
      readonly status: StatusAnswer;
      readonly failed: readonly RequestSummary[];
      readonly waiting: readonly RequestSummary[];
      readonly away: NodePage;
      readonly late: readonly QueueSummary[];
      readonly errors: readonly ErrorLine[];
    }
  | { readonly screen: 'nodes'; readonly page: NodePage }
  | {
      readonly screen: 'node';
      readonly node: NodeSummary;
      readonly detail: NodeDetail | undefined;
      readonly days: readonly LinkDay[];
      readonly changes: readonly PresenceChange[];
      readonly queues: readonly QueueSummary[];
      readonly schedules: Page<RequestSummary>;
      /** Those that came from it, some of them. */
      readonly files: NodeFilePage;
      readonly requests: Page<RequestSummary>;
    }
  | { readonly screen: 'files'; readonly node: string; readonly page: NodeFilePage }
  | { readonly screen: 'requests'; readonly page: Page<RequestSummary> }
  | {
      readonly screen: 'request';
      readonly detail: RequestDetail;
      readonly stdout: Uint8Array;
      readonly stderr: Uint8Array;
    }
  | {
      readonly screen: 'run';
      readonly methods: readonly MethodDescription[];
      readonly target: string | undefined;
    }
  | { readonly screen: 'errors'; readonly lines: readonly ErrorLine[] }
  | {
      readonly screen: 'settings';
      readonly status: StatusAnswer;
      readonly sessions: readonly ConsoleSession[];
      readonly passkeys: readonly Passkey[];
      readonly processes: readonly ProcessSummary[];
    }
  | { readonly screen: 'charts'; readonly activity: Activity }
  | { readonly screen: 'schedules'; readonly page: Page<RequestSummary> }
  | {
      readonly screen: 'queues';
      readonly queues: readonly QueueSummary[];
      readonly link: LinkAnswer;
      readonly days: readonly LinkDay[];
    }
  | { readonly screen: 'audit'; readonly entries: readonly Readonly<Record<string, unknown>>[] }
  | { readonly screen: 'batches'; readonly page: Page<BatchSummary> }
  | {
      readonly screen: 'batch';
      readonly batch: BatchSummary;
      readonly requests: Page<RequestSummary>;
      /** What those on this page that have ended answered. */
      readonly answers: readonly NodeAnswer[];
      /** What some of those that have not ended have printed so far. */
      readonly going: readonly NodeAnswer[];
    };

/** A question before something is done. */
export type Question =
  | { readonly does: 'cancel' | 'resend'; readonly request: RequestSummary }
  | { readonly does: 'end-session'; readonly session: ConsoleSession }
  | { readonly does: 'rename-passkey' | 'remove-passkey'; readonly passkey: Passkey; readonly name?: string }
  | { readonly does: 'run'; readonly form: RunForm; readonly nodes: number }
  | { readonly does: 'cancel-batch'; readonly batch: BatchSummary; readonly nodes: number }
  | {
      readonly does: 'resend-batch';
      readonly batch: BatchSummary;
      readonly which: ResendChoice;
      readonly nodes: number;
    };

/** All that the page shows. */
export interface State {
  readonly route: Route;
  /** What the browser may do; null while nobody is signed in, undefined while that is being asked. */
  readonly role: Role | null | undefined;
  readonly data: ScreenData | undefined;
  /** When `data` was read. */
  readonly readAt: number;
  readonly isLive: boolean;
  /** Whether `data` is what this route shows: another page of a list keeps the old one until the new one is there. */
  readonly isFirst: boolean;
  /** What was read since, while somebody reads what is shown. */
  readonly pending: { readonly data: ScreenData; readonly at: number; readonly changes: number } | undefined;
  /** Whether what is shown stays as it is, so that somebody can read it. */
  readonly isHeld: boolean;
  readonly now: number;
  /** Whether times are shown as the clock has them, instead of how long ago they are. */
  readonly isExact: boolean;
  /** What went wrong at last, as a sentence. */
  readonly fault: string | undefined;
  /** What a screen reader is to say. */
  readonly said: string;
  /** When that was. */
  readonly saidAt: number;
  readonly overlay: 'keys' | 'go' | Question | undefined;
  /** How many overlays have been opened: each is a dialog of its own. */
  readonly opened: number;
}

/** Something that happened. */
export type Action =
  | { readonly type: 'signed-in'; readonly role: Role }
  | { readonly type: 'signed-out'; readonly reason?: string }
  | { readonly type: 'went'; readonly route: Route }
  | {
      readonly type: 'read';
      readonly route: Route;
      readonly data: ScreenData;
      readonly at: number;
      /** Whether somebody reads, so that nothing may move. */
      readonly isReading?: boolean;
    }
  | { readonly type: 'show-changes' }
  | { readonly type: 'failed'; readonly reason: string }
  | { readonly type: 'link'; readonly isLive: boolean }
  | { readonly type: 'hold' }
  | { readonly type: 'exact' }
  | { readonly type: 'tick'; readonly now: number }
  | { readonly type: 'said'; readonly text: string }
  | { readonly type: 'overlay'; readonly overlay: State['overlay'] };

/** What was said is shown for so long, ms. */
const SAID_MS = 20_000;

/** The page before anything has happened. */
export function firstState(route: Route, now: number): State {
  return {
    ...{ route, now, role: undefined, data: undefined, readAt: now, isLive: false, isHeld: false },
    isExact: false,
    ...{
      fault: undefined,
      said: '',
      saidAt: now,
      overlay: undefined,
      opened: 0,
      isFirst: true,
      pending: undefined,
    },
  };
}

/** What the page is after something happened. */
export function update(state: State, action: Action): State {
  switch (action.type) {
    case 'signed-in':
      return { ...state, role: action.role, fault: undefined };
    case 'signed-out':
      return {
        ...state,
        role: null,
        data: undefined,
        isHeld: false,
        overlay: undefined,
        pending: undefined,
        fault: action.reason,
      };
    case 'went':
      return went(state, action.route);
    case 'read':
      // An answer for another screen came late.
      if (hashOf(action.route) !== hashOf(state.route) || state.isHeld) return state;
      return wasRead(state, action);
    case 'show-changes':
      return state.pending ? shown(state, state.pending) : state;
    case 'failed':
      return { ...state, fault: action.reason, overlay: undefined };
    case 'link':
      return { ...state, isLive: action.isLive };
    case 'hold':
      return { ...state, isHeld: !state.isHeld && state.data !== undefined, pending: undefined };
    case 'exact':
      return { ...state, isExact: !state.isExact };
    case 'tick':
      return { ...state, now: action.now, said: action.now - state.saidAt > SAID_MS ? '' : state.said };
    case 'said':
      return { ...state, said: action.text, saidAt: state.now, overlay: undefined };
    case 'overlay':
      return { ...state, overlay: action.overlay, opened: state.opened + 1 };
  }
}

/** What was read is shown, or waits while somebody reads and rows would move or change. */
function wasRead(state: State, { data, at, isReading }: Extract<Action, { type: 'read' }>): State {
  const isHolding = isReading && !state.isFirst && state.data !== undefined;
  const changes = isHolding ? changedRows(state.data!, data) : 0;
  if (changes === 0) return shown(state, { data, at });
  const said = state.pending ? state.said : TEXTS.changesWait;
  const saidAt = state.pending ? state.saidAt : state.now;
  return { ...state, said, saidAt, fault: undefined, pending: { data, at, changes } };
}

function shown(state: State, { data, at }: { readonly data: ScreenData; readonly at: number }): State {
  // What was read is never from later than now.
  const now = Math.max(state.now, at);
  return { ...state, data, readAt: at, now, fault: undefined, isFirst: false, pending: undefined };
}

/** Screens that show one thing, and nothing of another one in its place. */
const SINGLE: ReadonlySet<string> = new Set(['node', 'request', 'batch']);

/** Another page of the same list keeps the old one until the new one is there. */
function went(state: State, route: Route): State {
  const isSame = route.screen === state.route.screen && !SINGLE.has(route.screen);
  const data = isSame ? state.data : undefined;
  const fresh = { isHeld: false, isFirst: true, pending: undefined, fault: undefined, overlay: undefined };
  return { ...state, ...fresh, route, data };
}
