import type { OperationRow } from './operation.ts';
import * as s from './schema.ts';

const Amount = s.about(s.text, {
  description: 'A number of nodes, or a share of them',
  examples: ['10', '10%'],
});

const PROGRESS = {
  targets: s.about(s.count, 'How many nodes are to have their turn'),
  isOver: s.about(s.flag, 'Whether no more nodes get their turn'),
  stopped: s.about(s.orNull(s.text), 'Why the others do not get theirs; null where all had it, or will'),
};

/** How far a batch has come that goes from node to node. */
export const WavesState = s.named(
  'WavesState',
  s.object(PROGRESS),
  'How far a batch has come that goes from node to node',
);
export type WavesState = s.Value<typeof WavesState>;

const WavesOrder = s.named(
  'WavesOrder',
  s.object(
    {
      targets: s.about(s.list(s.text), 'Names of nodes, globs, @groups, labels'),
      message: s.about(s.anyObject, 'The message, without its targets'),
    },
    {
      label: s.about(s.word, 'What lists show for the batch'),
      batch: s.about(Amount, 'This many at a time; all where it is left out'),
      batchWaitMs: s.about(s.count, 'The pause between these'),
      canary: s.about(s.count, 'This many first, and the others if all of them succeed'),
      maxErrors: s.about(Amount, 'No more begin once more than this have failed'),
      limit: s.about(Amount, 'At most this many nodes at all; those that are here first'),
      waitMs: s.about(s.count, 'How long to wait for somebody to be the canary'),
      isTemplate: s.about(s.flag, 'Whether {{node}}, {{os}} and {{label.NAME}} are filled in for each node'),
      takesNew: s.about(s.flag, 'Whether names that are not known are taken'),
      resume: s.about(
        s.flag,
        'Whether a batch goes on that is over; without it, an order that comes again is answered with how far that came',
      ),
    },
  ),
  'A message that goes from node to node, some at a time',
);
export type WavesOrder = s.Value<typeof WavesOrder>;

/** What can be asked of batches that go from node to node. */
export const WAVE_OPERATIONS = {
  startWaves: {
    does: 'POST /v1/batches/{id}/waves',
    summary:
      'Send a message to nodes in waves, under the id of a new batch (a UUIDv7), or go on with those of a batch (`resume`)',
    body: WavesOrder,
    isSlow: true,
    answer: s.named(
      'WavesAnswer',
      s.object({ batch: s.id, ...PROGRESS }),
      'The batch, and how far it has come',
    ),
  },
} as const satisfies Readonly<Record<string, OperationRow>>;
