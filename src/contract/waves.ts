import type { OperationRow } from './operation.ts';
import {
  about,
  anyObject,
  count,
  flag,
  id,
  list,
  named,
  object,
  orNull,
  text,
  type Value,
  word,
} from './schema.ts';

const Amount = about(text, { description: 'A number of nodes, or a share of them', examples: ['10', '10%'] });

const PROGRESS = {
  targets: about(count, 'How many nodes are to have their turn'),
  isOver: about(flag, 'Whether no more nodes get their turn'),
  stopped: about(orNull(text), 'Why the others do not get theirs; null where all had it, or will'),
};

/** How far a batch has come that goes from node to node. */
export const WavesState = named(
  'WavesState',
  object(PROGRESS),
  'How far a batch has come that goes from node to node',
);
export type WavesState = Value<typeof WavesState>;

const WavesOrder = named(
  'WavesOrder',
  object(
    {
      targets: about(list(text), 'Names of nodes, globs, @groups, labels'),
      message: about(anyObject, 'The message, without its targets'),
    },
    {
      label: about(word, 'What lists show for the batch'),
      batch: about(Amount, 'This many at a time; all where it is left out'),
      batchWaitMs: about(count, 'The pause between these'),
      canary: about(count, 'This many first, and the others if all of them succeed'),
      maxErrors: about(Amount, 'No more begin once more than this have failed'),
      limit: about(Amount, 'At most this many nodes at all; those that are here first'),
      waitMs: about(count, 'How long to wait for somebody to be the canary'),
      isTemplate: about(flag, 'Whether {{node}}, {{os}} and {{label.NAME}} are filled in for each node'),
      takesNew: about(flag, 'Whether names that are not known are taken'),
      resume: about(
        flag,
        'Whether a batch goes on that is over; without it, an order that comes again is answered with how far that came',
      ),
    },
  ),
  'A message that goes from node to node, some at a time',
);
export type WavesOrder = Value<typeof WavesOrder>;

/** What can be asked of batches that go from node to node. */
export const WAVE_OPERATIONS = {
  startWaves: {
    does: 'POST /v1/batches/{id}/waves',
    summary:
      'Send a message to nodes in waves, under the id of a new batch (a UUIDv7), or go on with those of a batch (`resume`)',
    body: WavesOrder,
    isSlow: true,
    answer: named('WavesAnswer', object({ batch: id, ...PROGRESS }), 'The batch, and how far it has come'),
  },
} as const satisfies Readonly<Record<string, OperationRow>>;
