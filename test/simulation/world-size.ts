import type { Config } from '../../src/config/config.ts';

/** How much there is of everything in a world. */
export interface WorldSize {
  readonly nodes: readonly string[];
  /** How long it is asked for things, in bad weather, ms. */
  readonly lastsMs: number;
  /** The fewest and the most faults. */
  readonly faults: readonly [number, number];
  /** How many times as much is asked for as usual. */
  readonly times: number;
}

const NODES = ['central', 'ship1', 'ship2', 'ship3'];
const USUAL: WorldSize = { nodes: NODES, lastsMs: 300_000, faults: [1, 40], times: 1 };
const LARGE: WorldSize = {
  ...{ nodes: [...NODES, 'ship4', 'ship5'], lastsMs: 900_000, faults: [30, 240], times: 4 },
};

/** A limit of messages that is soon reached, and short patience. */
export const TIGHT: Partial<Config> = {
  ...{ maxMessageBytes: 8000, defaultMessageTimeoutSeconds: 1, defaultMethodTimeoutSeconds: 5 },
};
/** The same of the broker, bytes. */
export const TIGHT_PAYLOAD = 4096;

export function sizeOf({ isLarge = false }: { readonly isLarge?: boolean }): WorldSize {
  return isLarge ? LARGE : USUAL;
}
