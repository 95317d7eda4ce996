import { dayOf } from '../../src/lib/time-words.ts';
import type { Chance } from './chance.ts';
import { BrokenPromise } from './truth.ts';
import type { World } from './world.ts';

const DAYS = 3;
/** A world in which budgets end soon, and messages live until there are others. */
export const BEFORE_MIDNIGHT = {
  beginsAt: new Date(2026, 0, 1, 23, 50).getTime(),
  messageTtlSeconds: DAYS * 86_400,
  helloIntervalSeconds: 900,
};
/** The least that a node takes for a budget, and one that is soon no bound, bytes a day. */
const [LEAST, MOST] = [50_000, 200_000];
/** What a node with what is urgent may send on a day, as a share of its budget, and answers that go whatever is left, bytes. */
const [MOST_OF_DAY, ANSWERS] = [1.25, 10_000];
/** What was on its way to it when that was used up, and what somebody sent who had not asked yet, bytes. */
const [ON_ITS_WAY, UNASKED] = [30_000, 33_000];
/** Where so much of a budget went, the rest is for being there, or too little for anything else. */
const USED_UP = 0.85;
/** What a message that waits takes of a link, as a share of what the outbox holds of it, and besides that, bytes. */
const [OF_BODY, HEADERS_AND_ANSWERS] = [1.5, 500];
const WAITING =
  'SELECT n.subject, sum(length(o.body)) AS bytes, count(*) AS count FROM outbox o JOIN lanes n ON n.id = o.key / 4294967296 GROUP BY n.subject';

interface WaitingRow {
  readonly subject: string;
  readonly bytes: number;
  readonly count: number;
}

/** The links of some ships have a budget, at least one. */
export function chooseBudgets(chance: Chance, ships: readonly string[]): Map<string, number> {
  const some = ships.filter(() => chance.happens(0.5));
  const chosen = some.length > 0 ? some : [chance.pick(ships)];
  return new Map(chosen.map((ship) => [ship, Math.round(chance.spread(LEAST, MOST))]));
}

/** On no day more goes over a link than its budget, and what is urgent. Throws BrokenPromise. */
export function checkBudgets(world: World): void {
  for (const [name, budget] of world.budgets)
    for (const [day, went] of world.linkOf(name).went) {
      const most = budget * MOST_OF_DAY + ANSWERS;
      if (went.out > most || went.in + went.out > most + ON_ITS_WAY + UNASKED)
        throw new BrokenPromise(
          `budget: ${went.in} bytes came to ${name} on ${day}, and ${went.out} went, of ${budget}`,
        );
    }
}

/** What waits for the next day of a link, and how long that may take. */
export class Backlog {
  readonly #world: World;
  #least = Number.POSITIVE_INFINITY;

  constructor(world: World) {
    this.#world = world;
  }

  /** The days that what waits takes of the budgets at most, ms; none where no less waits than when this was asked before. */
  nextMs(): number {
    const waiting = [...this.#world.budgets].map(([name, budget]) => ({
      budget,
      bytes: this.#bytesOf(name),
    }));
    const all = waiting.reduce((sum, { bytes }) => sum + bytes, 0);
    if (all >= this.#least) return 0;
    this.#least = all;
    return (
      Math.max(0, ...waiting.map(({ budget, bytes }) => Math.ceil(bytes / (budget * USED_UP)))) * 86_400_000
    );
  }

  /** What is to go over a link, both ways, bytes. */
  #bytesOf(name: string): number {
    let bytes = 0;
    for (const { machine } of this.#world.places)
      for (const row of machine.disk.prepare(WAITING).all() as unknown as WaitingRow[])
        if (machine.name === name || row.subject.startsWith(`${name}.`))
          bytes += row.bytes * OF_BODY + row.count * HEADERS_AND_ANSWERS;
    return bytes;
  }
}

/** Whether a request could not be through in its life: the budget of a link on its way was used up on each of its days. */
export function isHeldByBudget(world: World, nodes: readonly string[]): boolean {
  const days = Array.from({ length: DAYS }, (_, day) =>
    dayOf(new Date(BEFORE_MIDNIGHT.beginsAt + (day + 1) * 86_400_000)),
  );
  return nodes.some((name) => {
    const least = (world.budgets.get(name) ?? Number.POSITIVE_INFINITY) * USED_UP;
    const { went } = world.linkOf(name);
    return days.every((day) => (went.get(day)?.in ?? 0) + (went.get(day)?.out ?? 0) >= least);
  });
}
