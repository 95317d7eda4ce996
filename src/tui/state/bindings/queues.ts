import type { ErrorLine } from '../../../contract/nodes.ts';
import type { QueueSummary } from '../../../contract/queues.ts';
import { hasAllWords } from '../../../lib/has-all-words.ts';
import { openForm, openNode, openQueue } from '../open-screens.ts';
import type { Binding, ErrorsScreen, QueuesScreen } from '../state.ts';
import { inputText, type TextInput } from '../text-input.ts';
import { ask, FILTER, onRow } from './common.ts';
import { ping } from './nodes.ts';

/** The queues that the filter leaves. */
export function shownQueues({ items, filter }: QueuesScreen): readonly QueueSummary[] {
  return fitting(items, filter, ({ node, method, waitsFor }) => `${node} ${method} ${waitsFor ?? ''}`);
}

/** The error lines that the filter leaves. */
export function shownErrors({ items, filter }: ErrorsScreen): readonly ErrorLine[] {
  return fitting(items, filter, ({ node, line }) => `${node} ${line}`);
}

const onQueue = onRow((_, screen: QueuesScreen) => shownQueues(screen));
const onError = onRow((_, screen: ErrorsScreen) => shownErrors(screen));

export const QUEUES_BINDINGS: readonly Binding<QueuesScreen>[] = [
  {
    keys: ['enter', 'right', 'l'],
    label: 'open',
    help: 'the requests that wait in the queue; c cancels them there',
    run: onQueue((state, { node, method }) => openQueue(state, node, method)),
  },
  FILTER as Binding<QueuesScreen>,
  {
    keys: ['o'],
    label: 'node',
    help: "the node's page",
    run: onQueue((state, { node }) => openNode(state, node)),
  },
  {
    keys: ['p'],
    label: 'ping',
    help: 'ping the node that the queue is for',
    run: onQueue((state, { node }) => ping(state, [node])),
  },
];

export const ERRORS_BINDINGS: readonly Binding<ErrorsScreen>[] = [
  {
    keys: ['enter', 'right', 'l'],
    label: 'read',
    help: 'the whole line',
    run: onError((state, { node, line }) =>
      ask(state, { title: `Error of ${node}`, lines: [line], answers: [] }),
    ),
  },
  FILTER as Binding<ErrorsScreen>,
  {
    keys: ['o'],
    label: 'node',
    help: "the node's page",
    run: onError((state, { node }) => openNode(state, node)),
  },
  {
    keys: ['n'],
    label: 'new message',
    help: 'a message to the node',
    run: onError((state, { node }) => openForm(state, [node])),
  },
];

function fitting<T>(items: readonly T[] | null, filter: TextInput, text: (item: T) => string): readonly T[] {
  const words = inputText(filter).toLowerCase().split(/\s+/);
  return (items ?? []).filter((item) => hasAllWords(text(item).toLowerCase(), words));
}
