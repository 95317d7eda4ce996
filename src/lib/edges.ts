import { type Clock, systemClock } from './clock.ts';
import { createNewId } from './new-id.ts';
import { type Random, systemRandom } from './random.ts';
import { type FileSystem, systemFiles } from './system-files.ts';

/** What a node takes from its machine that runs otherwise in a simulation: time, chance, ids made of both, and files. */
export interface Edges {
  readonly clock: Clock;
  readonly random: Random;
  /** A UUIDv7 that sorts behind all that this node made before. */
  newId(): string;
  readonly files: FileSystem;
}

/** The edges of a node on a real machine; `made` are ids that it made before. */
export function machineEdges(made: readonly (string | undefined)[] = []): Edges {
  const clock = systemClock;
  const random = systemRandom;
  const after = made
    .filter((id) => id !== undefined)
    .sort()
    .at(-1);
  return { clock, random, newId: createNewId({ clock, random, after }), files: systemFiles };
}
