import type { Effect } from './effects.ts';
import { reload } from './request-list.ts';
import {
  andThen,
  currentScreen,
  opened,
  type Screen,
  type State,
  type Step,
  stay,
  TAB_NAMES,
  type TabName,
  withScreen,
} from './state.ts';

/** Reads what the screen that is seen shows: when it comes into sight, and when all may have changed. */
export function refresh(state: State): Step {
  const screen = currentScreen(state);
  if (screen.kind === 'requests') {
    const next = reload(state, screen);
    return stay(withScreen(state, next.screen), ...next.effects, ...besides(screen));
  }
  if (screen.kind === 'nodes') return readNodes(state);
  return stay(state, ...effectsOf(screen));
}

/** Reads the list of nodes. */
function readNodes(state: State): Step {
  return stay({ ...state, nodesSince: state.nodesSince ?? [] }, { do: 'load-nodes' });
}

/** Opens a screen on top of the others. */
export function open(state: State, make: (uid: number) => Screen): Step {
  return refresh(opened(state, make));
}

/** Closes the screen on top. */
export function back(state: State): Step {
  return state.stack.length === 0 ? stay(state) : refresh({ ...state, stack: state.stack.slice(0, -1) });
}

/** Goes to a tab and closes what was opened from another. */
export function goToTab(state: State, tab: TabName): Step {
  return refresh({ ...state, tab, stack: [] });
}

/** Goes `by` tabs on, round and round. */
export function turnTab(state: State, by: number): Step {
  const index = (TAB_NAMES.indexOf(state.tab) + by + TAB_NAMES.length) % TAB_NAMES.length;
  return goToTab(state, TAB_NAMES[index]!);
}

/** Reads everything anew, after the connection is back. */
export function refreshAll(state: State): Step {
  const step = andThen(stay(state, { do: 'load-status' }, { do: 'load-methods' }), readNodes);
  return currentScreen(state).kind === 'nodes' ? step : andThen(step, refresh);
}

function effectsOf(screen: Screen): readonly Effect[] {
  switch (screen.kind) {
    case 'batches':
      return [{ do: 'load-batches', uid: screen.uid, cursor: null }];
    case 'queues':
      return [{ do: 'load-queues' }];
    case 'errors':
      return [{ do: 'load-errors' }];
    case 'request':
      return [{ do: 'load-request', uid: screen.uid, id: screen.id }];
    case 'templates':
      return [{ do: 'load-templates', uid: screen.uid }];
    default:
      return [];
  }
}

/** What the head of a list of requests shows. */
function besides(screen: Screen & { kind: 'requests' }): readonly Effect[] {
  const batch = screen.base.batch;
  return [
    ...(screen.node === null ? [] : [{ do: 'load-queues' } as const]),
    ...(batch === undefined ? [] : [{ do: 'load-batch', uid: screen.uid, id: batch } as const]),
  ];
}
