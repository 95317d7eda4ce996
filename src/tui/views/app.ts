import { Box, Text, useInput, usePaste } from 'ink';
import { createContext, type ReactNode, useContext, useSyncExternalStore } from 'react';
import { outcomeCounts } from '../../contract/states.ts';
import { callWords } from '../../lib/call-words.ts';
import { clockWords, countWords } from '../../lib/time-words.ts';
import { h } from '../h.ts';
import { keyPresses } from '../state/key-press.ts';
import { bodyHeight, formLayout, isTooSmall, SMALLEST } from '../state/layout.ts';
import { labelText } from '../state/node-list.ts';
import { currentScreen, type RequestsScreen, type State } from '../state/state.ts';
import type { Store } from '../store.ts';
import { cleanLine } from '../text/clean.ts';
import { fitLine, type Line, paint, type Span, span, type Theme } from '../text/spans.ts';
import { age, ago } from '../text/times.ts';
import { formLines, previewLines } from './form-view.ts';
import { keysLine, tabsLine, titleLine, wordsLine } from './frame.ts';
import { listLines } from './lists.ts';
import { helpLines, panelLines, pickerLines, rule } from './overlays.ts';
import { requestLines } from './request-view.ts';
import { outcomeStyle, presenceSpan } from './state-styles.ts';

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

/** How lines are drawn; set once at the top. */
const ThemeContext = createContext<Theme>({ isColoured: true, isUnicode: true });

interface RowsProps {
  readonly lines: readonly Line[];
  readonly width: number;
  /** Rows to fill; as many as there are lines unless told. */
  readonly height?: number;
}

/** Lines of the screen, each in exactly the given width: nothing wraps and nothing reaches the terminal unclean. */
function Rows({ lines, width, height = lines.length }: RowsProps): ReactNode {
  const theme = useContext(ThemeContext);
  const shown = Array.from({ length: height }, (_, index) => lines[index] ?? []);
  return h(
    Box,
    { flexDirection: 'column', width, height, flexShrink: 0 },
    ...shown.map((line) =>
      h(
        Box,
        { width, height: 1, flexShrink: 0 },
        h(Text, { wrap: 'truncate' }, paint(fitLine(line, width), theme)),
      ),
    ),
  );
}

/** What stands above the list of a node's or a batch's requests. */
function headLines(state: State, screen: RequestsScreen): Line[] {
  if (screen.node !== null) return nodeLines(state, screen.node);
  return screen.batch === null ? [] : [batchLine(screen), []];
}

function nodeLines(state: State, name: string): Line[] {
  const node = state.nodes?.find((candidate) => candidate.name === name);
  if (node === undefined) return [[span('  It was never heard of here.', 'dim')], [], [], []];
  const { presence, lastSeenAt, version, os, arch, startedAt, isSelf, isCentral, queued, running } = node;
  const role = [...(isSelf ? ['the node that is asked'] : []), ...(isCentral ? ['the central node'] : [])];
  return [
    [
      '  ',
      presenceSpan(presence, callWords(node.callsAt, state.now)),
      isSelf ? '' : `, seen ${ago(lastSeenAt, state.now)}`,
      role.length === 0 ? '' : `, ${role.join(' and ')}`,
    ],
    [
      `  ${cleanLine(`${os ?? 'system not told'} ${arch ?? ''}`)}, version ${cleanLine(version ?? 'not told')}`,
      startedAt === null ? '' : `, started ${clockWords(startedAt, state.now)}`,
      span(`  ${labelText(node.labels, node.note)}`, 'dim'),
    ],
    [`  ${queued} queued, ${running} running`, ...queueSpans(state, name)],
    [],
  ];
}

/** Of what waits for a node: the first queues, with what they wait for. */
function queueSpans(state: State, name: string): Span[] {
  const { queues } = state.tabs;
  const own = queues.kind === 'queues' ? (queues.items ?? []).filter(({ node }) => node === name) : [];
  const [first] = own;
  if (first === undefined) return [];
  const waits = first.waitsFor === null ? '' : ` (${cleanLine(first.waitsFor)})`;
  const more = own.length > 1 ? ` and ${countWords(own.length - 1, 'more queue')}` : '';
  const oldest = `, oldest ${age(first.oldestQueuedAt, state.now)}`;
  return [span(`: ${first.queued} ${cleanLine(first.method)}${oldest}${waits}${more}`, 'dim')];
}

function batchLine({ batch }: RequestsScreen): Line {
  if (batch === null) return [];
  const counts = outcomeCounts(batch.counts).flatMap(({ outcome, count }, index): Span[] => [
    index === 0 ? '' : ', ',
    span(`${count} ${outcome}`, outcomeStyle(outcome)),
  ]);
  return [`  ${countWords(batch.total, 'request')}: `, ...counts];
}
