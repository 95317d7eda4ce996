import { type ComponentChild, Fragment, h } from 'preact';
import type { QueueSummary } from '../../contract/queues.ts';
import { REQUEST_STATES } from '../../contract/states.ts';
import { joinWords } from '../../lib/shell-words.ts';
import { hashOf } from '../state/route.ts';
import type { ScreenData } from '../state/state.ts';
import { TEXTS } from '../texts.ts';
import { LinkDays, Links } from './link-days.ts';
import { FilterField, requestLink, Section, StateWord, Table, Time, typedIn } from './parts.ts';

type QueuesData = Extract<ScreenData, { screen: 'queues' }>;
type AuditData = Extract<ScreenData, { screen: 'audit' }>;
type Entry = AuditData['entries'][number];

/** What waits to be delivered and for what it waits, and the link over which it goes. */
export function Queues({
  data: { queues, link, days },
  now,
}: {
  data: QueuesData;
  now: number;
}): ComponentChild {
  return h(Fragment, null, [
    h(Section, { title: TEXTS.queuesTitle }, [
      h(QueueTable, { label: TEXTS.queuesTitle, queues, empty: TEXTS.queuesNone, now }),
    ]),
    h(Section, { title: TEXTS.linksTitle }, [h(Links, { link })]),
    h(Section, { title: TEXTS.ownLinkTitle }, [h(LinkDays, { days })]),
  ]);
}

interface QueueTableProps {
  readonly label: string;
  readonly queues: readonly QueueSummary[];
  readonly empty: string;
  readonly now: number;
}

export function QueueTable({ label, queues, empty, now }: QueueTableProps): ComponentChild {
  const { columns, queueColumns } = TEXTS;
  return h(Table<QueueSummary>, {
    ...{ label, rows: queues, empty, hasCsv: true },
    keyOf: ({ subject }) => subject,
    columns: [
      { title: columns.name, cell: ({ node }) => nodeLink(node) },
      { title: columns.method, cell: ({ method }) => method },
      { title: columns.queued, isRight: true, cell: ({ queued }) => queued },
      { title: queueColumns.oldest, cell: ({ oldestQueuedAt: at }) => h(Time, { at, now }) },
      { title: queueColumns.attempts, isRight: true, cell: ({ attempts }) => attempts },
      {
        title: queueColumns.next,
        cell: ({ nextAttemptAt: at }) => (at === null ? '' : h(Time, { at, now })),
      },
      { title: queueColumns.waitsFor, cell: ({ waitsFor }) => waitsFor ?? '' },
    ],
  });
}

interface AuditProps {
  readonly data: AuditData;
  readonly text: string | undefined;
  readonly now: number;
}

/** What ended, newest first, by the audit log; a text finds entries that hold it somewhere. */
export function Audit({ data: { entries }, text, now }: AuditProps): ComponentChild {
  const submit = (event: SubmitEvent) => {
    location.hash = hashOf({ screen: 'audit', text: typedIn(event, 'text') });
  };
  const { columns } = TEXTS;
  return h(Fragment, null, [
    h('form', { class: 'filter', role: 'search', onSubmit: submit }, [
      h(FilterField, { name: 'text', label: TEXTS.auditSearch, value: text }),
    ]),
    h(Table<{ entry: Entry; place: number }>, {
      ...{ label: TEXTS.screens.audit, empty: TEXTS.auditNone, hasCsv: true },
      rows: entries.map((entry, place) => ({ entry, place })),
      keyOf: ({ place }) => String(place),
      columns: [
        { title: TEXTS.auditEnded, cell: ({ entry }) => h(Time, { at: endOf(entry), now }) },
        { title: columns.name, cell: ({ entry }) => nodeLink(textOf(messageOf(entry).toNode), false) },
        { title: columns.state, cell: ({ entry }) => stateOf(textOf(entry.state)) },
        {
          title: columns.method,
          cell: ({ entry }) => linkOf(textOf(entry.id), askedOf(messageOf(entry))),
        },
        { title: columns.reason, cell: ({ entry }) => textOf(entry.reason) },
      ],
    }),
  ]);
}

function nodeLink(name: string, isRow = true): ComponentChild {
  const more = isRow ? { 'data-row': true } : {};
  return name === '' ? '' : h('a', { href: hashOf({ screen: 'node', name }), ...more }, name);
}

function linkOf(id: string, asked: string): ComponentChild {
  return id === '' ? asked : requestLink(id, asked);
}

function stateOf(text: string): ComponentChild {
  const state = REQUEST_STATES.find((each) => each === text);
  return state === undefined ? text : h(StateWord, { state });
}

/** The entries are lines that were written by any version: nothing of them is taken for granted. */
function messageOf({ message }: Entry): Entry {
  return typeof message === 'object' && message !== null ? (message as Entry) : {};
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function endOf({ endedAt }: Entry): number | null {
  const at = Date.parse(textOf(endedAt));
  return Number.isNaN(at) ? null : at;
}

function askedOf({ method, methodArgs }: Entry): string {
  const args = Array.isArray(methodArgs) ? joinWords(methodArgs.map(String)) : '';
  return `${textOf(method)} ${args}`.trim();
}
