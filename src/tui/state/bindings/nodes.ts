import type { NodeSummary } from '../../../contract/nodes.ts';
import type { Effect } from '../effects.ts';
import { toggleAll } from '../list.ts';
import { filterNodes } from '../node-list.ts';
import { openForm, openNode } from '../open-screens.ts';
import {
  type Binding,
  type NodesScreen,
  noticed,
  type State,
  type Step,
  stay,
  withScreen,
} from '../state.ts';
import { inputText } from '../text-input.ts';
import { FILTER, marked, onRow } from './common.ts';

/** The nodes that the filter leaves. */
export function shownNodes(state: State, screen: NodesScreen): readonly NodeSummary[] {
  return filterNodes(state.nodes ?? [], inputText(screen.filter));
}

/** Asks nodes for a sign of life; what they answer is seen in the batch that opens. */
export function ping(state: State, names: readonly string[]): Step {
  if (names.length === 0) return stay(state);
  const to = names.length === 1 ? { toNode: names[0] } : { toNodes: names };
  const messages = [{ ...to, method: 'REQPing', replyMethod: 'REQNone', expiresIn: PING_SECONDS }];
  const send: Effect = { do: 'submit', uid: null, messages, label: 'REQPing' };
  return stay(noticed(state, `pinging ${names.length === 1 ? names[0] : `${names.length} nodes`}`), send);
}

/** A ping that has not arrived by then tells nothing any more. */
const PING_SECONDS = 60;

const onNode = onRow(shownNodes);

export const NODE_BINDINGS: readonly Binding<NodesScreen>[] = [
  {
    keys: ['enter', 'right', 'l'],
    label: 'open',
    help: "the node's page: its requests and queues",
    run: onNode((state, { name }) => openNode(state, name)),
  },
  {
    keys: ['space'],
    label: 'mark',
    help: 'mark the node, or take its mark off',
    run: onNode((state, { name }, screen) => marked(state, screen, name)),
  },
  {
    keys: ['a'],
    help: 'mark all nodes that are shown, or take all marks off',
    run: (state, screen) => {
      const names = shownNodes(state, screen).map(({ name }) => name);
      return stay(withScreen(state, { ...screen, position: toggleAll(screen.position, names) }));
    },
  },
  FILTER as Binding<NodesScreen>,
  {
    keys: ['n'],
    label: 'new message',
    help: 'a message to the marked nodes, or to the one under the cursor',
    run: (state, screen) => openForm(state, meant(state, screen)),
  },
  {
    keys: ['p'],
    label: 'ping',
    help: 'ping the marked nodes, or the one under the cursor',
    run: (state, screen) => ping(state, meant(state, screen)),
  },
];

function meant(state: State, screen: NodesScreen): readonly string[] {
  if (screen.position.marks.length > 0) return screen.position.marks;
  const node = shownNodes(state, screen)[screen.position.cursor];
  return node === undefined ? [] : [node.name];
}
