import type { ErrorLine, QueueSummary } from '../../../contract/nodes.ts';
import { hasAllWords } from '../../../lib/has-all-words.ts';
import { openForm, openNode, openQueue } from '../open-screens.ts';
import type { ErrorsScreen, QueuesScreen, State } from '../state.ts';
import { type Binding, type Step, stay } from '../step.ts';
import { inputText, type TextInput } from '../text-input.ts';
import { FILTER } from './common.ts';
import { ping } from './nodes.ts';
import { ask } from './requests.ts';

/** The queues that the filter leaves. */
export function shownQueues({ items, filter }: QueuesScreen): readonly QueueSummary[] {
  return fitting(items, filter, ({ node, method, waitsFor }) => `${node} ${method} ${waitsFor ?? ''}`);
}

/** The error lines that the filter leaves. */
export function shownErrors({ items, filter }: ErrorsScreen): readonly ErrorLine[] {
  return fitting(items, filter, ({ node, line }) => `${node} ${line}`);
}

export const QUEUES_BINDINGS: readonly Binding<QueuesScreen>[] = [
  {
    keys: ['enter', 'right', 'l'],
    shows: 'enter',
    label: 'open',
    help: 'the requests that wait in the queue; c cancels them there',
    run: (state, screen) =>
      onCursor(state, shownQueues(screen)[screen.position.cursor], ({ node, method }) =>
        openQueue(state, node, method),
      ),
  },
  FILTER as Binding<QueuesScreen>,
  {
    keys: ['o'],
    shows: 'o',
    label: 'node',
    help: "the node's page",
    run: (state, screen) =>
      onCursor(state, shownQueues(screen)[screen.position.cursor], ({ node }) => openNode(state, node)),
  },
  {
    keys: ['p'],
    shows: 'p',
    label: 'ping',
    help: 'ping the node that the queue is for',
    run: (state, screen) =>
      onCursor(state, shownQueues(screen)[screen.position.cursor], ({ node }) => ping(state, [node])),
  },
];

export const ERRORS_BINDINGS: readonly Binding<ErrorsScreen>[] = [
  {
    keys: ['enter', 'right', 'l'],
    shows: 'enter',
    label: 'read',
    help: 'the whole line',
    run: (state, screen) =>
      onCursor(state, shownErrors(screen)[screen.position.cursor], ({ node, line }) =>
        ask(state, { title: `Error of ${node}`, lines: [line], answers: [] }),
      ),
  },
  FILTER as Binding<ErrorsScreen>,
  {
    keys: ['o'],
    shows: 'o',
    label: 'node',
    help: "the node's page",
    run: (state, screen) =>
      onCursor(state, shownErrors(screen)[screen.position.cursor], ({ node }) => openNode(state, node)),
  },
  {
    keys: ['n'],
    shows: 'n',
    label: 'new message',
    help: 'a message to the node',
    run: (state, screen) =>
      onCursor(state, shownErrors(screen)[screen.position.cursor], ({ node }) => openForm(state, [node])),
  },
];

function fitting<T>(items: readonly T[] | null, filter: TextInput, text: (item: T) => string): readonly T[] {
  const words = inputText(filter).toLowerCase().split(/\s+/);
  return (items ?? []).filter((item) => hasAllWords(text(item).toLowerCase(), words));
}

function onCursor<T>(state: State, item: T | undefined, run: (item: T) => Step): Step {
  return item === undefined ? stay(state) : run(item);
}
