import { errorEntries } from '../../contract/error-entries.ts';
import type { ApiEvent } from '../../contract/events.ts';
import type { RequestSummary } from '../../contract/requests.ts';
import { isEnd } from '../../contract/states.ts';
import type { Effect } from './effects.ts';
import { withNodes } from './node-list.ts';
import { withPiece } from './output-text.ts';
import { withChanges } from './request-list.ts';
import { refresh } from './show.ts';
import { allScreens, currentScreen, type Screen, type State, type Step, stay, withScreen } from './state.ts';

/** Error lines that are kept on the screen. */
const MAX_ERRORS = 5000;

/** What becomes of the state when the node tells of a change. */
export function withEvent(state: State, event: ApiEvent): Step {
  switch (event.type) {
    case 'hello':
      return stay(state);
    case 'many':
      return refresh(state);
    case 'nodes':
      return nodesChanged(state, event);
    case 'requests':
      return requestsChanged(state, event.requests);
    case 'errors':
      return stay(errorsCame(state, event.lines));
    case 'output':
      return outputCame(state, event);
  }
}

function nodesChanged(state: State, { nodes }: ApiEvent & { type: 'nodes' }): Step {
  const next: State = {
    ...state,
    nodes: state.nodes === null ? null : withNodes(state.nodes, nodes),
    nodesSince: state.nodesSince === null ? null : [...state.nodesSince, ...nodes],
  };
  return currentScreen(state).kind === 'queues' ? stay(next, { do: 'load-queues' }) : stay(next);
}

function requestsChanged(state: State, changed: readonly RequestSummary[]): Step {
  let next = state;
  for (const screen of allScreens(state)) {
    if (screen.kind === 'requests') next = withScreen(next, withChanges(next, screen, changed));
  }
  return stay(next, ...toReadAgain(currentScreen(next), changed));
}

/** What the screen shows of the changed requests beyond their rows. */
function toReadAgain(screen: Screen, changed: readonly RequestSummary[]): Effect[] {
  if (screen.kind === 'batches') return [{ do: 'load-batches', uid: screen.uid, cursor: null }];
  if (screen.kind === 'requests' && screen.base.batch !== undefined) {
    const isIts = changed.some(({ batch }) => batch === screen.base.batch);
    return isIts ? [{ do: 'load-batch', uid: screen.uid, id: screen.base.batch }] : [];
  }
  if (screen.kind !== 'request' || !changed.some(({ id }) => id === screen.id)) return [];
  return [{ do: 'load-request', uid: screen.uid, id: screen.id }];
}

function errorsCame(state: State, lines: Parameters<typeof errorEntries>[0]): State {
  const screen = state.tabs.errors;
  if (screen.kind !== 'errors' || screen.items === null) return state;
  const items = [...errorEntries(lines).toReversed().flat(), ...screen.items].slice(0, MAX_ERRORS);
  const { cursor, top } = screen.position;
  const shift = cursor === 0 ? 0 : lines.length;
  return withScreen(state, {
    ...screen,
    items,
    position: { ...screen.position, cursor: cursor + shift, top: top + shift },
  });
}

function outputCame(state: State, event: ApiEvent & { type: 'output' }): Step {
  const screen = currentScreen(state);
  if (screen.kind !== 'request' || screen.id !== event.id) return stay(state);
  const { stream, offset } = event;
  const output = withPiece(screen[stream], offset, Buffer.from(event.data, 'base64'));
  if (output !== undefined) return stay(withScreen(state, { ...screen, [stream]: output }));
  const from = screen[stream].nextByte;
  return stay(state, { do: 'load-output', uid: screen.uid, id: screen.id, stream, from });
}

/** The request whose output is followed as it comes; null where none is. */
export function followedRequest(state: State): string | null {
  const screen = currentScreen(state);
  if (screen.kind !== 'request' || screen.detail === null || state.link.state !== 'live') return null;
  return isEnd(screen.detail.state) ? null : screen.id;
}
