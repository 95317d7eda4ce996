import { MOVES } from '../state/bindings/common.ts';
import { bindingsOf } from '../state/bindings-of.ts';
import type { Overlay, Picker } from '../state/overlay.ts';
import { pickerHeight, shownOptions } from '../state/overlay-update.ts';
import { currentScreen, type State } from '../state/state.ts';
import { cleanLine } from '../text/clean.ts';
import { fit, wrap } from '../text/fit.ts';
import { type Line, span } from '../text/spans.ts';
import { inputSpans } from './frame.ts';
import { tableLines } from './table.ts';

/** What a question or a prompt shows over the lower rows of the body. */
export function panelLines(overlay: Overlay, { width, height }: { width: number; height: number }): Line[] {
  if (overlay.kind === 'question') {
    const lines = overlay.lines
      .flatMap((line) => wrap(cleanLine(line), width - 4))
      .slice(0, overlay.answers.length === 0 ? height - 3 : 8);
    return [rule(width), title(overlay.title), ...lines.map((line) => [`  ${line}`])];
  }
  if (overlay.kind === 'name') {
    const fault = overlay.fault ?? '';
    return [
      rule(width),
      title(overlay.title),
      ['  ', ...inputSpans(overlay.input, width - 4, true)],
      [span(`  ${fault}`, 'bad')],
    ];
  }
  return [];
}

/** A thin line across the screen. */
export function rule(width: number): Line {
  return [span('─'.repeat(width), 'dim')];
}

/** The list that a value is picked from, over the whole body. */
export function pickerLines(state: State, picker: Picker): Line[] {
  const width = state.size.columns;
  const table = tableLines({
    columns: [
      { title: 'NAME', width: 'natural', limit: 28, cell: ({ value }) => cleanLine(value) },
      { title: 'WHAT IT IS', width: 'rest', limit: 20, cell: ({ note }) => cleanLine(note) },
    ],
    rows: shownOptions(picker),
    position: picker.position,
    height: pickerHeight(state),
    width,
    keyOf: ({ value }: Picker['options'][number]) => value,
    empty: 'nothing fits what was typed',
  });
  return [
    [' ', span(`${picker.title} `, 'bold'), ...inputSpans(picker.filter, width - 30, true)],
    [],
    ...table,
  ];
}

/** The help of a screen: its keys, and the words that it uses. */
export function helpLines(state: State): Line[] {
  const screen = currentScreen(state);
  const width = state.size.columns;
  const keys = bindingsOf(screen).flatMap(({ keys, shows = keys[0]!, help }) =>
    help === undefined ? [] : [{ shows, help }],
  );
  const moves = 'position' in screen || screen.kind === 'request' ? [MOVES] : [];
  return [
    title('Keys of this screen'),
    ...[...moves, ...keys].map(({ shows, help }) => helpLine(shows, help, width)),
    helpLine('ctrl+l', 'draw the screen again', width),
    helpLine('ctrl+z', 'back to the shell for a while; fg returns', width),
    helpLine('ctrl+c', 'leave at once', width),
    [],
    title('States of a request'),
    ...STATES.flatMap(([states, meaning]) =>
      wrap(`${states}: ${meaning}`, width - 4).map(
        (row, index): Line => [index === 0 ? `  ${row}` : `    ${row}`],
      ),
    ),
  ];
}

const STATES: readonly (readonly [string, string])[] = [
  ['queued, sent', 'it waits here for its node, or its node has not answered yet'],
  ['accepted, running', 'it is on the disk of its node, or being run'],
  ['succeeded', 'it ended well'],
  ['failed, timed-out', 'it ran and ended badly, or took too long'],
  ['interrupted', 'its node died while it ran; it is not run again'],
  ['rejected', 'its node refused it for good'],
  ['expired, undelivered', 'its time was over, or its attempts, before its node accepted it'],
  ['cancelled', 'somebody called it off'],
  ['superseded', 'a newer request with its key came before it began'],
];

function title(text: string): Line {
  return [' ', span(text, 'bold')];
}

function helpLine(shows: string, help: string, width: number): Line {
  return ['  ', span(fit(shows, 15), 'accent'), fit(help, width - 18)];
}
