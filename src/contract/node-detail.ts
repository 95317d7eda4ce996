import { about, count, flag, named, object, orNull, text, time, type Value } from './schema.ts';

/** What is known of a node besides. */
export const NodeDetail = named(
  'NodeDetail',
  object({
    week: about(
      text,
      'The last seven days, a character for each two hours: - where nothing is known, 9 where it was here all the time, 0 where it was away',
    ),
    toldAt: about(orNull(time), 'When it told its version, os, arch and labels; null = never'),
    bytesPerSecond: about(orNull(count), 'To it, as measured; null where nothing was sent lately'),
    wasFull: about(flag, 'Whether the way was ever full: else it may do more than the rate'),
    roundTripMs: about(orNull(count), 'Until something small is answered, as measured, ms'),
  }),
  'What is known of a node besides',
);
export type NodeDetail = Value<typeof NodeDetail>;
