import { dayOf } from '../../src/lib/time-words.ts';
import type { Chance } from './chance.ts';
import { BrokenPromise } from './truth.ts';
import type { World } from './world.ts';

const DAYS = 3;
/** A world in which budgets end soon, and messages live until there are others. */
export const BEFORE_MIDNIGHT = {
  beginsAt: new Date(2026, 0, 1, 23, 50).getTime(),
  settings: { messageTtlSeconds: DAYS * 86_400, helloIntervalSeconds: 900 },
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
/** Where so much waits both ways, each has this share of the budget at least, bytes. */
const [MUCH, FAIR] = [10_000, 1 / 4];
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

/** Of the day of a link, or its rest: the least that waited each way whenever it was looked, from the last time before it on, and what waits now, bytes. */
interface Watched extends Waits {
  readonly day: string;
  readonly isWhole: boolean;
  readonly last: Waits;
}

interface Waits {
  readonly out: number;
  readonly in: number;
}

/** What waits for the next day of a link, how long that may take, and whether each way has its share of a day. */
export class Backlog {
  readonly #world: World;
  #least = Number.POSITIVE_INFINITY;
  readonly #days = new Map<string, Watched>();

  constructor(world: World) {
    this.#world = world;
  }

  /**
   * Looks what waits, where the weather is good. Throws BrokenPromise where a day has ended of which one way took what both needed;
   * of one that had begun before it was looked nobody knows what waited.
   */
  look(): void {
    for (const [name, budget] of this.#world.budgets) {
      const day = dayOf(new Date(this.#world.machine(name).wallNow()));
      const before = this.#days.get(name);
      const isSame = before?.day === day;
      if (before?.isWhole && !isSame) this.#checkFair(name, budget, before);
      const last = { out: this.#waiting(name, 'out'), in: this.#waiting(name, 'in') };
      const least = (isSame ? before : before?.last) ?? last;
      this.#days.set(name, {
        ...{ day, last, isWhole: isSame ? before.isWhole : before !== undefined },
        ...{ out: Math.min(least.out, last.out), in: Math.min(least.in, last.in) },
      });
    }
  }

  #checkFair(name: string, budget: number, waited: Watched): void {
    const { out, in: came } = this.#world.linkOf(name).went.get(waited.day) ?? { in: 0, out: 0 };
    if (Math.min(waited.out, waited.in) < MUCH || Math.min(out, came) >= FAIR * budget) return;
    throw new BrokenPromise(
      `fair budget: ${came} bytes came to ${name} on ${waited.day}, and ${out} went, of ${budget}, while both ways had more to send`,
    );
  }

  /** The days that what waits takes of the budgets at most, ms; none where no less waits than when this was asked before. */
  nextMs(): number {
    const waiting = [...this.#world.budgets].map(([name, budget]) => ({
      budget,
      bytes: this.#waiting(name, 'out') + this.#waiting(name, 'in'),
    }));
    const all = waiting.reduce((sum, { bytes }) => sum + bytes, 0);
    if (all >= this.#least) return 0;
    this.#least = all;
    return (
      Math.max(0, ...waiting.map(({ budget, bytes }) => Math.ceil(bytes / (budget * USED_UP)))) * 86_400_000
    );
  }

  /** What is to go over a link one way, bytes. */
  #waiting(name: string, way: 'in' | 'out'): number {
    let bytes = 0;
    for (const { machine } of this.#world.places)
      if ((machine.name === name) === (way === 'out'))
        for (const row of machine.disk.prepare(WAITING).all() as unknown as WaitingRow[])
          if (way === 'out' || row.subject.startsWith(`${name}.`))
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
