import { type ComponentChild, h } from 'preact';
import type { BatchSummary } from '../../contract/batch-summary.ts';
import type { RequestSummary } from '../../contract/requests.ts';
import { OUTCOMES, outcomeOf } from '../../contract/states.ts';
import { hashOf } from '../state/route.ts';
import { TEXTS } from '../texts.ts';
import { countOf } from './counts.ts';
import { StateWord, Table } from './parts.ts';

interface MatrixProps {
  readonly batch: BatchSummary;
  /** Those of the page that is shown. */
  readonly requests: readonly RequestSummary[];
}

/** Nodes by states: the first row counts all of the batch, the others are the nodes of the page that is shown. */
export function Matrix({ batch: { counts, total }, requests }: MatrixProps): ComponentChild {
  const nodes = Map.groupBy(requests, ({ node }) => node);
  const outcomes = OUTCOMES.filter((outcome) => countOf(counts, outcome) > 0);
  return h(Table<string | null>, {
    ...{ label: TEXTS.matrix, rows: total === 0 ? [] : [null, ...nodes.keys()], empty: TEXTS.requestsNone },
    keyOf: (node) => (node === null ? 'all' : `node ${node}`),
    columns: [
      {
        title: TEXTS.columns.name,
        cell: (node) =>
          node === null
            ? h('strong', null, TEXTS.matrixAll(total))
            : h('a', { href: hashOf({ screen: 'node', name: node }) }, node),
      },
      ...outcomes.map((outcome) => ({
        title: outcome,
        cell: (node: string | null) =>
          node === null
            ? h('strong', null, countOf(counts, outcome))
            : nodes
                .get(node)!
                .filter(({ state }) => outcomeOf(state) === outcome)
                .map(({ id, state }) => [
                  h('a', { href: hashOf({ screen: 'request', id }) }, h(StateWord, { state })),
                  ' ',
                ]),
      })),
    ],
  });
}
