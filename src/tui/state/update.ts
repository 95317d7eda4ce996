import { isEnd } from '../../contract/states.ts';
import type { Action } from './actions.ts';
import type { Effect } from './effects.ts';
import { withEvent } from './events.ts';
import { keyPressed, pasted } from './keys.ts';
import { withResult } from './results.ts';
import { settled } from './settled.ts';
import { refreshAll } from './show.ts';
import { currentScreen, type Screen, type State } from './state.ts';
import { type Step, stay, then } from './step.ts';

/** How often that is read again of which the node tells no changes, while it is seen. */
const POLL_MS = 5000;

/** What becomes of the state when something happens, and what is to be done then. Has no effect of its own. */
export function update(state: State, action: Action): Step {
  return then(updateOnly(state, action), settled);
}

function updateOnly(state: State, action: Action): Step {
  switch (action.type) {
    case 'key':
      return keyPressed(state, action.press);
    case 'paste':
      return pasted(state, action.text);
    case 'resized':
      return stay({ ...state, size: { columns: action.columns, rows: action.rows } });
    case 'tick':
      return ticked(state, action.now);
    case 'linked':
      return refreshAll({ ...state, link: { state: 'live' } });
    case 'link-lost':
      return stay({ ...state, link: lostLink(state, action.reason), nodesSince: null });
    case 'event':
      return withEvent(state, action.event);
    default:
      return withResult(state, action);
  }
}

function ticked(state: State, now: number): Step {
  const isOver = state.notice !== null && state.notice.until <= now;
  const next = { ...state, now, notice: isOver ? null : state.notice };
  const isDue = Math.floor(now / POLL_MS) !== Math.floor(state.now / POLL_MS);
  return isDue && state.link.state === 'live' ? stay(next, ...polled(currentScreen(state))) : stay(next);
}

/** What changes by itself on a screen: when attempts are due, and since when somebody is away. */
function polled(screen: Screen): Effect[] {
  if (screen.kind === 'queues') return [{ do: 'load-queues' }];
  if (screen.kind === 'requests') return screen.node === null ? [] : [{ do: 'load-queues' }];
  if (screen.kind !== 'request' || screen.detail === null || isEnd(screen.detail.state)) return [];
  return [{ do: 'load-request', uid: screen.uid, id: screen.id }];
}

function lostLink({ link, now }: State, reason: string): State['link'] {
  return { state: 'lost', since: link.state === 'lost' ? link.since : now, reason };
}
