import { type ComponentChild, Fragment, h } from 'preact';
import type { LinkAnswer, LinkDay, NodeLink } from '../../contract/link.ts';
import { sizeWords } from '../../lib/size-words.ts';
import { durationWords } from '../../lib/time-words.ts';
import { lastDays, stackedBars } from '../state/chart-bars.ts';
import { hashOf } from '../state/route.ts';
import { TEXTS } from '../texts.ts';
import { Table } from './parts.ts';
import { Bars, Chart } from './picture.ts';

const WAYS = ['in', 'out'] as const;

/** What went over a link by day, as bars, in words and as a table. */
export function LinkDays({ days }: { days: readonly LinkDay[] }): ComponentChild {
  const last = days.at(-1);
  if (last === undefined) return h('p', { class: 'empty' }, TEXTS.linkNone);
  const { linkColumns: titles } = TEXTS;
  const shown = lastDays(days, last.day);
  const spans = shown.map(({ inBytes, outBytes }) => ({ in: inBytes, out: outBytes }));
  return h(Fragment, null, [
    h(Chart, { from: shown[0]!.day, to: last.day }, h(Bars, { bars: stackedBars(spans, WAYS) })),
    h('ul', { class: 'counts' }, [
      h('li', { class: 'in' }, `${titles.in} ${sizeWords(last.inBytes)}`),
      h('li', { class: 'out' }, `${titles.out} ${sizeWords(last.outBytes)}`),
    ]),
    h('p', { class: 'empty' }, TEXTS.linkLast(last.day)),
    h('details', null, [
      h('summary', null, TEXTS.chartTable),
      h(Table<LinkDay>, {
        ...{ label: TEXTS.chartTable, rows: days.toReversed(), empty: TEXTS.linkNone, hasCsv: true },
        keyOf: ({ day }) => day,
        columns: [
          { title: titles.day, cell: ({ day }) => day },
          { title: titles.in, isRight: true, cell: ({ inBytes }) => sizeWords(inBytes) },
          { title: titles.out, isRight: true, cell: ({ outBytes }) => sizeWords(outBytes) },
        ],
      }),
    ]),
  ]);
}

/** The ways to nodes, as they were measured. */
export function Links({ link }: { link: LinkAnswer }): ComponentChild {
  const { columns, linkColumns: titles } = TEXTS;
  return h(Table<NodeLink>, {
    ...{ label: TEXTS.linksTitle, rows: link.nodes, empty: TEXTS.linksNone, hasCsv: true },
    keyOf: ({ node }) => node,
    columns: [
      {
        title: columns.name,
        cell: ({ node }) => h('a', { href: hashOf({ screen: 'node', name: node }), 'data-row': true }, node),
      },
      { title: columns.presence, cell: ({ presence }) => TEXTS.presences[presence] },
      { title: titles.rate, isRight: true, cell: rateWords },
      { title: titles.roundTrip, isRight: true, cell: roundTripWords },
      { title: columns.queued, isRight: true, cell: ({ queued }) => queued },
      { title: titles.bytes, isRight: true, cell: ({ queuedBytes }) => sizeWords(queuedBytes) },
      {
        ...{ title: titles.empty, isRight: true },
        cell: ({ emptyInMs, queued }) => (emptyInMs === null || queued === 0 ? '' : durationWords(emptyInMs)),
      },
    ],
  });
}

type Way = Pick<NodeLink, 'bytesPerSecond' | 'wasFull' | 'roundTripMs'>;

/** A way as `at least 12 kB/s, 600 ms`; empty where nothing was measured lately. */
export function wayWords(way: Way): string {
  return [rateWords(way), roundTripWords(way)].filter(Boolean).join(', ');
}

function rateWords({ bytesPerSecond, wasFull }: Way): string {
  if (bytesPerSecond === null) return '';
  return `${wasFull ? '' : '≥ '}${sizeWords(bytesPerSecond)}/s`;
}

function roundTripWords({ roundTripMs }: Way): string {
  return roundTripMs === null ? '' : durationWords(roundTripMs);
}
