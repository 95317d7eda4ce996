import type { Effect } from '../effects.ts';
import { openTemplates } from '../open-screens.ts';
import { back, goToTab, refresh, turnTab } from '../show.ts';
import { type Screen, type State, TAB_NAMES, withScreen } from '../state.ts';
import { type Binding, type Step, stay } from '../step.ts';
import { EMPTY_INPUT } from '../text-input.ts';

/** Keys of every screen but the form, after the screen's own. */
export const COMMON: readonly Binding[] = [
  {
    keys: ['?'],
    shows: '?',
    label: 'help',
    help: 'all keys of this screen',
    run: (state) => stay({ ...state, overlay: { kind: 'help', top: 0 } }),
  },
  {
    keys: ['q'],
    shows: 'q',
    label: 'quit',
    help: 'leave; in a screen that was opened: go back',
    run: (state) => (state.stack.length === 0 ? stay(state, { do: 'quit' }) : back(state)),
  },
  {
    keys: ['esc', 'left', 'h', 'backspace'],
    shows: 'esc',
    label: null,
    help: 'go back, or drop the filter and the marks',
    run: leave,
  },
  {
    keys: TAB_NAMES.map((_, index) => String(index + 1)),
    shows: '1-5',
    label: null,
    help: `go to the ${TAB_NAMES.join(', ')}`,
    run: (state, _screen, key) => goToTab(state, TAB_NAMES[Number(key) - 1]!),
  },
  {
    keys: ['tab'],
    shows: 'tab',
    label: null,
    help: 'the next of these, shift+tab the one before',
    run: (state) => turnTab(state, 1),
  },
  { keys: ['shift+tab'], shows: '', label: null, help: '', run: (state) => turnTab(state, -1) },
  {
    keys: ['t'],
    shows: 't',
    label: null,
    help: 'message templates',
    run: openTemplates,
  },
];

/** Keys that do the same everywhere, also while a text is written. */
export const EVERYWHERE: Readonly<Record<string, Effect>> = {
  'ctrl+c': { do: 'quit' },
  'ctrl+l': { do: 'redraw' },
  'ctrl+z': { do: 'suspend' },
};

/** The key that begins a filter, for lists. */
export const FILTER: Binding = {
  keys: ['/'],
  shows: '/',
  label: 'filter',
  help: 'filter while typing; enter keeps the filter, esc drops it',
  run: (state, screen) =>
    'isFiltering' in screen ? stay(withScreen(state, { ...screen, isFiltering: true })) : stay(state),
};

/** The line of help on moving, for lists. */
export const MOVES = {
  shows: '↑↓ j k',
  help: 'move; page up and down, g and G or home and end go far',
} as const;

function leave(state: State, screen: Screen): Step {
  if ('filter' in screen && screen.filter.letters.length > 0) {
    const position = { ...screen.position, cursor: 0, top: 0 };
    const next = withScreen(state, { ...screen, filter: EMPTY_INPUT, position });
    // Requests are chosen by the node that is asked, so that others have to be read.
    return screen.kind === 'requests' ? refresh(next) : stay(next);
  }
  if ('position' in screen && screen.position.marks.length > 0) {
    return stay(withScreen(state, { ...screen, position: { ...screen.position, marks: [] } }));
  }
  return back(state);
}
