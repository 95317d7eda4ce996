import { type ComponentChild, Fragment, h } from 'preact';
import type { OutputSummary, RequestDetail } from '../../contract/requests.ts';
import { isEnd } from '../../contract/states.ts';
import type { TimelineStep } from '../../contract/timeline-step.ts';
import { sizeWords } from '../../lib/size-words.ts';
import { exactClockWords, spanWords } from '../../lib/time-words.ts';
import { hashOf, type Route, STATE_CHOICES } from '../state/route.ts';
import type { Question, ScreenData } from '../state/state.ts';
import { type Stage, wayOf } from '../state/way-of.ts';
import { TEXTS } from '../texts.ts';
import { download } from './download.ts';
import { Copy, FilterField, Requests, Section, StateWord, Table, typedIn, UNDO } from './parts.ts';
import { printable } from './printable.ts';

type RequestsRoute = Extract<Route, { screen: 'requests' }>;
type RequestsData = Extract<ScreenData, { screen: 'requests' }>;
type RequestData = Extract<ScreenData, { screen: 'request' }>;

interface ListProps {
  readonly data: RequestsData;
  readonly route: RequestsRoute;
  readonly now: number;
}

/** Requests, newest first, a page at a time. */
export function RequestList({ data: { page }, route, now }: ListProps): ComponentChild {
  const go = (more: Partial<RequestsRoute>) => {
    location.hash = hashOf({ ...route, ...more, cursor: undefined });
  };
  const choose = (event: Event) => {
    const value = (event.currentTarget as HTMLSelectElement).value;
    go({ state: (value || undefined) as RequestsRoute['state'] });
  };
  const submit = (event: SubmitEvent) => go({ node: typedIn(event, 'node') });
  return h(Fragment, null, [
    h('form', { class: 'filter', role: 'search', onSubmit: submit }, [
      h('label', null, [
        TEXTS.state,
        h('select', { onChange: choose, value: route.state ?? '' }, [
          h('option', { value: '' }, TEXTS.anyState),
          ...STATE_CHOICES.map((value) => h('option', { value }, value)),
        ]),
      ]),
      h(FilterField, {
        ...{ name: 'node', label: TEXTS.requestsNode, value: route.node, placeholder: 'ship1' },
      }),
    ]),
    h('p', { role: 'status' }, TEXTS.requestsShown(page.items.length, page.next !== null)),
    h(Requests, { label: TEXTS.screens.requests, requests: page.items, now, empty: TEXTS.requestsNone }),
    page.next &&
      h('nav', { class: 'pages', 'aria-label': TEXTS.later }, [
        h('a', { href: hashOf({ ...route, cursor: page.next }) }, TEXTS.later),
      ]),
  ]);
}

interface RequestProps {
  readonly data: RequestData;
  readonly mayAct: boolean;
  ask(question: Question): void;
  onCopied(): void;
}

/** One request: why it is as it is, each step by both clocks, and what it printed. */
export function Request({ data, mayAct, ask, onCopied }: RequestProps): ComponentChild {
  const { detail, stdout, stderr } = data;
  const output = (stream: 'stdout' | 'stderr', bytes: Uint8Array, hotkey?: string) =>
    h(Output, {
      ...{ title: TEXTS[stream], bytes, summary: detail[stream], hotkey, onCopied },
      name: `${detail.id}.${stream}`,
    });
  return h(Fragment, null, [
    h('p', { class: 'why' }, [h(StateWord, { state: detail.state }), ' ', detail.why]),
    mayAct && h(Buttons, { detail, ask }),
    h(Links, { detail }),
    h(Way, { detail }),
    h(Section, { title: TEXTS.timeline }, [
      h(Table<TimelineStep & { place: number }>, {
        ...{ label: TEXTS.timeline, empty: TEXTS.requestsNone },
        rows: detail.timeline.map((step, place) => ({ ...step, place })),
        keyOf: ({ place }) => String(place),
        columns: [
          { title: TEXTS.step, cell: ({ what }) => what },
          { title: TEXTS.here, cell: ({ at }) => (at === null ? '' : exactClockWords(at)) },
          { title: TEXTS.there, cell: ({ there }) => (there === null ? '' : exactClockWords(there)) },
          { title: TEXTS.note, cell: ({ note }) => note ?? '' },
        ],
      }),
    ]),
    output('stdout', stdout, 'y'),
    detail.stderr.totalBytes > 0 && output('stderr', stderr),
    detail.message &&
      h('details', null, [
        h('summary', null, TEXTS.message),
        h('pre', { tabIndex: 0 }, JSON.stringify(detail.message, null, 2)),
      ]),
  ]);
}

function Buttons({ detail, ask }: { detail: RequestDetail; ask(question: Question): void }): ComponentChild {
  const button = (does: 'cancel' | 'resend', text: string) =>
    h(
      'button',
      {
        ...{ type: 'button', onClick: () => ask({ does, request: detail }) },
        ...(does === 'cancel' ? UNDO : {}),
      },
      text,
    );
  return h('p', { class: 'buttons' }, [
    !isEnd(detail.state) && button('cancel', TEXTS.cancel),
    isEnd(detail.state) && detail.message !== null && button('resend', TEXTS.resend),
  ]);
}

function Links({ detail: { node, batch, resendOf, resentAs } }: { detail: RequestDetail }): ComponentChild {
  const link = (id: string) => h('a', { href: hashOf({ screen: 'request', id }) }, id);
  return h('p', null, [
    `${TEXTS.node}: `,
    h('a', { href: hashOf({ screen: 'node', name: node }) }, node),
    batch && [
      `. ${TEXTS.batch}: `,
      h('a', { href: hashOf({ screen: 'batch', id: batch, cursor: undefined }) }, batch),
    ],
    resendOf && [`. ${TEXTS.resendOf} `, link(resendOf)],
    resentAs.map((id) => [`. ${TEXTS.resentAs} `, link(id)]),
  ]);
}

interface OutputProps {
  readonly title: string;
  readonly bytes: Uint8Array;
  readonly summary: OutputSummary;
  readonly name: string;
  readonly hotkey: string | undefined;
  onCopied(): void;
}

/** What a program printed, as text and nothing else: no markup, no control characters. */
function Output({ title, bytes, summary, name, hotkey, onCopied }: OutputProps): ComponentChild {
  const { keptBytes, totalBytes } = summary;
  const text = printable(bytes);
  const save = () => download(name, bytes as Uint8Array<ArrayBuffer>);
  if (totalBytes === 0) return h(Section, { title }, h('p', { class: 'empty' }, TEXTS.noOutput));
  return h(Section, { title }, [
    keptBytes < totalBytes && h('p', null, TEXTS.cut(sizeWords(keptBytes), sizeWords(totalBytes))),
    h('pre', { tabIndex: 0, 'aria-label': title, role: 'region' }, text),
    h('p', { class: 'buttons' }, [
      h(Copy, { text, name: title, hotkey, onCopied }),
      h('button', { type: 'button', onClick: save }, TEXTS.download),
    ]),
  ]);
}

const MARKS = { done: '✓', failed: '✗', now: '…', later: '○', 'left-out': '–' } as const;
/** Not by colour alone: each mark has a word too. */
const CLASSES = { done: 'succeeded', failed: 'failed', now: 'running', later: 'empty', 'left-out': 'empty' };

/** The way of a request from this node to its own and to its end, as a row of stages. */
function Way({ detail }: { detail: RequestDetail }): ComponentChild {
  return h(
    'ol',
    { class: 'way', 'aria-label': TEXTS.way },
    wayOf(detail).map((stage) => h(StageItem, { detail, stage })),
  );
}

function StageItem({ detail, stage }: { detail: RequestDetail; stage: Stage }): ComponentChild {
  const { mark, at, there, sinceMs } = stage;
  const line = (text: string) => h('span', null, text);
  return h('li', { class: mark }, [
    h('strong', { class: CLASSES[mark] }, [
      h('span', { 'aria-hidden': true }, `${MARKS[mark]} `),
      titleOf(detail, stage),
    ]),
    at === null ? line(TEXTS.wayMarks[mark]) : line(`${TEXTS.here}: ${exactClockWords(at)}`),
    there !== null && line(`${TEXTS.there}: ${exactClockWords(there)}`),
    sinceMs !== null && line(TEXTS.waySince(spanWords(sinceMs))),
    stage.stage === 'sent' && detail.attempts > 0 && line(TEXTS.wayAttempts(detail.attempts)),
  ]);
}

function titleOf({ node, state }: RequestDetail, { stage, mark }: Stage): string {
  if (stage === 'end') return mark === 'done' || mark === 'failed' ? state : TEXTS.wayStages.end;
  return stage === 'sent' ? TEXTS.waySent(node) : TEXTS.wayStages[stage];
}
