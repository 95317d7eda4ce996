import type { RequestSummary } from '../../../contract/requests.ts';
import { isEnd } from '../../../contract/states.ts';
import type { Effect } from '../effects.ts';
import { toggleAll } from '../list.ts';
import { openBatch, openForm, openRequest } from '../open-screens.ts';
import type { Question } from '../overlay.ts';
import { nextStates } from '../request-filter.ts';
import { shownRequests } from '../request-list.ts';
import { refresh } from '../show.ts';
import {
  type Binding,
  noticed,
  type RequestsScreen,
  type State,
  type Step,
  stay,
  withScreen,
} from '../state.ts';
import { inputOf, inputText } from '../text-input.ts';
import { batchQuestions } from './batches.ts';
import { ask, FILTER, marked, onRow } from './common.ts';
import { ping } from './nodes.ts';

const onRequest = onRow(shownRequests);

export const REQUESTS_BINDINGS: readonly Binding<RequestsScreen>[] = [
  {
    keys: ['enter', 'right', 'l'],
    label: 'open',
    help: 'the request: its timeline, output and message',
    run: onRequest((state, { id }) => openRequest(state, id)),
  },
  FILTER as Binding<RequestsScreen>,
  {
    keys: ['s'],
    label: 'states',
    help: 'those of all states, the open ones, those that went wrong, those that succeeded',
    run: (state, screen) => {
      const filter = inputOf(nextStates(inputText(screen.filter)));
      return refresh(withScreen(state, { ...screen, filter }));
    },
  },
  {
    keys: ['c'],
    label: 'cancel',
    help: 'end the marked requests, or the one under the cursor',
    run: (state, screen) => askToCancel(state, meant(state, screen)),
  },
  {
    keys: ['r'],
    label: 'resend',
    help: 'send them again, as new requests',
    run: (state, screen) => askToResend(state, meant(state, screen)),
  },
  {
    keys: ['space'],
    help: 'mark the request, or take its mark off',
    run: onRequest((state, { id }, screen) => marked(state, screen, id)),
  },
  {
    keys: ['a'],
    help: 'mark all that were read and are shown, or take all marks off',
    run: (state, screen) => {
      const ids = shownRequests(state, screen).map(({ id }) => id);
      return stay(withScreen(state, { ...screen, position: toggleAll(screen.position, ids) }));
    },
  },
  {
    keys: ['n'],
    label: 'new',
    help: 'a message to the node of the request',
    run: (state, screen) => openForm(state, nodeOf(state, screen)),
  },
  {
    keys: ['p'],
    help: 'ping the node of the request',
    run: (state, screen) => ping(state, nodeOf(state, screen)),
  },
  {
    keys: ['b'],
    help: 'the batch of the request',
    run: onRequest((state, { batch }, screen) =>
      batch === null || screen.base.batch !== undefined
        ? stay(noticed(state, 'it is part of no other batch'))
        : openBatch(state, batch),
    ),
  },
  {
    keys: ['f'],
    help: 'on the page of a batch: the same answers together, and how others differ',
    run: (state, { batch }) =>
      batch === null
        ? stay(noticed(state, 'this is not the page of a batch'))
        : stay(state, { do: 'read-answers', id: batch.id }),
  },
  {
    keys: ['C'],
    help: 'on the page of a batch: end all of it that has not ended',
    run: (state, screen) => onBatch(state, screen, (batch) => batchQuestions(batch).cancel),
  },
  {
    keys: ['R'],
    help: 'on the page of a batch: send again what failed or is missing',
    run: (state, screen) => onBatch(state, screen, (batch) => batchQuestions(batch).resend),
  },
];

/** Asks whether requests are to be ended; those that have ended are left out. */
export function askToCancel(state: State, requests: readonly RequestSummary[]): Step {
  const open = requests.filter(({ state: own }) => !isEnd(own));
  const [first] = open;
  if (first === undefined) return stay(noticed(state, 'nothing to cancel: it has ended'));
  const effects: Effect[] = [{ do: 'cancel', ids: open.map(({ id }) => id) }];
  const title = open.length === 1 ? 'Cancel this request?' : `Cancel ${open.length} requests?`;
  return ask(state, { title, lines: linesOf(open), answers: [{ key: 'y', label: 'cancel it', effects }] });
}

/** Asks whether requests are to be sent again. */
export function askToResend(state: State, requests: readonly RequestSummary[]): Step {
  if (requests.length === 0) return stay(state);
  const effects: Effect[] = [{ do: 'resend', ids: requests.map(({ id }) => id) }];
  const title =
    requests.length === 1
      ? 'Send this again, as a new request?'
      : `Send ${requests.length} requests again, as new ones?`;
  return ask(state, {
    title,
    lines: linesOf(requests),
    answers: [{ key: 'y', label: 'send it again', effects }],
  });
}

function linesOf(requests: readonly RequestSummary[]): string[] {
  const shown = requests.slice(0, 4).map(({ node, method, state }) => `${method} on ${node}, ${state}`);
  return requests.length > 4 ? [...shown, `and ${requests.length - 4} more`] : shown;
}

function nodeOf(state: State, screen: RequestsScreen): string[] {
  const node = screen.node ?? shownRequests(state, screen)[screen.position.cursor]?.node;
  return node === undefined ? [] : [node];
}

function meant(state: State, screen: RequestsScreen): readonly RequestSummary[] {
  const shown = shownRequests(state, screen);
  const marked = new Set(screen.position.marks);
  if (marked.size > 0) return (screen.items ?? []).filter(({ id }) => marked.has(id));
  const request = shown[screen.position.cursor];
  return request === undefined ? [] : [request];
}

function onBatch(
  state: State,
  { batch }: RequestsScreen,
  question: (batch: NonNullable<RequestsScreen['batch']>) => Omit<Question, 'kind'>,
): Step {
  return batch === null
    ? stay(noticed(state, 'this is not the page of a batch'))
    : ask(state, question(batch));
}
