import { type ComponentChild, Fragment, h } from 'preact';
import type { Activity } from '../../contract/activity.ts';
import { sizeWords } from '../../lib/size-words.ts';
import { durationWords, exactClockWords } from '../../lib/time-words.ts';
import { logLine, PARTS, partsOf, stackedBars } from '../state/chart-bars.ts';
import { hashOf } from '../state/route.ts';
import type { ScreenData } from '../state/state.ts';
import { TEXTS } from '../texts.ts';
import { type Column, Section, Table } from './parts.ts';
import { Bars, Chart, HEIGHT, Picture, WIDTH } from './picture.ts';

type Bucket = Activity['buckets'][number];
const CLASSES = { succeeded: 'succeeded', failed: 'failed', other: 'waiting' } as const;

/** How things went over time. Each picture has a table that says the same. */
export function Charts({
  data: { activity },
}: {
  data: Extract<ScreenData, { screen: 'charts' }>;
}): ComponentChild {
  const { buckets, output, isCut } = activity;
  const spans = buckets.map(({ counts }) => partsOf(counts));
  const known = buckets.filter(({ counts }) => Object.keys(counts).length > 0);
  const delivered = buckets.flatMap(({ deliveryMs }) => deliveryMs ?? []);
  const sum = (part: (typeof PARTS)[number]) => spans.reduce((all, span) => all + span[part], 0);
  const line = logLine(buckets.map(({ deliveryMs }) => deliveryMs));
  const ends = { from: TEXTS.chartFrom, to: TEXTS.chartTo };
  return h(Fragment, null, [
    isCut && h('p', null, TEXTS.chartsCut),
    h('div', { class: 'columns' }, [
      h(Section, { title: TEXTS.chartRequests }, [
        h(Chart, ends, h(Bars, { bars: stackedBars(spans, PARTS) })),
        h(
          'ul',
          { class: 'counts' },
          PARTS.map((part) => h('li', { class: CLASSES[part] }, TEXTS.chartSums[part](sum(part)))),
        ),
        h('p', { class: 'empty' }, TEXTS.chartBar),
      ]),
      h(Section, { title: TEXTS.chartDelivery }, [
        h(Chart, ends, h(Picture, null, h('path', { d: line, transform: `scale(${WIDTH} ${HEIGHT})` }))),
        h(
          'p',
          null,
          delivered.length === 0
            ? TEXTS.chartsNone
            : TEXTS.chartRange(durationWords(Math.min(...delivered)), durationWords(Math.max(...delivered))),
        ),
        h('details', null, [h('summary', null, TEXTS.chartTable), h(Numbers, { rows: known })]),
      ]),
    ]),
    h(Section, { title: TEXTS.chartOutput }, [h(Output, { rows: output })]),
  ]);
}

function Numbers({ rows }: { rows: readonly Bucket[] }): ComponentChild {
  const { chartColumns: titles } = TEXTS;
  const count = (part: (typeof PARTS)[number]): Column<Bucket> => ({
    title: titles[part],
    isRight: true,
    cell: ({ counts }) => partsOf(counts)[part],
  });
  return h(Table<Bucket>, {
    ...{ label: TEXTS.chartTable, rows, empty: TEXTS.chartsNone },
    keyOf: ({ at }) => String(at),
    columns: [
      { title: titles.from, cell: ({ at }) => exactClockWords(at) },
      ...PARTS.map(count),
      {
        ...{ title: titles.delivery, isRight: true },
        cell: ({ deliveryMs }) => (deliveryMs === null ? '' : durationWords(deliveryMs)),
      },
    ],
  });
}

function Output({ rows }: { rows: Activity['output'] }): ComponentChild {
  const { chartColumns: titles } = TEXTS;
  const length = rows[0]?.days.length ?? 0;
  const days = Array.from({ length }, (_, day) => day);
  return h(Table<Activity['output'][number]>, {
    ...{ label: TEXTS.chartOutput, rows, empty: TEXTS.chartsNone },
    keyOf: ({ node }) => node,
    columns: [
      {
        title: TEXTS.columns.name,
        cell: ({ node }) => h('a', { href: hashOf({ screen: 'node', name: node }), 'data-row': true }, node),
      },
      { title: titles.total, isRight: true, cell: ({ totalBytes }) => sizeWords(totalBytes) },
      ...days.map((day) => ({
        ...{ title: TEXTS.chartDay(length - day - 1), isRight: true },
        cell: ({ days: bytes }: Activity['output'][number]) => (bytes[day] ? sizeWords(bytes[day]) : ''),
      })),
    ],
  });
}
