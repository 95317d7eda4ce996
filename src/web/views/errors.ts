import { type ComponentChild, Fragment, h } from 'preact';
import { type ErrorGroup, groupErrors } from '../state/group-errors.ts';
import { hashOf } from '../state/route.ts';
import type { ScreenData } from '../state/state.ts';
import { TEXTS } from '../texts.ts';
import { FilterField, Table, typedIn } from './parts.ts';

type ErrorsData = Extract<ScreenData, { screen: 'errors' }>;

/** More nodes of a group are counted. */
const MOST_NODES = 5;

/** What nodes reported, the same once, of all nodes or of one. */
export function Errors({
  data: { lines },
  node,
}: {
  data: ErrorsData;
  node: string | undefined;
}): ComponentChild {
  const submit = (event: SubmitEvent) => {
    location.hash = hashOf({ screen: 'errors', node: typedIn(event, 'node') });
  };
  return h(Fragment, null, [
    h('form', { class: 'filter', role: 'search', onSubmit: submit }, [
      h(FilterField, { name: 'node', label: TEXTS.errorsNode, value: node }),
    ]),
    h('p', { class: 'empty' }, TEXTS.errorsHow),
    h(ErrorGroups, { groups: groupErrors(lines) }),
  ]);
}

/** A table of what nodes reported. */
export function ErrorGroups({ groups }: { groups: readonly ErrorGroup[] }): ComponentChild {
  const { errorColumns: titles } = TEXTS;
  return h(Table<ErrorGroup>, {
    ...{ label: TEXTS.errors, rows: groups, empty: TEXTS.errorsNone },
    keyOf: ({ text, at }) => `${at} ${text}`,
    columns: [
      { title: titles.text, cell: ({ text }) => text },
      { title: titles.count, isRight: true, cell: ({ count }) => count },
      {
        title: titles.nodes,
        cell: ({ nodes }) => [
          nodes
            .slice(0, MOST_NODES)
            .map((name, place) => [
              h(
                'a',
                { href: hashOf({ screen: 'errors', node: name }), 'data-row': place === 0 || undefined },
                name,
              ),
              ' ',
            ]),
          nodes.length > MOST_NODES && `+${nodes.length - MOST_NODES}`,
        ],
      },
      { title: titles.at, cell: ({ at }) => at },
    ],
  });
}
