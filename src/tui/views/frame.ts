import { clockWords, countWords, shortDuration } from '../../lib/time-words.ts';
import { shownBatches } from '../state/bindings/batches.ts';
import { shownNodes } from '../state/bindings/nodes.ts';
import { shownErrors, shownQueues } from '../state/bindings/queues.ts';
import { bindingsOf } from '../state/bindings-of.ts';
import { type FormScreen, rowsOf, textIn } from '../state/form.ts';
import { labelText } from '../state/node-list.ts';
import type { Overlay } from '../state/overlay.ts';
import { filterOf, shownRequests } from '../state/request-list.ts';
import { rowCount } from '../state/settled.ts';
import { currentScreen, type RequestsScreen, type Screen, type State, TAB_NAMES } from '../state/state.ts';
import { inputText, type TextInput, visibleInput } from '../state/text-input.ts';
import { cleanLine } from '../text/clean.ts';
import { cutTo, fit } from '../text/fit.ts';
import { type Line, lineWidth, type Span, span } from '../text/spans.ts';
import { textPosition } from './request-view.ts';
import { resultText } from './state-styles.ts';

const TAB_TITLES = {
  nodes: 'Nodes',
  requests: 'Requests',
  batches: 'Batches',
  queues: 'Queues',
  errors: 'Errors',
};

/** The first line: the tabs, and the node with the time and whether it answers. */
export function tabsLine(state: State): Line {
  const tabs = TAB_NAMES.flatMap((name, index): Span[] => {
    const text = ` ${index + 1} ${TAB_TITLES[name]} `;
    return [
      state.tab === name ? span(text, state.stack.length === 0 ? 'chosen' : 'bold') : span(text, 'dim'),
    ];
  });
  return ends(tabs, linkSpans(state), state.size.columns);
}

function linkSpans({ link, status, now }: State): Span[] {
  const name = cutTo(cleanLine(status?.node ?? ''), 20);
  const time = clockWords(now, now).slice(0, 5);
  if (link.state === 'lost')
    return [span(`${name} gone for ${shortDuration(now - link.since)} ○`, 'bad'), ' '];
  if (link.state === 'connecting') return [span('connecting …', 'wait'), ' '];
  const isCutOff = status !== null && !status.broker.isConnected;
  return [`${name} ${time} `, isCutOff ? span('○ no broker', 'wait') : span('●', 'good'), ' '];
}

/** The second line: what is seen, and how much of it. */
export function titleLine(state: State): Line {
  const screen = currentScreen(state);
  const left: Line = [' ', span(titleOf(state, screen), 'title')];
  return ends(left, [span(`${countText(state, screen)} `, 'dim')], state.size.columns);
}

function titleOf(state: State, screen: Screen): string {
  switch (screen.kind) {
    case 'requests':
      return screen.batch === null
        ? screen.title
        : `Batch ${cutTo(cleanLine(screen.batch.label), Math.max(10, state.size.columns - 50))}`;
    case 'request':
      return `Request ${screen.id}`;
    case 'form':
      return screen.whole === null ? 'New message' : countWords(screen.whole.length, 'message');
    case 'templates':
      return 'Templates';
    default:
      return TAB_TITLES[screen.kind];
  }
}

function countText(state: State, screen: Screen): string {
  if (screen.kind === 'request') return textPosition(state, screen);
  if (!('position' in screen)) return '';
  const { marks } = screen.position;
  const filter = inputText(screen.filter);
  const parts = [
    ...(marks.length > 0 ? [`${marks.length} marked`] : []),
    ...(filter === '' || screen.isFiltering ? [] : [`filter: ${filter}`]),
    `${rowCount(state, screen)}${totalText(state, screen)}`,
  ];
  return parts.join('  ');
}

function totalText(state: State, screen: Screen): string {
  if (screen.kind === 'requests') return requestTotal(state, screen);
  if (screen.kind === 'batches') return screen.next === null ? '' : '+';
  if (screen.kind !== 'nodes') return '';
  const all = state.nodes ?? [];
  const away = all.filter(({ presence }) => presence === 'away').length;
  return ` of ${all.length}, ${away} away`;
}

/** How far a list of requests was read. */
function requestTotal(state: State, screen: RequestsScreen): string {
  const isSearch = filterOf(state, screen).words.length > 0 && screen.next !== null;
  if (isSearch) return ` found in ${screen.searched}${screen.isLoading ? ' …' : ', G looks further'}`;
  const newer = screen.dropped > 0 ? `, after ${screen.dropped} newer` : '';
  return `${screen.next === null ? '' : '+'}${newer}`;
}

/** The line above the keys: what is being written, else what happened, else more of what is under the cursor. */
export function wordsLine(state: State): Line {
  const screen = currentScreen(state);
  const width = state.size.columns;
  if ('isFiltering' in screen && screen.isFiltering) return filterLine(state, screen);
  if (state.notice !== null) {
    const { text, tone } = state.notice;
    return [' ', span(fit(cleanLine(text), width - 2), tone)];
  }
  if (state.link.state === 'lost') {
    return [' ', span(fit(`trying again: ${cleanLine(state.link.reason)}`, width - 2), 'bad')];
  }
  if ('fault' in screen && screen.fault !== null)
    return [' ', span(fit(cleanLine(screen.fault), width - 2), 'bad')];
  return state.overlay === null ? [' ', span(fit(hintText(state, screen), width - 2), 'dim')] : [];
}

function filterLine(state: State, screen: Extract<Screen, { isFiltering: boolean }>): Line {
  const fault = screen.kind === 'requests' ? filterOf(state, screen).fault : null;
  const example = screen.kind === 'requests' ? 'state:failed node:ship* method:cli since:2h words' : '';
  const note = fault ?? (screen.filter.letters.length === 0 ? example : '');
  const input = inputSpans(screen.filter, Math.max(10, state.size.columns - note.length - 14), true);
  return [' filter: ', ...input, '  ', span(note, fault === null ? 'dim' : 'bad')];
}

/** A text that is being written, its cursor in inverse. */
export function inputSpans(input: TextInput, width: number, hasKeys: boolean): Span[] {
  const { before, under, after } = visibleInput(input, width);
  return hasKeys ? [before, span(under, 'cursor'), after] : [before + under + after];
}

/** The last line: the keys that matter here; the first ones stay where there is no room for all, and so does help. */
export function keysLine(state: State): Line {
  const keys = keysOf(state);
  const last = keys.filter(({ isLast }) => isLast);
  const shown: { shows: string; label: string }[] = [];
  let room = state.size.columns - 1 - widthOfKeys(last);
  for (const key of keys.filter(({ isLast }) => !isLast)) {
    const width = widthOfKeys([key]);
    if (width > room) break;
    room -= width;
    shown.push(key);
  }
  return [
    ' ',
    ...[...shown, ...last].flatMap(({ shows, label }) => [span(shows, 'bold'), span(` ${label}  `, 'dim')]),
  ];
}

function widthOfKeys(keys: readonly { shows: string; label: string }[]): number {
  return keys.reduce((sum, { shows, label }) => sum + lineWidth([shows, label]) + 3, 0);
}

interface Key {
  readonly shows: string;
  readonly label: string;
  readonly isLast: boolean;
}

function keysOf(state: State): Key[] {
  const screen = currentScreen(state);
  if (state.overlay !== null) return overlayKeys(state.overlay);
  if ('isFiltering' in screen && screen.isFiltering) {
    return keyList(['enter', 'keep'], ['esc', 'drop'], ['↑↓', 'move']);
  }
  const keys = bindingsOf(screen).flatMap(({ keys, shows = keys[0]!, label }) =>
    label === undefined ? [] : [{ shows, label, isLast: ['?', 'q', 'ctrl+g'].includes(shows) }],
  );
  const isOpened = state.stack.length > 0 && screen.kind !== 'form';
  return keys.map((key) => (key.shows === 'q' && isOpened ? { ...key, label: 'back' } : key));
}

function overlayKeys(overlay: Overlay): Key[] {
  switch (overlay.kind) {
    case 'help':
      return keyList(['↑↓', 'move'], ['any other key', 'back']);
    case 'question':
      return overlay.answers.length === 0
        ? keyList(['any key', 'back'])
        : keyList(...overlay.answers.map(({ key, label }): [string, string] => [key, label]), [
            'esc',
            'leave it',
          ]);
    case 'picker':
      return keyList(['type', 'to narrow'], ['↑↓', 'move'], ['enter', 'choose'], ['esc', 'back']);
    case 'name':
      return keyList(['enter', 'save'], ['esc', 'back']);
  }
}

function keyList(...keys: readonly (readonly [string, string])[]): Key[] {
  return keys.map(([shows, label]) => ({ shows, label, isLast: false }));
}

/** Two ends of one line; the right one gives way. */
function ends(left: Line, right: Line, width: number): Line {
  const gap = width - lineWidth(left) - lineWidth(right);
  return gap >= 1 ? [...left, ' '.repeat(gap), ...right] : left;
}

/** More of what is under the cursor than its row has room for, in a line. */
function hintText(state: State, screen: Screen): string {
  if (screen.kind === 'form') return fieldHint(state, screen);
  return 'position' in screen ? cleanLine(rowHint(state, screen) ?? '') : '';
}

function rowHint(state: State, screen: Extract<Screen, { position: unknown }>): string | undefined {
  const { cursor } = screen.position;
  switch (screen.kind) {
    case 'nodes':
      return shownNodes(state, screen)
        .slice(cursor, cursor + 1)
        .map(({ labels }) => labelText(labels))[0];
    case 'requests':
      return shownRequests(state, screen)
        .slice(cursor, cursor + 1)
        .map((request) => `${request.id}  ${request.what ?? ''}  ${resultText(request, state.now)}`)[0];
    case 'batches':
      return shownBatches(screen)
        .slice(cursor, cursor + 1)
        .map(({ id, label }) => `${id}  ${label}`)[0];
    case 'queues':
      return shownQueues(screen)[cursor]?.waitsFor ?? undefined;
    case 'errors':
      return shownErrors(screen)[cursor]?.line;
    case 'templates':
      return undefined;
  }
}

/** What the field that has the keys is for. */
function fieldHint(state: State, form: FormScreen): string {
  const row = rowsOf(form, state.methods).find(({ field }) => field === form.focus);
  if (row === undefined) return '';
  const isMissing = row.isRequired && textIn(form, row.field) === '';
  return `${cleanLine(row.summary)}${isMissing ? ' (needed)' : ''}`;
}
