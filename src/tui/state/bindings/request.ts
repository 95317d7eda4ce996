import { openBatch, openForm, openNode, openTemplate } from '../open-screens.ts';
import {
  type Binding,
  noticed,
  REQUEST_TABS,
  type RequestScreen,
  type RequestTab,
  type State,
  type Step,
  stay,
  withScreen,
} from '../state.ts';
import { askToCancel, askToResend } from './requests.ts';

export const REQUEST_BINDINGS: readonly Binding<RequestScreen>[] = [
  {
    keys: ['tab', 'right', 'l'],
    label: 'next part',
    help: 'timeline, stdout, stderr, message; shift+tab goes back',
    run: (state, screen) => turned(state, screen, 1),
  },
  { keys: ['shift+tab', 'left', 'h'], run: (state, screen) => turned(state, screen, -1) },
  {
    keys: ['o'],
    label: 'output',
    help: 'stdout, and stderr when pressed again',
    run: (state, screen) => stay(shown(state, screen, screen.tab === 'stdout' ? 'stderr' : 'stdout')),
  },
  {
    keys: ['c'],
    label: 'cancel',
    help: 'end the request',
    run: (state, { detail }) => askToCancel(state, detail === null ? [] : [detail]),
  },
  {
    keys: ['r'],
    label: 'resend',
    help: 'send it again, as a new request',
    run: (state, { detail }) => askToResend(state, detail === null ? [] : [detail]),
  },
  {
    keys: ['e'],
    label: 'edit',
    help: 'a new message that begins as this one',
    run: (state, { detail }) =>
      detail?.message == null
        ? stay(noticed(state, 'its message is no longer kept'))
        : openTemplate(state, { name: '', messages: [asSubmitted(detail.message)], fault: null }),
  },
  {
    keys: ['n'],
    help: 'an empty message to its node',
    run: (state, { detail }) => openForm(state, detail === null ? [] : [detail.node]),
  },
  {
    keys: ['w'],
    help: "its node's page",
    run: (state, { detail }) => (detail === null ? stay(state) : openNode(state, detail.node)),
  },
  {
    keys: ['b'],
    help: 'its batch',
    run: (state, { detail }) => (detail?.batch == null ? stay(state) : openBatch(state, detail.batch)),
  },
];

/** Fields that nodes fill in: they are no part of a message that is submitted. */
const FILLED_IN = new Set(['id', 'fromnode', 'isreply', 'previousmessage']);

/**
 * A message as people write it: without what nodes filled in and without what is empty. Nodes fill in one retry, which
 * would end the new message after one ACKTimeout if it were written.
 */
function asSubmitted(message: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const isKept = ([key, value]: [string, unknown]) =>
    !FILLED_IN.has(key.toLowerCase()) &&
    !(key === 'retries' && value === 1) &&
    value !== null &&
    value !== '' &&
    value !== 0 &&
    value !== false &&
    !(Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(message).filter(isKept));
}

function turned(state: State, screen: RequestScreen, by: number): Step {
  const index = (REQUEST_TABS.indexOf(screen.tab) + by + REQUEST_TABS.length) % REQUEST_TABS.length;
  return stay(shown(state, screen, REQUEST_TABS[index]!));
}

function shown(state: State, screen: RequestScreen, tab: RequestTab): State {
  return withScreen(state, { ...screen, tab });
}
