import { EmulatedNode, type NodeSpec } from './emulated-node.ts';

/** What the process of an emulator is told: nodes to start, or to say how they stand. */
export type Order = { readonly start: readonly NodeSpec[] } | { readonly ask: true };

/** How the nodes of an emulator stand. */
export interface Standing {
  readonly nodes: number;
  readonly connected: number;
  /** How many requests were run, and how many of them more than once. */
  readonly ran: number;
  readonly ranAgain: number;
}

/** How many nodes are made at a time: each connects by itself then. */
const AT_ONCE = 20;

const nodes: EmulatedNode[] = [];

process.on('message', (order: Order) => void obey(order));
process.on('disconnect', () => process.exit(0));
process.send?.('ready');

async function obey(order: Order): Promise<void> {
  if ('start' in order)
    for (let first = 0; first < order.start.length; first += AT_ONCE)
      nodes.push(...(await Promise.all(order.start.slice(first, first + AT_ONCE).map(EmulatedNode.start))));
  process.send?.(standing());
}

function standing(): Standing {
  const runs = nodes.flatMap((node) => [...node.runs.values()]);
  return {
    nodes: nodes.length,
    connected: nodes.filter(({ isConnected }) => isConnected).length,
    ran: runs.length,
    ranAgain: runs.filter((count) => count > 1).length,
  };
}
