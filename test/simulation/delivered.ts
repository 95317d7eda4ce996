import { type Link, longestTogether } from './sim-broker.ts';
import { BrokenPromise } from './truth.ts';
import type { World } from './world.ts';

/** While both are connected, a message is tried as often at least, and is there a moment later, ms. */
const TRIED_EVERY_MS = 6000;

const WAITING = 'SELECT o.id, n.subject FROM outbox o JOIN lanes n ON n.id = o.key / 4294967296';

interface Waiting {
  readonly id: string;
  readonly from: string;
  readonly subject: string;
}

/** Sees to it that what waits goes out, once the weather has cleared. */
export class Deliveries {
  readonly #world: World;
  /** What waits between nodes that are connected during calls alone, both: since when, as far as was seen. */
  #apart = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Soon after the weather has cleared: nothing waits but for two that call to call at the same time. Throws BrokenPromise. */
  checkSoon(): void {
    const one = this.#waiting().find((waiting) => !this.#callBoth(waiting));
    if (one) throw new BrokenPromise(`sent soon: ${one.id} still waits at ${one.from}, for ${one.subject}`);
  }

  /** From then on, again and again: what waits for two to call at the same time is gone once they did. Throws BrokenPromise. */
  checkCalls(): void {
    const { timeline, callsEvery } = this.#world;
    if (callsEvery.size < 2) return;
    const apart = new Map<string, number>();
    for (const one of this.#waiting().filter((waiting) => this.#callBoth(waiting))) {
      const since = this.#apart.get(one.id) ?? timeline.now;
      const togetherMs = this.#togetherMs(one, since);
      if (togetherMs > TRIED_EVERY_MS)
        throw new BrokenPromise(
          `sent in a call: ${one.id} still waits at ${one.from}, for ${one.subject}, and both were connected for ${togetherMs} ms`,
        );
      apart.set(one.id, since);
    }
    this.#apart = apart;
  }

  #waiting(): Waiting[] {
    return this.#world.places
      .filter(({ machine, nodeName }) => machine.name === nodeName)
      .flatMap(({ machine }) => {
        const rows = machine.disk.prepare(WAITING).all() as unknown as Omit<Waiting, 'from'>[];
        return rows.map((row) => ({ ...row, from: machine.name }));
      });
  }

  #callBoth({ from, subject }: Waiting): boolean {
    const { callsEvery } = this.#world;
    return callsEvery.has(from) && callsEvery.has(targetOf(subject));
  }

  #togetherMs({ from, subject }: Waiting, since: number): number {
    const { timeline } = this.#world;
    const [here, there] = [from, targetOf(subject)].map((name) => this.#world.linkOf(name));
    return longestTogether(here!, there!, { since, until: timeline.now });
  }
}

/** Clocks of nodes differ by less than this. */
const CLOCKS_DIFFER = 0.05;

/**
 * Whether two on the way of a request that are connected during calls alone never called at the same time, in good weather,
 * for as long as messages live: calls that come nearly as often may be apart for an hour.
 */
export function calledApart(world: World, names: readonly string[], since: number): boolean {
  const callers = names.filter((name) => world.callsEvery.has(name)).map((name) => world.linkOf(name));
  const longestMs = world.settings.messageTtlSeconds * 1000 * (1 - CLOCKS_DIFFER);
  return callers.some((one, place) =>
    callers.slice(place + 1).some((other) => longestApart(world, [one, other], since) >= longestMs),
  );
}

function longestApart({ clearedAt, timeline }: World, [one, other]: [Link, Link], since: number): number {
  const meetings = one.connected.flatMap((its) =>
    other.connected.map(({ from, until }) => ({
      from: Math.max(clearedAt, its.from, from),
      until: Math.min(its.until, until, timeline.now),
    })),
  );
  let [longest, last] = [0, since];
  for (const { from, until } of meetings.sort((a, b) => a.from - b.from)) {
    if (until - from <= TRIED_EVERY_MS) continue;
    longest = Math.max(longest, from - last);
    last = until;
  }
  return Math.max(longest, timeline.now - last);
}

function targetOf(subject: string): string {
  return subject.slice(0, subject.indexOf('.'));
}
