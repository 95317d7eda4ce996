import type { BatchSummary } from '../../../contract/batch-summary.ts';
import { outcomeCounts } from '../../../contract/states.ts';
import { hasAllWords } from '../../../lib/has-all-words.ts';
import { countWords } from '../../../lib/time-words.ts';
import { openBatch } from '../open-screens.ts';
import type { Question } from '../overlay.ts';
import type { BatchesScreen, Binding } from '../state.ts';
import { inputText } from '../text-input.ts';
import { ask, FILTER, onRow } from './common.ts';

/** The batches that the filter leaves. */
export function shownBatches({ items, filter }: BatchesScreen): readonly BatchSummary[] {
  const words = inputText(filter).toLowerCase().split(/\s+/);
  return (items ?? []).filter(({ id, label }) => hasAllWords(`${id} ${label}`.toLowerCase(), words));
}

/** What is asked before a batch is ended or sent again. */
export function batchQuestions(batch: BatchSummary): Record<'cancel' | 'resend', Omit<Question, 'kind'>> {
  const { id, label, total } = batch;
  const counts = outcomeCounts(batch.counts).map(({ outcome, count }) => `${count} ${outcome}`);
  const lines = [label, `${countWords(total, 'request')}: ${counts.join(', ')}`];
  return {
    cancel: {
      title: 'Cancel all of this batch that has not ended?',
      lines,
      answers: [{ key: 'y', label: 'cancel', effects: [{ do: 'cancel-batch', id }] }],
    },
    resend: {
      title: 'Send which of this batch again?',
      lines,
      answers: [
        { key: 'f', label: 'those that failed', effects: [{ do: 'resend-batch', id, which: 'failed' }] },
        {
          key: 'm',
          label: 'those that are missing',
          effects: [{ do: 'resend-batch', id, which: 'missing' }],
        },
        { key: 'b', label: 'both', effects: [{ do: 'resend-batch', id, which: 'both' }] },
      ],
    },
  };
}

const onBatch = onRow((_, screen: BatchesScreen) => shownBatches(screen));
const asked = (which: 'cancel' | 'resend') =>
  onBatch((state, batch) => ask(state, batchQuestions(batch)[which]));

export const BATCHES_BINDINGS: readonly Binding<BatchesScreen>[] = [
  {
    keys: ['enter', 'right', 'l'],
    label: 'open',
    help: 'the requests of the batch',
    run: onBatch((state, { id }) => openBatch(state, id)),
  },
  FILTER as Binding<BatchesScreen>,
  { keys: ['c'], label: 'cancel', help: 'end all of the batch that has not ended', run: asked('cancel') },
  { keys: ['r'], label: 'resend', help: 'send again what failed, or what is missing', run: asked('resend') },
];
