import { about, anything, count, flag, id, named, object, text, time, type Value } from './schema.ts';
import { REQUEST_STATES } from './states.ts';
import { WavesState } from './waves.ts';

const StateCounts = named(
  'StateCounts',
  object({}, Object.fromEntries(REQUEST_STATES.map((state) => [state, count])) as CountOfStates),
  'How many requests are in each state; states without any are left out',
);
type CountOfStates = Readonly<Record<(typeof REQUEST_STATES)[number], typeof count>>;
export type StateCounts = Value<typeof StateCounts>;

/** What was submitted together, as a schema. */
export const BatchSummary = named(
  'BatchSummary',
  object(
    {
      id,
      at: time,
      label: about(text, 'What was asked, such as REQCliCommand uptime'),
      total: count,
      counts: StateCounts,
      plan: about(
        anything,
        'What its maker noted to go on with it; null where nothing was, where `plan=false` asks so, and in lists for one in waves',
      ),
    },
    { waves: WavesState },
  ),
  'What was submitted together',
);
export type BatchSummary = Value<typeof BatchSummary>;

/** How much of a batch to give. */
export const BatchOptions = object(
  {},
  {
    plan: about(flag, {
      description: 'Whether to give its plan too, which may name each of its nodes',
      default: true,
    }),
  },
);
