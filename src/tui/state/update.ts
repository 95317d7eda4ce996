import { isEnd } from '../../contract/states.ts';
import type { Action } from './actions.ts';
import { EVERYWHERE } from './bindings/common.ts';
import { bindingsOf } from './bindings-of.ts';
import type { Effect } from './effects.ts';
import { withEvent } from './events.ts';
import { formKey, formPaste } from './form-update.ts';
import type { KeyPress } from './key-press.ts';
import { isTooSmall, listHeight, textHeight } from './layout.ts';
import { moved } from './list.ts';
import { overlayKey, overlayPaste } from './overlay-update.ts';
import { searchFurther } from './request-list.ts';
import { requestText } from './request-text.ts';
import { withResult } from './results.ts';
import { scrolled } from './scroll.ts';
import { settled } from './settled.ts';
import { refresh, refreshAll } from './show.ts';
import {
  andThen,
  currentScreen,
  type RequestScreen,
  type Screen,
  type State,
  type Step,
  stay,
  withScreen,
} from './state.ts';
import { EMPTY_INPUT, editInput, insert, type TextInput } from './text-input.ts';

/** How often that is read again of which the node tells no changes, while it is seen. */
const POLL_MS = 5000;

/** What becomes of the state when something happens, and what is to be done then. Has no effect of its own. */
export function update(state: State, action: Action): Step {
  return andThen(updateOnly(state, action), settled);
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

/** What a key does. */
function keyPressed(state: State, press: KeyPress): Step {
  const everywhere = EVERYWHERE[press.key];
  if (everywhere !== undefined) return stay(state, everywhere);
  if (isTooSmall(state)) return press.key === 'q' ? stay(state, { do: 'quit' }) : stay(state);
  if (isEscapeAndKey(state, press.key)) {
    const step = keyPressed(state, { key: 'esc', text: null });
    const key = press.key.slice('meta+'.length);
    return andThen(step, (next) => keyPressed(next, { key, text: key === 'space' ? ' ' : key }));
  }
  const calm = state.notice === null ? state : { ...state, notice: null };
  if (calm.overlay !== null) return overlayKey(calm, calm.overlay, press);
  const screen = currentScreen(calm);
  if ('isFiltering' in screen && screen.isFiltering) return filterKey(calm, screen, press);
  const written = screen.kind === 'form' ? formKey(calm, screen, press) : undefined;
  return written ?? screenKey(calm, screen, press.key);
}

/** What a key does that writes nothing: what the screen has bound to it, else it moves. */
function screenKey(state: State, screen: Screen, key: string): Step {
  const binding = bindingsOf(screen).find(({ keys }) => keys.includes(key));
  if (binding !== undefined) return binding.run(state, screen, key);
  if ('position' in screen) return listKey(state, screen, key);
  return screen.kind === 'request' ? textKey(state, screen, key) : stay(state);
}

/**
 * Escape and a letter that come at once, as over a slow line, look like the letter with the meta key. Where texts are
 * written that key has a meaning of its own.
 */
function isEscapeAndKey(state: State, key: string): boolean {
  const isWriting =
    state.overlay === null ? currentScreen(state).kind === 'form' : state.overlay.kind === 'name';
  return /^meta\+(.|space)$/u.test(key) && !isWriting;
}

/** Puts a pasted text where text is written; elsewhere it does nothing, whatever it holds. */
function pasted(state: State, text: string): Step {
  if (state.overlay !== null) return overlayPaste(state, state.overlay, text);
  const screen = currentScreen(state);
  if (screen.kind === 'form') return formPaste(state, screen, text);
  if ('isFiltering' in screen && screen.isFiltering) {
    return filtered(state, screen, insert(screen.filter, text.trim().replace(/\s+/g, ' ')));
  }
  return stay(state);
}

type ListScreen = Extract<Screen, { isFiltering: boolean }>;

function filterKey(state: State, screen: ListScreen, press: KeyPress): Step {
  if (press.key === 'enter') return stay(withScreen(state, { ...screen, isFiltering: false }));
  if (press.key === 'esc') return filtered(state, { ...screen, isFiltering: false }, EMPTY_INPUT);
  const step =
    press.key.length > 1 ? moved(screen.position, press.key, listHeight(state, screen)) : undefined;
  if (step !== undefined && /^(up|down|page)/.test(press.key)) {
    return stay(withScreen(state, { ...screen, position: step }));
  }
  const input = editInput(screen.filter, press);
  return input === undefined ? stay(state) : filtered(state, screen, input);
}

/** The list with another filter; requests are sorted out by the node. */
function filtered(state: State, screen: ListScreen, filter: TextInput): Step {
  const next = withScreen(state, { ...screen, filter, position: { ...screen.position, cursor: 0, top: 0 } });
  return screen.kind === 'requests' ? refresh(next) : stay(next);
}

function listKey(state: State, screen: ListScreen, key: string): Step {
  const position = moved(screen.position, key, listHeight(state, screen));
  if (position === undefined) return stay(state);
  const isFar = key === 'end' || key === 'G';
  const next = screen.kind === 'requests' && isFar ? searchFurther(screen) : screen;
  const isHome = key === 'home' || key === 'g';
  const after = withScreen(state, { ...next, position });
  return screen.kind === 'requests' && isHome && screen.dropped > 0 ? refresh(after) : stay(after);
}

function textKey(state: State, screen: RequestScreen, key: string): Step {
  const text = requestText(screen, state.size.columns);
  const position = scrolled(screen.scrolls[screen.tab], key, text, textHeight(state));
  if (position === undefined) return stay(state);
  return stay(withScreen(state, { ...screen, scrolls: { ...screen.scrolls, [screen.tab]: position } }));
}
