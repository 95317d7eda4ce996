import { Box, useInput, usePaste } from 'ink';
import { type ReactNode, useSyncExternalStore } from 'react';
import { h } from '../h.ts';
import { keyPresses } from '../state/key-press.ts';
import { bodyHeight, formLayout, isTooSmall, SMALLEST } from '../state/layout.ts';
import { currentScreen, type State } from '../state/state.ts';
import type { Store } from '../store.ts';
import type { Line, Theme } from '../text/spans.ts';
import { formLines, previewLines } from './form-view.ts';
import { keysLine, tabsLine, titleLine, wordsLine } from './frame.ts';
import { headLines } from './heads.ts';
import { listLines } from './lists.ts';
import { helpLines, panelLines, pickerLines, rule } from './overlays.ts';
import { requestLines } from './request-view.ts';
import { Rows, ThemeContext } from './rows.ts';

/** The whole screen. Hands keys to the store and draws its state. */
export function App({ store, theme }: { readonly store: Store; readonly theme: Theme }): ReactNode {
  const state = useSyncExternalStore(store.subscribe, () => store.state);
  useInput((input, flags) => {
    for (const press of keyPresses(input, flags)) store.dispatch({ type: 'key', press });
  });
  usePaste((text) => store.dispatch({ type: 'paste', text }));
  const { columns, rows } = state.size;
  return h(
    ThemeContext,
    { value: theme },
    h(
      Box,
      { flexDirection: 'column', width: columns, height: rows },
      isTooSmall(state)
        ? h(TooSmall, { state })
        : [
            h(Rows, { key: 'head', lines: [tabsLine(state), titleLine(state)], width: columns }),
            h(Body, { key: 'body', state }),
            h(Rows, { key: 'foot', lines: [wordsLine(state), keysLine(state)], width: columns }),
          ],
    ),
  );
}

/** Everything between the title and the two lines at the bottom. */
function Body({ state }: { readonly state: State }): ReactNode {
  const height = bodyHeight(state);
  const width = state.size.columns;
  const { overlay } = state;
  if (overlay?.kind === 'help') {
    const lines = helpLines(state);
    const top = Math.min(overlay.top, Math.max(0, lines.length - height));
    return h(Rows, { lines: lines.slice(top), width, height });
  }
  if (overlay?.kind === 'picker') return h(Rows, { lines: pickerLines(state, overlay), width, height });
  const panel = overlay === null ? [] : panelLines(overlay, { width, height });
  const screen = currentScreen(state);
  return h(
    Box,
    { flexDirection: 'column', width, height },
    screen.kind === 'form'
      ? h(FormBody, { state, height: height - panel.length })
      : h(Rows, { lines: screenLines(state), width, height: height - panel.length }),
    h(Rows, { lines: panel, width }),
  );
}

function screenLines(state: State): Line[] {
  const screen = currentScreen(state);
  if (screen.kind === 'request') return requestLines(state, screen);
  if (screen.kind === 'form') return [];
  const head = screen.kind === 'requests' ? headLines(state, screen) : [];
  return [...head, ...listLines(state, screen)];
}

/** A form with the message to its right, or below it on a narrow terminal. */
function FormBody({ state, height }: { readonly state: State; readonly height: number }): ReactNode {
  const form = currentScreen(state);
  if (form.kind !== 'form') return null;
  const { columns } = state.size;
  const { isBeside, formRows, formWidth } = formLayout(state);
  const fields = formLines(state, form);
  if (isBeside) {
    const width = columns - formWidth;
    return h(
      Box,
      { flexDirection: 'row', width: columns, height },
      h(Rows, { lines: fields, width: formWidth, height }),
      h(Rows, { lines: previewLines(state, form, { width, height, isWide: true }), width, height }),
    );
  }
  const rows = Math.min(formRows, height);
  const position = { width: columns, height: height - rows - 1, isWide: false };
  const preview = [rule(columns), ...previewLines(state, form, position)];
  return h(
    Box,
    { flexDirection: 'column', width: columns, height },
    h(Rows, { lines: fields, width: columns, height: rows }),
    h(Rows, { lines: preview, width: columns, height: height - rows }),
  );
}

function TooSmall({ state }: { readonly state: State }): ReactNode {
  const { columns, rows } = state.size;
  const text = `stew needs ${SMALLEST.columns}x${SMALLEST.rows}`;
  const lines: Line[] = [[text], [`this is ${columns}x${rows}`], ['make it larger, or q']];
  return h(Rows, { lines: lines.slice(0, rows), width: columns, height: rows });
}
