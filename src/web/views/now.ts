import { type ComponentChild, Fragment, h } from 'preact';
import type { NodeSummary } from '../../contract/nodes.ts';
import { outcomeCounts } from '../../contract/states.ts';
import { groupErrors } from '../state/group-errors.ts';
import { hashOf } from '../state/route.ts';
import type { ScreenData } from '../state/state.ts';
import { TEXTS } from '../texts.ts';
import { ErrorGroups } from './errors.ts';
import { QueueTable } from './logs.ts';
import { Requests, Section, Table, Time } from './parts.ts';

/** How many kinds of errors are shown. */
const FEW = 10;

type NowData = Extract<ScreenData, { screen: 'now' }>;

/** What needs a person. */
export function Now({ data, now }: { data: NowData; now: number }): ComponentChild {
  const { status, failed, waiting, away, late, errors } = data;
  return h(Fragment, null, [
    h(Tiles, { status }),
    h('div', { class: 'columns' }, [
      h(Section, { title: TEXTS.failed }, [
        h(Requests, { label: TEXTS.failed, requests: failed, now, empty: TEXTS.failedNone }),
      ]),
      h(
        Section,
        { title: TEXTS.late },
        h(QueueTable, { label: TEXTS.late, queues: late, empty: TEXTS.lateNone, now }),
      ),
      h(Section, { title: TEXTS.waiting }, [
        h(Requests, { label: TEXTS.waiting, requests: waiting, now, empty: TEXTS.waitingNone }),
      ]),
      h(Section, { title: TEXTS.away }, [
        h(Table<NodeSummary>, {
          ...{ label: TEXTS.away, rows: away.items, empty: TEXTS.awayNone },
          keyOf: ({ name }) => name,
          columns: [
            {
              title: TEXTS.columns.name,
              cell: ({ name }) => h('a', { href: hashOf({ screen: 'node', name }), 'data-row': true }, name),
            },
            { title: TEXTS.columns.lastSeen, cell: ({ lastSeenAt: at }) => h(Time, { at, now }) },
            { title: TEXTS.columns.queued, isRight: true, cell: ({ queued }) => queued },
          ],
        }),
        away.total > away.items.length &&
          h('p', null, h('a', { href: '#/nodes?overdue=true' }, TEXTS.awayOverdue(away.total))),
        status.nodes.away > 0 &&
          h('p', null, [
            h(
              'a',
              { href: hashOf({ screen: 'nodes', query: { presence: 'away' } }) },
              TEXTS.awayAll(status.nodes.away),
            ),
          ]),
      ]),
      h(Section, { title: TEXTS.errors }, [
        h(ErrorGroups, { groups: groupErrors(errors).slice(0, FEW) }),
        errors.length > 0 && h('p', null, h('a', { href: '#/errors' }, TEXTS.all)),
      ]),
    ]),
  ]);
}

/** How many nodes and requests there are, each the way to them. */
function Tiles({ status: { counts, nodes } }: Pick<NowData, 'status'>): ComponentChild {
  const tile = (name: string, count: number, text: string, href: string) =>
    h('li', { class: name }, h('a', { href }, h('strong', null, count), ` ${text}`));
  return h('ul', { class: 'counts tiles', 'aria-label': TEXTS.counts }, [
    PRESENCES.filter((presence) => nodes[presence] > 0).map((presence) =>
      tile(
        presence,
        nodes[presence],
        TEXTS.nodesThat(nodes[presence], TEXTS.presences[presence]),
        hashOf({ screen: 'nodes', query: { presence } }),
      ),
    ),
    outcomeCounts(counts).map(({ outcome, count }) =>
      tile(outcome, count, outcome, hashOf({ ...NO_FILTER, screen: 'requests', state: outcome })),
    ),
  ]);
}

const PRESENCES = ['here', 'away', 'unknown'] as const;
const NO_FILTER = { cursor: undefined };
