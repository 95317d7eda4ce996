import type { Effect } from '../effects.ts';
import { toggleMark } from '../list.ts';
import { openTemplates } from '../open-screens.ts';
import type { Question } from '../overlay.ts';
import { back, goToTab, refresh, turnTab } from '../show.ts';
import { type Binding, type Screen, type State, type Step, stay, TAB_NAMES, withScreen } from '../state.ts';
import { EMPTY_INPUT } from '../text-input.ts';

type ListScreen = Extract<Screen, { position: unknown }>;

/** Keys of every screen but the form, after the screen's own. */
export const COMMON: readonly Binding[] = [
  {
    keys: ['?'],
    label: 'help',
    help: 'all keys of this screen',
    run: (state) => stay({ ...state, overlay: { kind: 'help', top: 0 } }),
  },
  {
    keys: ['q'],
    label: 'quit',
    help: 'leave; in a screen that was opened: go back',
    run: (state) => (state.stack.length === 0 ? stay(state, { do: 'quit' }) : back(state)),
  },
  { keys: ['esc', 'left', 'h', 'backspace'], help: 'go back, or drop the filter and the marks', run: leave },
  {
    keys: TAB_NAMES.map((_, index) => String(index + 1)),
    shows: '1-5',
    help: `go to the ${TAB_NAMES.join(', ')}`,
    run: (state, _screen, key) => goToTab(state, TAB_NAMES[Number(key) - 1]!),
  },
  { keys: ['tab'], help: 'the next of these, shift+tab the one before', run: (state) => turnTab(state, 1) },
  { keys: ['shift+tab'], run: (state) => turnTab(state, -1) },
  { keys: ['t'], help: 'message templates', run: openTemplates },
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
  label: 'filter',
  help: 'filter while typing; enter keeps the filter, esc drops it',
  run: (state, screen) =>
    'isFiltering' in screen ? stay(withScreen(state, { ...screen, isFiltering: true })) : stay(state),
};

/** What a key of a list does with the row under the cursor; nothing where there is none. */
export function onRow<S extends ListScreen, T>(shown: (state: State, screen: S) => readonly T[]) {
  return (run: (state: State, row: T, screen: S) => Step) =>
    (state: State, screen: S): Step => {
      const row = shown(state, screen)[screen.position.cursor];
      return row === undefined ? stay(state) : run(state, row, screen);
    };
}

/** Marks a row, or takes its mark off, and goes to the next. */
export function marked(state: State, screen: ListScreen, key: string): Step {
  const position = toggleMark(screen.position, key);
  return stay(withScreen(state, { ...screen, position: { ...position, cursor: position.cursor + 1 } }));
}

/** Puts a question over the screen. */
export function ask(state: State, question: Omit<Question, 'kind'>): Step {
  return stay({ ...state, overlay: { kind: 'question', ...question } });
}

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
