import { routeOf, subjectOf } from '../state/route.ts';
import type { Action } from '../state/state.ts';
import { TEXTS } from '../texts.ts';

/** Acts on the keys of the whole page; those that are typed into a field or a dialog are left alone. */
export function listenForKeys(dispatch: (action: Action) => void): void {
  let before = '';
  document.addEventListener('keydown', (event) => {
    const { key, target, ctrlKey, metaKey, altKey } = event;
    const isGo = ctrlKey && key === 'k';
    const isTyping = (target as HTMLElement).closest('input, select, textarea, dialog') !== null;
    if (!isGo && (isTyping || ctrlKey || metaKey || altKey)) return;
    const does = isGo ? GO : (CHORDS[`${before} ${key}`] ?? KEYS[key]);
    before = key;
    if (does === undefined) return;
    event.preventDefault();
    does(dispatch);
  });
}

type Doing = (dispatch: (action: Action) => void) => void;

const GO: Doing = (dispatch) => dispatch({ type: 'overlay', overlay: 'go' });
const KEYS: Readonly<Record<string, Doing>> = {
  '?': (dispatch) => dispatch({ type: 'overlay', overlay: 'keys' }),
  '/': () => document.querySelector<HTMLElement>('[data-filter]')?.focus(),
  j: () => moveRow(1),
  k: () => moveRow(-1),
  c: copyRow,
  y: () => press('y'),
  u: () => press('u'),
  p: (dispatch) => dispatch({ type: 'hold' }),
  t: (dispatch) => dispatch({ type: 'exact' }),
  s: (dispatch) => dispatch({ type: 'show-changes' }),
};
const CHORDS: Readonly<Record<string, Doing>> = {
  'g n': () => goTo('#/'),
  'g o': () => goTo('#/nodes'),
  'g r': () => goTo('#/requests'),
  'g b': () => goTo('#/batches'),
  'g q': () => goTo('#/queues'),
  'g d': () => goTo('#/schedules'),
  'g a': () => goTo('#/audit'),
  'g e': () => goTo('#/errors'),
  'g s': () => goTo('#/settings'),
  'g c': () => goTo('#/charts'),
  'g x': () => goTo('#/run'),
};

function goTo(hash: string): void {
  location.hash = hash;
}

/** Presses the button of the page that has this key. */
function press(key: string): void {
  document.querySelector<HTMLElement>(`main [data-key="${key}"]`)?.click();
}

/** Copies the id or name of the row that has the focus, or of what the page is about. */
function copyRow(dispatch: (action: Action) => void): void {
  const row = document.activeElement?.closest<HTMLAnchorElement>('main [data-row]');
  const text = row && subjectOf(routeOf(row.hash));
  if (!text) return press('c');
  void navigator.clipboard
    .writeText(text)
    .then(() => dispatch({ type: 'said', text: TEXTS.copiedText(text) }));
}

/** Puts the focus on the next or the previous row. */
function moveRow(by: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>('main [data-row]')];
  const at = rows.indexOf(document.activeElement as HTMLElement);
  const next = rows[at === -1 ? 0 : Math.min(Math.max(at + by, 0), rows.length - 1)];
  next?.focus();
}
