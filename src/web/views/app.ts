import { type ComponentChild, Fragment, h } from 'preact';
import { agoWords } from '../../lib/time-words.ts';
import { commandLineOf } from '../state/command-line.ts';
import { hashOf, type Route, subjectOf } from '../state/route.ts';
import type { Action, Question, ScreenData, State } from '../state/state.ts';
import { TEXTS } from '../texts.ts';
import { Batch, Batches } from './batches.ts';
import { Charts } from './charts.ts';
import { Dialogs } from './dialogs.ts';
import { Errors } from './errors.ts';
import { Files } from './files.ts';
import { Audit, Queues } from './logs.ts';
import { Node, Nodes } from './nodes.ts';
import { Now } from './now.ts';
import { Copy, CopyLine, ExactTimes, Requests, type Tasks } from './parts.ts';
import { canUsePasskeys } from './passkeys.ts';
import { Request, RequestList } from './requests.ts';
import { Run } from './run.ts';
import { Settings } from './settings.ts';

interface AppProps {
  readonly state: State;
  dispatch(action: Action): void;
  readonly tasks: Tasks;
}

/** The whole page. */
export function App({ state, dispatch, tasks }: AppProps): ComponentChild {
  if (state.role === undefined)
    return h('main', { id: 'content' }, h('p', null, state.fault ?? TEXTS.signingIn));
  if (state.role === null) return h(SignedOut, { reason: state.fault, tasks });
  const onCopied = () => dispatch({ type: 'said', text: TEXTS.copied });
  // What is filled in there has a line of its own.
  const hasLine = state.route.screen !== 'run' || state.role !== 'act';
  const subject = subjectOf(state.route);
  return h(ExactTimes.Provider, { value: state.isExact }, [
    h(Header, { state, dispatch }),
    h('main', { id: 'content', tabIndex: -1 }, [
      h('div', { class: 'title' }, [
        h('h1', null, titleOf(state)),
        subject && h(Copy, { text: subject, hotkey: 'c', onCopied }),
      ]),
      state.fault && h('p', { role: isTyping() ? 'status' : 'alert', class: 'fault' }, state.fault),
      h(Screen, { state, dispatch, tasks }),
      state.pending && h(Changes, { ...state.pending, onShow: () => dispatch({ type: 'show-changes' }) }),
      hasLine && h(CopyLine, { label: TEXTS.command, text: commandLineOf(state.route), onCopied }),
    ]),
    h('p', { role: 'status', 'aria-live': 'polite', class: 'said' }, state.said),
    h(Dialogs, { overlay: state.overlay, opened: state.opened, dispatch, tasks }),
  ]);
}

/** What waits to be shown while somebody reads. */
function Changes({ changes, onShow }: { changes: number; onShow(): void }): ComponentChild {
  const keys = { 'aria-keyshortcuts': 's' };
  return h('button', { type: 'button', class: 'changes', onClick: onShow, ...keys }, TEXTS.changes(changes));
}

function SignedOut({
  reason,
  tasks,
}: Pick<AppProps, 'tasks'> & { readonly reason: string | undefined }): ComponentChild {
  return h('main', { id: 'content', class: 'signed-out' }, [
    h('p', { class: 'brand' }, TEXTS.title),
    h('h1', null, TEXTS.signedOut),
    reason && h('p', { role: 'alert', class: 'fault' }, reason),
    h('p', null, TEXTS.signInHow),
    h('pre', null, 'steward web'),
    canUsePasskeys() && [
      h('p', null, TEXTS.signInPasskey),
      h('button', { type: 'button', class: 'sure', onClick: tasks.signIn }, TEXTS.signIn),
    ],
  ]);
}

type HeaderProps = Pick<AppProps, 'state' | 'dispatch'>;

function Header({ state, dispatch }: HeaderProps): ComponentChild {
  const { route, isLive, isHeld, isExact, now, readAt, role } = state;
  const link = (screen: keyof typeof TEXTS.screens, href: string) => {
    const isCurrent = screen.startsWith(route.screen);
    return h('a', { href, 'aria-current': isCurrent ? 'page' : undefined }, TEXTS.screens[screen]);
  };
  const toggle = (text: string, checked: boolean, key: string, action: Action) =>
    h('label', { class: 'hold' }, [
      h('input', {
        ...{ type: 'checkbox', checked, onChange: () => dispatch(action), 'aria-keyshortcuts': key },
      }),
      text,
    ]);
  const skip = (event: Event) => {
    event.preventDefault();
    document.getElementById('content')?.focus();
  };
  return h('header', null, [
    h('a', { class: 'skip', href: '#content', onClick: skip }, TEXTS.skip),
    h('a', { class: 'brand', href: '#/' }, TEXTS.title),
    h('nav', { 'aria-label': TEXTS.navigation }, [
      link('now', '#/'),
      link('nodes', '#/nodes'),
      link('requests', '#/requests'),
      link('batches', '#/batches'),
      link('queues', '#/queues'),
      link('schedules', '#/schedules'),
      link('audit', '#/audit'),
      link('errors', '#/errors'),
      link('charts', '#/charts'),
      link('settings', '#/settings'),
      role === 'act' && link('run', '#/run'),
    ]),
    h('div', { class: 'standing' }, [
      toggle(TEXTS.exact, isExact, 't', { type: 'exact' }),
      toggle(TEXTS.hold, isHeld, 'p', { type: 'hold' }),
      h('span', { role: 'status', class: isLive ? 'live' : 'lost' }, [
        isLive
          ? isHeld
            ? TEXTS.held(agoWords(readAt, now))
            : TEXTS.live
          : TEXTS.lost(agoWords(readAt, now)),
        role === 'look' && ` ${TEXTS.look}`,
      ]),
    ]),
  ]);
}

/** Whether a filter is being typed, of which half may mean nothing yet. */
function isTyping(): boolean {
  return document.activeElement?.matches('[data-filter]') === true;
}

function titleOf({ route }: State): string {
  if (route.screen === 'node') return `${TEXTS.node} ${route.name}`;
  if (route.screen === 'files') return TEXTS.filesOf(route.node);
  if (route.screen === 'batch') return `${TEXTS.batch} ${route.id}`;
  return route.screen === 'request' ? `${TEXTS.columns.request} ${route.id}` : TEXTS.screens[route.screen];
}

function Screen({ state, dispatch, tasks }: AppProps): ComponentChild {
  const { data, route, now, role } = state;
  const ask = (overlay: Question) => dispatch({ type: 'overlay', overlay });
  const mayAct = role === 'act';
  const onCopied = () => dispatch({ type: 'said', text: TEXTS.copied });
  switch (data?.screen) {
    case 'run':
      return h(Run, { key: data.target, ...data, mayAct, tasks, ask, onCopied });
    case 'now':
      return h(Now, { data, now });
    case 'nodes':
      return h(Nodes, { data, query: route.screen === 'nodes' ? route.query : {}, now, tasks });
    case 'node':
      return h(Node, { data, now, mayAct, tasks, onCopied });
    case 'files':
      return h(Files, { ...data, now, tasks });
    case 'requests':
      return h(RequestList, { data, route: route as Extract<Route, { screen: 'requests' }>, now });
    case 'request':
      return h(Request, { data, mayAct, ask, onCopied });
    case 'batches':
      return h(Batches, { data, now });
    case 'errors':
      return h(Errors, { data, node: route.screen === 'errors' ? route.node : undefined });
    case 'charts':
      return h(Charts, { data });
    case 'settings':
      return h(Settings, { data, now, mayAct, tasks, ask, onCopied });
    case 'schedules':
      return h(Schedules, { data, now });
    case 'queues':
      return h(Queues, { data, now });
    case 'audit':
      return h(Audit, { data, text: route.screen === 'audit' ? route.text : undefined, now });
    case 'batch':
      return h(Batch, { data, now, mayAct, ask });
    default:
      return h('p', null, TEXTS.loading);
  }
}

type SchedulesData = Extract<ScreenData, { screen: 'schedules' }>;

/** What runs again and again, or later; each is ended on its own page. */
function Schedules({ data: { page }, now }: { data: SchedulesData; now: number }): ComponentChild {
  const label = TEXTS.screens.schedules;
  return h(Fragment, null, [
    h(Requests, {
      ...{ label, requests: page.items, now, empty: TEXTS.schedulesNone, hasSchedule: true },
    }),
    page.next &&
      h('nav', { 'aria-label': label, class: 'pages' }, [
        h('a', { href: hashOf({ screen: 'schedules', cursor: page.next }) }, TEXTS.later),
      ]),
  ]);
}
