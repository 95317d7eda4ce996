import { type Clock, systemClock } from './clock.ts';
import { createNewId } from './new-id.ts';
import { type Random, systemRandom } from './random.ts';

/** What a node takes from its machine that runs otherwise in a simulation: time, chance, and ids made of both. */
export interface Edges {
  readonly clock: Clock;
  readonly random: Random;
  /** A UUIDv7 that sorts behind all that this node made before. */
  newId(): string;
}

/** The edges of a node on a real machine; `made` are ids that it made before. */
export function machineEdges(made: readonly (string | undefined)[] = []): Edges {
  const clock = systemClock;
  const random = systemRandom;
  const after = made
    .filter((id) => id !== undefined)
    .sort()
    .at(-1);
  return { clock, random, newId: createNewId({ clock, random, after }) };
}
