import { type ComponentChild, Fragment, h } from 'preact';
import type { NodeDetail } from '../../contract/node-detail.ts';
import type { NodeQuery, NodeSummary, PresenceChange } from '../../contract/nodes.ts';
import { readWeek, WEEK_MS } from '../../contract/presence-week.ts';
import { callWords } from '../../lib/call-words.ts';
import { joinWords } from '../../lib/shell-words.ts';
import { presenceShare, presenceSpans } from '../state/presence-spans.ts';
import { hashOf, type Route } from '../state/route.ts';
import type { ScreenData } from '../state/state.ts';
import { TEXTS } from '../texts.ts';
import { FileLines, Files } from './files.ts';
import { GROUPS, Groups } from './groups.ts';
import { LinkDays, wayWords } from './link-days.ts';
import { QueueTable } from './logs.ts';
import { type Column, FilterField, Requests, Section, Table, type Tasks, Time, typedIn } from './parts.ts';

/** Stands among the presences for those that are away for longer than usual. */
const OVERDUE = 'overdue';

type NodesData = Extract<ScreenData, { screen: 'nodes' }>;
type NodeData = Extract<ScreenData, { screen: 'node' }>;

/** Nodes, filtered, in order, a page at a time. */
export function Nodes({
  data: { page },
  query,
  now,
  tasks,
}: {
  data: NodesData;
  query: NodeQuery;
  now: number;
  tasks: Tasks;
}): ComponentChild {
  const { here, away } = page.presences;
  const from = Number(query.cursor ?? 0);
  const at = (cursor: number | string) =>
    hashOf({ screen: 'nodes', query: { ...query, cursor: String(cursor) } });
  return h(Fragment, null, [
    h(Filter, { query }),
    h(Groups, { tasks }),
    h('p', { role: 'status' }, TEXTS.nodesFound(page.total, here, away)),
    h(Table<NodeSummary>, {
      ...{
        label: TEXTS.screens.nodes,
        rows: page.items,
        total: page.total,
        empty: TEXTS.nodesNone,
        hasCsv: true,
      },
      keyOf: ({ name }) => name,
      columns: columns(query, now, new Map(page.items.map(({ name }, at) => [name, page.details?.[at]]))),
    }),
    h('nav', { 'aria-label': TEXTS.of(TEXTS.screens.nodes, page.total), class: 'pages' }, [
      from > 0 && h('a', { href: at(Math.max(0, from - page.items.length)) }, TEXTS.earlier),
      page.next && h('a', { href: at(page.next) }, TEXTS.later),
    ]),
  ]);
}

function Filter({ query }: { query: NodeQuery }): ComponentChild {
  const go = (more: NodeQuery) => {
    location.hash = hashOf({ screen: 'nodes', query: { ...query, ...more, cursor: undefined } });
  };
  const submit = (event: SubmitEvent) => go({ target: typedIn(event, 'target') });
  // The history keeps no address for each key. A word alone is the beginning of names, until it is entered.
  const type = (event: Event) => {
    const typed = (event.currentTarget as HTMLInputElement).value.trim();
    const target = /^[\w.-]+$/.test(typed) ? `${typed}*` : typed || undefined;
    location.replace(hashOf({ screen: 'nodes', query: { ...query, target, cursor: undefined } }));
  };
  const choose = (event: Event) => {
    const chosen = (event.currentTarget as HTMLSelectElement).value;
    const overdue = chosen === OVERDUE || undefined;
    go({ presence: (overdue ? undefined : chosen || undefined) as NodeQuery['presence'], overdue });
  };
  return h('form', { class: 'filter', onSubmit: submit, role: 'search' }, [
    h(FilterField, {
      ...{ name: 'target', label: TEXTS.filterNodes, value: query.target },
      ...{ placeholder: TEXTS.filterNodesHint, onInput: type, list: GROUPS },
    }),
    h('label', null, [
      TEXTS.presence,
      h('select', { onChange: choose, value: query.overdue ? OVERDUE : (query.presence ?? '') }, [
        h('option', { value: '' }, TEXTS.anyPresence),
        ...(['here', 'away', 'unknown'] as const).map((value) =>
          h('option', { value }, TEXTS.presences[value]),
        ),
        h('option', { value: OVERDUE }, TEXTS.overdue),
      ]),
    ]),
  ]);
}

function columns(
  query: NodeQuery,
  now: number,
  details: ReadonlyMap<string, NodeDetail | undefined>,
): Column<NodeSummary>[] {
  const by = (sort: NonNullable<NodeQuery['sort']>) => ({
    isCurrent: (query.sort ?? 'name') === sort,
    isDescending: sort !== 'name',
    href: hashOf({ screen: 'nodes', query: { ...query, sort, cursor: undefined } }),
  });
  const { columns: titles } = TEXTS;
  return [
    {
      ...{ title: titles.name, sort: by('name') },
      cell: ({ name }) => h('a', { href: hashOf({ screen: 'node', name }), 'data-row': true }, name),
    },
    { title: titles.presence, cell: (node) => h(PresenceWord, { node, now }) },
    {
      ...{ title: titles.lastSeen, sort: by('lastSeen') },
      cell: ({ lastSeenAt: at }) => h(Time, { at, now }),
    },
    { title: titles.week, cell: ({ name }) => h(WeekStrip, { week: details.get(name)?.week ?? '' }) },
    { title: titles.queued, sort: by('queued'), isRight: true, cell: ({ queued }) => queued },
    { title: titles.running, sort: by('running'), isRight: true, cell: ({ running }) => running },
    {
      title: titles.link,
      cell: ({ name }) => {
        const detail = details.get(name);
        return detail && h('span', { class: 'whole' }, wayWords(detail));
      },
    },
    {
      title: titles.system,
      cell: ({ os, version }) => h('span', { class: 'whole' }, [os, version].filter(Boolean).join(', ')),
    },
    { title: titles.labels, cell: labelsText },
    { title: titles.told, cell: ({ name }) => h(Time, { at: details.get(name)?.toldAt ?? null, now }) },
  ];
}

function PresenceWord({ node, now }: { node: NodeSummary; now: number }): ComponentChild {
  const { presence, callsAt } = node;
  const mark = { here: '●', away: '○', unknown: '?' }[presence];
  const word = [TEXTS.presences[presence], callWords(callsAt, now)].filter(Boolean).join(', ');
  return h('span', { class: `presence ${presence}` }, h('span', { 'aria-hidden': true }, `${mark} `), word);
}

function labelsText({ labels, note }: NodeSummary): string {
  const words = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return joinWords(note ? [...words, `(${note})`] : words);
}

/** When a node came and went, the newest first. */
function CameAndWent({ changes, now }: { changes: NodeData['changes']; now: number }): ComponentChild {
  return h('details', null, [
    h('summary', null, TEXTS.cameAndWent),
    h(Table<PresenceChange>, {
      ...{ label: TEXTS.cameAndWent, rows: changes.toReversed(), empty: TEXTS.weekNone, hasCsv: true },
      keyOf: ({ at }) => String(at),
      columns: [
        { title: TEXTS.presence, cell: ({ presence }) => TEXTS.presences[presence] },
        { title: TEXTS.since, cell: ({ at }) => h(Time, { at, now }) },
      ],
    }),
  ]);
}

/** All requests of a node. */
function allOf(node: string): Route {
  return { screen: 'requests', node, state: undefined, cursor: undefined };
}

/** One node: what is known of it, what waits for it and why, what runs by a schedule, and its requests. */
export function Node({
  data: { node, detail, days, changes, queues, schedules, files, requests },
  now,
  mayAct,
  tasks,
  onCopied,
}: {
  data: NodeData;
  now: number;
  mayAct: boolean;
  tasks: Tasks;
  onCopied(): void;
}): ComponentChild {
  const { facts } = TEXTS;
  const rows: [string, ComponentChild][] = [
    [TEXTS.presence, h(PresenceWord, { node, now })],
    [facts.lastSeenAt, h(Time, { at: node.lastSeenAt, now })],
    [facts.version, node.version ?? TEXTS.notTold],
    [facts.os, node.os ?? TEXTS.notTold],
    [facts.arch, node.arch ?? TEXTS.notTold],
    [facts.startedAt, node.startedAt === null ? TEXTS.notTold : h(Time, { at: node.startedAt, now })],
    [facts.labels, labelsText(node)],
    [facts.toldAt, h(Time, { at: detail?.toldAt ?? null, now })],
    [facts.link, (detail && wayWords(detail)) || TEXTS.notTold],
    [TEXTS.columns.queued, String(node.queued)],
    [TEXTS.columns.running, String(node.running)],
  ];
  return h(Fragment, null, [
    h('nav', { class: 'pages', 'aria-label': TEXTS.nodeWays }, [
      mayAct && h('a', { href: hashOf({ screen: 'run', target: node.name }) }, TEXTS.runHere),
      h('a', { href: hashOf({ screen: 'errors', node: node.name }) }, TEXTS.itsErrors),
    ]),
    h('div', { class: 'columns' }, [
      h(Section, { title: TEXTS.nodeFacts }, [
        h(
          'dl',
          null,
          rows.map(([title, value]) => h('div', null, h('dt', null, title), h('dd', null, value))),
        ),
      ]),
      h('div', null, [
        h(Section, { title: TEXTS.weekTitle }, [
          h(PresenceStrip, { changes, now }),
          changes.length > 0 && h(CameAndWent, { changes, now }),
        ]),
        h(Section, { title: TEXTS.linkTitle }, [h(LinkDays, { days })]),
      ]),
    ]),
    queues.length > 0 &&
      h(Section, { title: TEXTS.itsQueues }, [
        h(QueueTable, { label: TEXTS.itsQueues, queues, empty: TEXTS.queuesNone, now }),
      ]),
    schedules.items.length > 0 &&
      h(Section, { title: TEXTS.itsSchedules }, [
        h(Requests, {
          ...{ label: TEXTS.itsSchedules, requests: schedules.items, now, hasSchedule: true },
          empty: TEXTS.schedulesNone,
        }),
      ]),
    h(Section, { title: TEXTS.files }, [h(Files, { node: node.name, page: files, now, tasks })]),
    h(Section, { title: TEXTS.filesThere }, [h(FileLines, { key: node.name, node: node.name, onCopied })]),
    h(Section, { title: TEXTS.itsRequests }, [
      h(Requests, {
        ...{ label: TEXTS.itsRequests, requests: requests.items, now },
        empty: TEXTS.itsRequestsNone,
      }),
      requests.next && h('p', null, h('a', { href: hashOf(allOf(node.name)) }, TEXTS.all)),
    ]),
  ]);
}

const WIDTH = 700;
const HEIGHT = 16;
const PICTURE = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: 'strip', preserveAspectRatio: 'none' };

/** A week of a node as a strip: filled where it was here, marked below where it was away; the words say the same. */
function PresenceStrip({
  changes,
  now,
}: {
  changes: readonly PresenceChange[];
  now: number;
}): ComponentChild {
  const spans = presenceSpans(changes, { now, lengthMs: WEEK_MS });
  const share = presenceShare(spans);
  const words = share ? TEXTS.week(Math.round(share.here * 100), share.absences) : TEXTS.weekNone;
  const bars = spans
    .filter(({ presence }) => presence !== 'unknown')
    .map(({ presence, from, to }) =>
      h('rect', {
        ...{ class: presence, x: from * WIDTH, width: Math.max(1, (to - from) * WIDTH) },
        // Not by colour alone: an absence is as low as a presence is high.
        ...(presence === 'here' ? { y: 0, height: HEIGHT } : { y: HEIGHT - 4, height: 4 }),
      }),
    );
  return h(Fragment, null, [h('svg', { ...PICTURE, 'aria-hidden': true }, bars), h('p', null, words)]);
}

/** The week of a node in a list, from its short form. */
function WeekStrip({ week }: { week: string }): ComponentChild {
  const { runs, hereShare } = readWeek(week);
  if (hereShare === undefined) return '';
  const slot = WIDTH / week.length;
  const bars = runs.flatMap(({ is, from, to }) => {
    const across = { x: from * slot, width: (to - from) * slot };
    return [
      is === 'here' && h('rect', { ...across, class: 'here', y: 0, height: HEIGHT }),
      is === 'both' && h('rect', { ...across, class: 'here', y: HEIGHT / 2, height: HEIGHT / 2 }),
      (is === 'away' || is === 'both') && h('rect', { ...across, class: 'away', y: HEIGHT - 4, height: 4 }),
    ];
  });
  return h('span', { class: 'week' }, [
    h('svg', { ...PICTURE, 'aria-hidden': true }, bars),
    TEXTS.weekShare(Math.floor(hereShare * 100)),
  ]);
}
