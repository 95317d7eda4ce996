import { type Ask, isByRelay } from './ask.ts';
import { placeOf } from './closed.ts';
import type { Machine } from './machine.ts';
import { BrokenPromise, type Truth } from './truth.ts';
import type { World } from './world.ts';

/** What keeps its order among its like: appends, and commands, which begin in it; what goes by way of another node apart. */
const APPENDS = [['append'], ['passed']] as const;
const COMMANDS = [['command', 'live'], ['relay']] as const;

interface Happened {
  readonly asks: readonly Ask[];
  readonly truth: Truth;
}

/**
 * Whether nothing can be said of a request but that it has ended: a database that knew of it was set back, or a second node
 * of the name was there, and each did what came until they knew of each other.
 */
export function isForgotten(world: World, ask: Ask): boolean {
  const nodes = isByRelay(ask)
    ? world.places.map(({ machine }) => machine.name)
    : [ask.from, ask.toNode, ask.copyTo ?? ask.toNode];
  return nodes.some((name) => world.wasSetBack(name, ask.at) || world.hasTwin(name));
}

/** What goes one way, from a node to another and by way of a third or not, is made and begins in the order in which it was accepted. */
export function checkOrder(world: World, { asks, truth }: Happened): void {
  // Ids say nothing of it: a clock may have been set back between two lives of a node.
  const places = new Map(asks.map((ask, place) => [ask.token, { ask, place }]));
  const isJudged = ({ ask }: Placed) => ask.id !== undefined && !ask.isResent && !isForgotten(world, ask);
  const check = (tokens: readonly string[], what: string) => {
    const known = tokens.flatMap((token) => places.get(token) ?? []).filter(isJudged);
    known.reduce((last, one) => {
      if (one.place < last.place)
        throw broken(one.ask, `${what} after ${last.ask.token}, which was accepted later`);
      return one;
    }, known[0]!);
  };
  for (const lane of APPENDS.flatMap((kinds) => lanesOf(asks, kinds)))
    for (const machine of machinesOf(world, lane[0]!.toNode))
      check(tokensIn([machine], placeOf(world, lane[0]!)), 'was appended');
  const begun = [...new Set([...truth.runs.values()].map(({ token }) => token))];
  for (const lane of COMMANDS.flatMap((kinds) => lanesOf(asks, kinds))) {
    const ofLane = new Set(lane.map(({ token }) => token));
    check(
      begun.filter((token) => ofLane.has(token)),
      'began',
    );
  }
}

interface Placed {
  readonly ask: Ask;
  readonly place: number;
}

/** What was asked of each kind of the same node for the same other one. */
function lanesOf(asks: readonly Ask[], kinds: readonly Ask['kind'][]): readonly (readonly Ask[])[] {
  const some = asks.filter(({ kind }) => kinds.includes(kind));
  return [...Map.groupBy(some, ({ from, toNode }) => `${from} ${toNode}`).values()];
}

/** The machine of a node, and that of its twin. */
export function machinesOf(world: World, node: string): Machine[] {
  return world.places.filter(({ nodeName }) => nodeName === node).map(({ machine }) => machine);
}

/** The tokens in a file of machines, in their order; what comes from two senders may be anywhere in a line. */
export function tokensIn(machines: readonly Machine[], path: string): string[] {
  const text = machines.map(({ files }) => files.read(path)).join('');
  return [...text.matchAll(/(?<![a-z0-9])t\d+/g)].map(([token]) => token);
}

/** Says what is wrong with a request. */
export function broken({ token, id, kind, from, toNode }: Ask, what: string): BrokenPromise {
  return new BrokenPromise(`${kind} ${token} (${id}) from ${from} to ${toNode} ${what}`);
}
