import { type ComponentChild, type ComponentChildren, createContext, Fragment, h } from 'preact';
import { useContext } from 'preact/hooks';
import type { BatchSummary } from '../../contract/batch-summary.ts';
import type { DoctorFinding } from '../../contract/doctor.ts';
import type { NodeFile } from '../../contract/files.ts';
import type { NodePage } from '../../contract/nodes.ts';
import type { RequestSummary } from '../../contract/requests.ts';
import type { Role } from '../../contract/sessions.ts';
import { isEnd, outcomeOf, type RequestState } from '../../contract/states.ts';
import { agoWords, exactClockWords, spanWords } from '../../lib/time-words.ts';
import { hashOf } from '../state/route.ts';
import type { RunForm } from '../state/run-form.ts';
import type { Question } from '../state/state.ts';
import { TEXTS } from '../texts.ts';
import { downloadTable } from './download.ts';

/** Whether times are shown as the clock has them, instead of how long ago they are. */
export const ExactTimes = createContext(false);

/** A time as people say it with the exact one behind it, or the other way round. */
export function Time({ at, now }: { at: number | null; now: number }): ComponentChild {
  const isExact = useContext(ExactTimes);
  if (at === null) return h('span', null, TEXTS.never);
  const [clock, ago] = [exactClockWords(at), agoWords(at, now)];
  const dateTime = new Date(at).toISOString();
  return h('time', { dateTime, title: isExact ? ago : clock }, isExact ? clock.slice(0, -4) : ago);
}

/** A state as a word with a mark, so that colour is not needed. */
export function StateWord({ state }: { state: RequestState }): ComponentChild {
  const outcome = outcomeOf(state);
  const mark = isEnd(state) ? (outcome === 'succeeded' ? '✓' : '✗') : '…';
  return h('span', { class: `state ${outcome}` }, h('span', { 'aria-hidden': true }, `${mark} `), state);
}

/** A section under a heading. */
export function Section({
  title,
  children,
}: {
  title: string;
  children?: ComponentChildren;
}): ComponentChild {
  return h('section', null, h('h2', null, title), children);
}

/** A column of a table; `sort` names the order that its head asks for. */
export interface Column<T> {
  readonly title: string;
  readonly isRight?: boolean;
  readonly sort?: { readonly isCurrent: boolean; readonly isDescending: boolean; readonly href: string };
  cell(row: T): ComponentChildren;
}

interface TableProps<T> {
  readonly label: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly total?: number;
  readonly empty: string;
  /** Whether it can be saved as CSV. */
  readonly hasCsv?: boolean;
  keyOf(row: T): string;
}

/** A table that can be wider than the page: it scrolls by itself, by keyboard too. */
export function Table<T>({
  label,
  columns,
  rows,
  total,
  empty,
  hasCsv,
  keyOf,
}: TableProps<T>): ComponentChild {
  if (rows.length === 0) return h('p', { class: 'empty' }, empty);
  const head = columns.map((column) => h(Head<T>, { column }));
  const body = rows.map((row) =>
    h(
      'tr',
      { key: keyOf(row) },
      columns.map((column) => h('td', { class: column.isRight ? 'right' : undefined }, column.cell(row))),
    ),
  );
  const save = (event: Event) =>
    downloadTable(
      label,
      (event.currentTarget as HTMLElement).previousElementSibling!.querySelector('table')!,
    );
  const table = h(
    'div',
    { class: 'scroll', tabIndex: 0, role: 'region', 'aria-label': label },
    h('table', { 'aria-label': label, 'aria-rowcount': total === undefined ? undefined : total + 1 }, [
      h('thead', null, h('tr', null, head)),
      h('tbody', null, body),
    ]),
  );
  if (!hasCsv) return table;
  const csv = {
    type: 'button',
    class: 'small',
    onClick: save,
    'aria-label': TEXTS.csv(label),
  } as const;
  return h(Fragment, null, [table, h('button', csv, TEXTS.asCsv)]);
}

function Head<T>({ column: { title, isRight, sort } }: { column: Column<T> }): ComponentChild {
  const order = sort?.isCurrent ? (sort.isDescending ? 'descending' : 'ascending') : undefined;
  const content = sort === undefined ? title : h('a', { href: sort.href }, title);
  return h('th', { scope: 'col', class: isRight ? 'right' : undefined, 'aria-sort': order }, content);
}

interface RequestsProps {
  readonly label: string;
  readonly requests: readonly RequestSummary[];
  readonly now: number;
  readonly empty: string;
  /** Whether a column says when they run. */
  readonly hasSchedule?: boolean;
}

/** A table of requests. */
export function Requests({ label, requests, now, empty, hasSchedule }: RequestsProps): ComponentChild {
  const { columns } = TEXTS;
  return h(Table<RequestSummary>, {
    ...{ label, rows: requests, empty, hasCsv: true },
    keyOf: ({ id }) => id,
    columns: [
      {
        title: columns.request,
        cell: ({ id, what, method }) => requestLink(id, what || method),
      },
      {
        title: columns.name,
        cell: ({ node }) => h('a', { href: hashOf({ screen: 'node', name: node }) }, node),
      },
      ...(hasSchedule
        ? [
            {
              title: TEXTS.schedule,
              cell: (row: RequestSummary) => h('span', { class: 'whole' }, scheduleText(row)),
            },
          ]
        : []),
      { title: columns.state, cell: ({ state }) => h(StateWord, { state }) },
      { title: columns.when, cell: ({ queuedAt }) => h(Time, { at: queuedAt, now }) },
      {
        title: columns.took,
        isRight: true,
        cell: ({ tookMs }) => (tookMs === null ? '' : spanWords(tookMs)),
      },
      { title: columns.reason, cell: ({ reason }) => reason ?? '' },
    ],
  });
}

/** A link to a request, by what was asked and the beginning of its id. */
export function requestLink(id: string, what: string): ComponentChild {
  return h('a', { href: hashOf({ screen: 'request', id }), 'data-row': true }, [
    h('span', null, what),
    ' ',
    h('small', null, id.slice(0, 13)),
  ]);
}

function scheduleText({ schedule }: RequestSummary): string {
  return typeof schedule === 'string' ? schedule : JSON.stringify(schedule);
}

/** What a button has that takes back what was sent. */
export const UNDO = { 'data-key': 'u', 'aria-keyshortcuts': 'u' } as const;

interface FilterFieldProps {
  readonly name: string;
  readonly label: string;
  /** What is filtered by now; the field shows it unless somebody types. */
  readonly value: string | undefined;
  readonly placeholder?: string;
  /** The id of a list of what may be meant. */
  readonly list?: string;
  onInput?(event: Event): void;
}

/** A text by which a list is filtered. */
export function FilterField({ name, label, value = '', onInput, ...more }: FilterFieldProps): ComponentChild {
  const show = (input: HTMLInputElement | null) => {
    if (input !== null && input !== document.activeElement) input.value = value;
  };
  const field = {
    ...more,
    name,
    type: 'search',
    ref: show,
    onInput,
    autocomplete: 'off',
    spellcheck: false,
  };
  return h('label', null, [label, h('input', { ...field, 'data-filter': true })]);
}

/** What was typed into a field of a form, when the form is sent. */
export function typedIn(event: SubmitEvent, name: string): string | undefined {
  event.preventDefault();
  return String(new FormData(event.currentTarget as HTMLFormElement).get(name)).trim() || undefined;
}

interface CopyProps {
  readonly text: string;
  /** What is copied, where that is not the text itself. */
  readonly name?: string;
  readonly hotkey?: string;
  onCopied(): void;
}

/** A button that copies a text. */
export function Copy({ text, name = text, hotkey, onCopied }: CopyProps): ComponentChild {
  const copy = () => void navigator.clipboard.writeText(text).then(onCopied);
  const label = { 'aria-label': `${TEXTS.copy}: ${name}`, 'aria-keyshortcuts': hotkey };
  return h('button', { type: 'button', onClick: copy, 'data-key': hotkey, ...label }, TEXTS.copy);
}

export function CopyLine({
  label,
  text,
  onCopied,
}: {
  label: string;
  text: string;
  onCopied(): void;
}): ComponentChild {
  return h('p', { class: 'command' }, [
    h('span', null, label),
    h('code', null, text),
    h(Copy, { text, onCopied }),
  ]);
}

/** The newest requests and batches. */
export interface Recent {
  readonly requests: readonly RequestSummary[];
  readonly batches: readonly BatchSummary[];
}

/** What views have done. */
export interface Tasks {
  /** Does what was confirmed. */
  answer(question: Question): void;
  /** Checks a message without sending it, and says what would come of it. */
  check(form: RunForm): void;
  /** Has the browser make a passkey for this console. */
  makePasskey(name: string, role: Role): void;
  /** What doctor finds about the node that serves the page. Throws WebError with the sentence of the node. */
  examine(): Promise<readonly DoctorFinding[]>;
  /** A file of a node, whole. Throws WebError with the sentence of the node. */
  readFile(node: string, file: NodeFile): Promise<Blob>;
  /** Signs in with a passkey. */
  signIn(): void;
  /** How many nodes a target means. Throws WebError with the sentence of the node. */
  preview(target: string): Promise<Pick<NodePage, 'total' | 'presences'>>;
  /** The names of nodes that begin with a text; none where the node cannot be asked. */
  findNodes(text: string): Promise<readonly string[]>;
  /** The names of the groups of nodes; none where the node cannot be asked. */
  groups(): Promise<readonly string[]>;
  /** The newest requests and batches; none where the node cannot be asked. */
  recent(): Promise<Recent>;
}
