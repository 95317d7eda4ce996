import { type ComponentChild, Fragment, h } from 'preact';
import type { BatchSummary } from '../../contract/batch-summary.ts';
import { type AnswerGroup, foldAnswers, lineDiff, type NodeAnswer } from '../../contract/fold-answers.ts';
import type { RequestSummary } from '../../contract/requests.ts';
import { countOf, outcomeCounts, outcomeOf } from '../../contract/states.ts';
import { hashOf } from '../state/route.ts';
import type { Question, ScreenData } from '../state/state.ts';
import { TEXTS } from '../texts.ts';
import { Counts } from './counts.ts';
import { Requests, Section, StateWord, Table, Time, UNDO } from './parts.ts';

type BatchesData = Extract<ScreenData, { screen: 'batches' }>;
type BatchData = Extract<ScreenData, { screen: 'batch' }>;

/** What was submitted together, newest first. */
export function Batches({ data: { page }, now }: { data: BatchesData; now: number }): ComponentChild {
  const { batchColumns: titles } = TEXTS;
  return h(Fragment, null, [
    h(Table<BatchSummary>, {
      ...{ label: TEXTS.screens.batches, rows: page.items, empty: TEXTS.batchesNone, hasCsv: true },
      keyOf: ({ id }) => id,
      columns: [
        {
          title: titles.label,
          cell: ({ id, label }) =>
            h(
              'a',
              { href: hashOf({ screen: 'batch', id, cursor: undefined }), 'data-row': true },
              label || id,
            ),
        },
        { title: titles.when, cell: ({ at }) => h(Time, { at, now }) },
        { title: titles.total, isRight: true, cell: ({ total }) => total },
        { title: titles.counts, cell: ({ counts }) => h(Counts, { counts }) },
      ],
    }),
    page.next &&
      h('nav', { class: 'pages', 'aria-label': TEXTS.later }, [
        h('a', { href: hashOf({ screen: 'batches', cursor: page.next }) }, TEXTS.later),
      ]),
  ]);
}

interface BatchProps {
  readonly data: BatchData;
  readonly now: number;
  readonly mayAct: boolean;
  ask(question: Question): void;
}

/** One batch: how each node stands, and what they answered, the same answers once. */
export function Batch({
  data: { batch, requests, answers, going },
  now,
  mayAct,
  ask,
}: BatchProps): ComponentChild {
  const { id, label, total, counts } = batch;
  return h(Fragment, null, [
    h('p', { class: 'why' }, [h('code', null, label), ' ', h(Time, { at: batch.at, now })]),
    h('div', { role: 'status' }, [
      TEXTS.batchTotal(total),
      h(Counts, { counts }),
      batch.waves && h(WavesState, { total, waves: batch.waves }),
    ]),
    mayAct && h(Buttons, { batch, ask }),
    going.length > 0 &&
      h(
        Section,
        { title: TEXTS.going },
        going.map((one) => h(Going, { one })),
      ),
    h(Section, { title: TEXTS.answers }, [h(Answers, { answers })]),
    h(Section, { title: TEXTS.matrix }, [h(Matrix, { batch, requests: requests.items })]),
    h(Section, { title: TEXTS.screens.requests }, [
      h(Requests, {
        label: TEXTS.screens.requests,
        requests: requests.items,
        now,
        empty: TEXTS.requestsNone,
      }),
      requests.next &&
        h('nav', { class: 'pages', 'aria-label': TEXTS.later }, [
          h('a', { href: hashOf({ screen: 'batch', id, cursor: requests.next }) }, TEXTS.later),
        ]),
    ]),
  ]);
}

/** How far a batch has come that goes from node to node. */
function WavesState({
  total,
  waves: { targets, isOver, stopped },
}: {
  total: number;
  waves: NonNullable<BatchSummary['waves']>;
}): ComponentChild {
  if (stopped !== null)
    return h('p', { class: 'fault' }, TEXTS.wavesStopped(Math.max(0, targets - total), stopped));
  return isOver ? null : h('p', null, TEXTS.wavesGoing(Math.min(total, targets), targets));
}

function Buttons({ batch, ask }: { batch: BatchSummary; ask(question: Question): void }): ComponentChild {
  const { counts } = batch;
  const unsent = batch.waves && !batch.waves.isOver ? Math.max(0, batch.waves.targets - batch.total) : 0;
  const open = countOf(counts, 'waiting', 'running') + unsent;
  const failed = countOf(counts, 'failed', 'timed-out');
  const missing = countOf(counts, 'unreached', 'cancelled');
  const button = (text: string, question: Question) =>
    question.does !== 'run' &&
    'nodes' in question &&
    question.nodes > 0 &&
    h(
      'button',
      {
        ...{ type: 'button', onClick: () => ask(question) },
        ...(question.does === 'cancel-batch' ? UNDO : {}),
      },
      text,
    );
  return h('p', { class: 'buttons' }, [
    button(TEXTS.cancelBatch, { does: 'cancel-batch', batch, nodes: open }),
    button(TEXTS.resendFailed, { does: 'resend-batch', batch, which: 'failed', nodes: failed }),
    button(TEXTS.resendMissing, { does: 'resend-batch', batch, which: 'missing', nodes: missing }),
  ]);
}

function Answers({ answers }: { answers: readonly NodeAnswer[] }): ComponentChild {
  if (answers.length === 0) return h('p', { class: 'empty' }, TEXTS.answersNone);
  const groups = foldAnswers(answers);
  return h(Fragment, null, [
    groups.length > 1 && h('p', { class: 'empty' }, TEXTS.answersHow),
    groups.map((group) => h(Answer, { group, first: groups[0]! })),
  ]);
}

function Answer({ group, first }: { group: AnswerGroup; first: AnswerGroup }): ComponentChild {
  const text = textOf(group);
  const diff = group === first ? undefined : lineDiff(textOf(first), text);
  const head = TEXTS.answerHead(group.nodes.length, group.end);
  return h('details', { open: true }, [
    h('summary', null, [`${head}: `, group.nodes.join(' ')]),
    h(
      'pre',
      { tabIndex: 0, role: 'region', 'aria-label': `${head}: ${group.nodes[0]}` },
      diff?.length ? diff.map(diffLine) : text || TEXTS.noText,
    ),
  ]);
}

/** What one has printed so far. */
function Going({ one: { node, stdout, stderr } }: { one: NodeAnswer }): ComponentChild {
  return h('details', { open: true }, [
    h('summary', null, node),
    h('pre', { tabIndex: 0, role: 'region', 'aria-label': `${TEXTS.going}: ${node}` }, stdout + stderr),
  ]);
}

/** A line that only one has: a mark says which, besides the colour. */
function diffLine(line: string): ComponentChild {
  return h('span', { class: line.startsWith('+') ? 'added' : 'gone' }, `${line}\n`);
}

/** What came on both streams, each line whole. */
function textOf({ stdout, stderr }: AnswerGroup): string {
  return [stdout, stderr].map((text) => (text === '' || text.endsWith('\n') ? text : `${text}\n`)).join('');
}

interface MatrixProps {
  readonly batch: BatchSummary;
  /** Those of the page that is shown. */
  readonly requests: readonly RequestSummary[];
}

/** Nodes by states: the first row counts all of the batch, the others are the nodes of the page that is shown. */
function Matrix({ batch: { counts, total }, requests }: MatrixProps): ComponentChild {
  const nodes = Map.groupBy(requests, ({ node }) => node);
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
      ...outcomeCounts(counts).map(({ outcome, count }) => ({
        title: outcome,
        cell: (node: string | null) =>
          node === null
            ? h('strong', null, count)
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
