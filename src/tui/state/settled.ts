import { shownBatches } from './bindings/batches.ts';
import { shownTemplates } from './bindings/form.ts';
import { shownNodes } from './bindings/nodes.ts';
import { shownErrors, shownQueues } from './bindings/queues.ts';
import { listHeight } from './layout.ts';
import { settle } from './list.ts';
import { readAhead, shownRequests } from './request-list.ts';
import { currentScreen, type Screen, type State, type Step, stay, withScreen } from './state.ts';

/** Rows of batches below the screen that are read ahead. */
const BATCHES_AHEAD = 20;

/** The state with the cursor of the list that is seen in the list, and what must be read so that it has rows to show. */
export function settled(state: State): Step {
  const screen = currentScreen(state);
  if (!('position' in screen)) return stay(state);
  const height = listHeight(state, screen);
  const position = settle(screen.position, rowCount(state, screen), height);
  const inPlace = position === screen.position ? screen : { ...screen, position };
  if (inPlace.kind === 'batches') return batchesAhead(state, inPlace, height);
  if (inPlace.kind !== 'requests' || inPlace.items === null) return kept(state, screen, inPlace);
  const ahead = readAhead(state, inPlace, height);
  const step = kept(state, screen, ahead.screen);
  return { state: step.state, effects: ahead.effects };
}

/** How many rows a list shows. */
export function rowCount(state: State, screen: Screen): number {
  switch (screen.kind) {
    case 'nodes':
      return shownNodes(state, screen).length;
    case 'requests':
      return shownRequests(state, screen).length;
    case 'batches':
      return shownBatches(screen).length;
    case 'queues':
      return shownQueues(screen).length;
    case 'errors':
      return shownErrors(screen).length;
    case 'templates':
      return shownTemplates(screen).length;
    default:
      return 0;
  }
}

function batchesAhead(state: State, screen: Screen & { kind: 'batches' }, height: number): Step {
  const isEnough = shownBatches(screen).length > screen.position.top + height + BATCHES_AHEAD;
  const isBarred = screen.isLoading || screen.next === null || screen.fault !== null;
  if (isBarred || isEnough) return kept(state, currentScreen(state), screen);
  const next = withScreen(state, { ...screen, isLoading: true });
  return stay(next, { do: 'load-batches', uid: screen.uid, cursor: screen.next });
}

function kept(state: State, before: Screen, after: Screen): Step {
  return stay(before === after ? state : withScreen(state, after));
}
