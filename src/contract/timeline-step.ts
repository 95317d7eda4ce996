import { about, named, object, orNull, text, time, type Value } from './schema.ts';

/** One step of a request's life, as a schema. */
export const TimelineStep = named(
  'TimelineStep',
  object({
    at: orNull(time),
    there: about(orNull(time), 'The same moment by the clock of the node of the request'),
    what: about(text, 'Such as queued, sent, accepted, running, succeeded, corrected, cancel-asked, resent'),
    note: about(orNull(text), 'A sentence: attempts, reasons, the next attempt, who is away since when'),
  }),
  "One step of a request's life",
);
/** One step of a request's life, in order. `there` is the same moment by the clock of its node, where that told. */
export type TimelineStep = Value<typeof TimelineStep>;
