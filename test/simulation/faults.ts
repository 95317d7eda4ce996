import type { Chance } from './chance.ts';
import type { DiskTrouble } from './sim-disk.ts';
import type { World } from './world.ts';

/** A piece of bad weather. Times are ms. */
export interface Fault {
  readonly at: number;
  readonly kind: FaultKind;
  /** The machine that it hits. */
  readonly node: string;
  /** How long it lasts. */
  readonly ms: number;
  /** How bad it is, 0 to 1. */
  readonly degree: number;
}

interface FaultType {
  /** How often it comes, next to the others. */
  readonly weight: number;
  /** The shortest and the longest time that it lasts. */
  readonly ms: readonly [number, number];
  strike(world: World, fault: Fault): void;
}

/** Every kind of bad weather. Faults of one group are chosen together on the command line. */
const TYPES = {
  crash: {
    weight: 6,
    ms: [1, 60_000],
    strike: (world, { node, ms, degree }) => world.crashSoon(node, { downMs: ms, degree }),
  },
  power: {
    weight: 3,
    ms: [1000, 120_000],
    strike: (world, { node, ms, degree }) => world.crashSoon(node, { downMs: ms, degree, losesPower: true }),
  },
  stop: { weight: 3, ms: [1, 30_000], strike: (world, { node, ms }) => world.stop(node, ms) },
  broker: {
    weight: 3,
    ms: [10, 60_000],
    strike: (world, { ms }) => world.broker.restart(ms, world.chance),
  },
  cut: {
    weight: 6,
    ms: [1, 120_000],
    strike: (world, { node, ms, degree }) => {
      const link = world.linkOf(node);
      link.cutUntil = world.timeline.now + ms;
      world.broker.cut(link, degree * 3000);
    },
  },
  partition: {
    weight: 4,
    ms: [100, 90_000],
    strike: (world, { node, ms }) => {
      world.linkOf(node).blockedUntil = world.timeline.now + ms;
    },
  },
  away: {
    weight: 2,
    ms: [60_000, 4 * 3_600_000],
    strike: (world, { node, ms }) => {
      const link = world.linkOf(node);
      const until = world.timeline.now + ms;
      link.awayUntil = Math.max(link.awayUntil, until);
      world.broker.cut(link, 0);
    },
  },
  slow: {
    weight: 3,
    ms: [1000, 120_000],
    strike: (world, { node, ms, degree }) => {
      const link = world.linkOf(node);
      link.delayMs = 20 + degree * 4000;
      link.jitterMs = degree * 3000;
      world.whenOver(ms, () => Object.assign(link, { delayMs: 2, jitterMs: 3 }));
    },
  },
  lag: {
    weight: 1,
    ms: [1000, 120_000],
    strike: (world, { ms, degree }) => {
      world.broker.interestLagMs = degree * 3000;
      world.whenOver(ms, () => {
        world.broker.interestLagMs = 0;
      });
    },
  },
  freeze: {
    weight: 3,
    ms: [100, 120_000],
    strike: (world, { node, ms }) => {
      world.machine(node).frozenUntil = world.timeline.now + ms;
    },
  },
  clock: {
    weight: 3,
    ms: [0, 0],
    strike: (world, { node, degree }) => {
      world.machine(node).setBy += Math.round((degree - 0.5) * 2 * LONGEST_STEP_MS);
    },
  },
  drift: {
    weight: 1,
    ms: [0, 0],
    strike: (world, { node, degree }) => world.machine(node).drift(0.98 + degree * 0.04),
  },
  full: { weight: 2, ms: [100, 60_000], strike: disk('full') },
  locked: { weight: 2, ms: [100, 30_000], strike: disk('locked') },
  eio: { weight: 1, ms: [100, 20_000], strike: disk('io') },
  doubt: { weight: 1, ms: [100, 20_000], strike: disk('doubt') },
  files: {
    weight: 2,
    ms: [100, 60_000],
    strike: (world, { node, ms, degree }) => {
      const { files } = world.machine(node);
      files.trouble = degree < 0.4 ? 'ENOSPC' : degree < 0.7 ? 'EBUSY' : 'EIO';
      world.whenOver(ms, () => {
        files.trouble = undefined;
      });
    },
  },
  permissions: {
    weight: 2,
    ms: [1000, 120_000],
    strike: (world, { node, ms, degree }) => {
      const link = world.linkOf(node);
      link.forbidden = FORBIDDEN[Math.floor(degree * FORBIDDEN.length)];
      world.whenOver(ms, () => {
        link.forbidden = undefined;
      });
    },
  },
  storm: { weight: 1, ms: [10, 30_000], strike: storm },
  flap: {
    weight: 2,
    ms: [2000, 60_000],
    strike: (world, { node, ms, degree }) => flap(world, node, { until: world.timeline.now + ms, degree }),
  },
  outside: {
    weight: 2,
    ms: [500, 60_000],
    strike: (world, { node, ms, degree }) => {
      const { outside } = world.machine(node);
      outside.trouble = OUTSIDE[Math.floor(degree * OUTSIDE.length)]!;
      world.whenOver(ms, () => {
        outside.trouble = undefined;
      });
    },
  },
  original: {
    weight: 1,
    ms: [100, 60_000],
    strike: (world, { ms, degree }) => {
      const { original } = world;
      if (!original) return;
      if (degree < 0.5) original.crash(ms);
      else if (degree < 0.75) flap(world, original.name, { until: world.timeline.now + ms, degree: 0.5 });
      else original.link.blockedUntil = world.timeline.now + ms;
    },
  },
  twin: { weight: 1, ms: [1000, 60_000], strike: (world, { node, ms }) => world.startTwin(node, ms) },
  backup: { weight: 1, ms: [1, 60_000], strike: (world, { node, ms }) => world.restoreBackup(node, ms) },
  overwritten: {
    weight: 1,
    ms: [1, 60_000],
    strike: (world, { node, ms }) => world.restoreBackup(node, ms, { isInPlace: true }),
  },
  reinstall: { weight: 1, ms: [1, 60_000], strike: (world, { node, ms }) => world.reinstall(node, ms) },
} as const satisfies Record<string, FaultType>;

export type FaultKind = keyof typeof TYPES;

export const FAULT_KINDS = Object.keys(TYPES) as FaultKind[];

/** Faults after which less is promised, as somebody forgot or does what another one did: a run of others has none of them. */
export const FORGETFUL_KINDS: readonly FaultKind[] = ['twin', 'backup', 'overwritten', 'reinstall'];

/** The faults of a run where none are named. */
export const DEFAULT_KINDS: readonly FaultKind[] = FAULT_KINDS.filter(
  (kind) => !FORGETFUL_KINDS.includes(kind),
);

/** What these were when the first seeds of `seeds.ts` were found. */
export const FIRST_KINDS: readonly FaultKind[] = DEFAULT_KINDS.filter(
  (kind) => !['storm', 'flap', 'outside', 'original'].includes(kind),
);

/** How far a clock is set at most, ms. */
export const LONGEST_STEP_MS = 3 * 3_600_000;
const OUTSIDE = ['refuses', 'is silent', 'is busy', 'breaks off'] as const;
const FORBIDDEN = [
  { operation: 'publish', pattern: /\.REQReport\./ },
  { operation: 'publish', pattern: /\.REQCliCommand\./ },
  { operation: 'publish', pattern: /\.reply\./ },
  { operation: 'subscription', pattern: /\.reply\.[^.]+\.\*$/ },
  { operation: 'subscription', pattern: /\.REQReport\.EventACK\.reply/ },
] as const;

/** The bad weather of a run: a few faults or many, of few kinds or of all. */
export function makeFaults(
  chance: Chance,
  options: {
    readonly nodes: readonly string[];
    readonly lastsMs: number;
    readonly kinds: readonly FaultKind[];
    /** The fewest and the most. */
    readonly number: readonly [number, number];
  },
): Fault[] {
  const { nodes, lastsMs, kinds } = options;
  // Some worlds have one kind of fault, some all: a mixture of everything hides what one alone would show.
  const some = kinds.filter(() => chance.happens(0.6));
  const chosen = some.length > 0 ? some : [chance.pick(kinds)];
  const bag = chosen.flatMap((kind) => Array<FaultKind>(TYPES[kind].weight).fill(kind));
  const count = Math.round(chance.spread(...options.number));
  const faults = Array.from({ length: count }, (): Fault => {
    const kind = chance.pick(bag);
    const [least, most] = TYPES[kind].ms;
    return {
      at: Math.round(chance.between(0, lastsMs)),
      kind,
      node: chance.pick(nodes),
      ms: most === 0 ? 0 : Math.round(chance.spread(least, most)),
      degree: Number(chance.next().toFixed(3)),
    };
  });
  return faults.sort((a, b) => a.at - b.at);
}

/** Lets a fault strike. */
export function strike(world: World, fault: Fault): void {
  const type: FaultType = TYPES[fault.kind];
  world.timeline.note(`fault: ${faultText(fault)}`);
  type.strike(world, fault);
}

/** A fault in words. */
export function faultText({ at, kind, node, ms, degree }: Fault): string {
  return `${kind} of ${node} at ${(at / 1000).toFixed(3)} s, for ${(ms / 1000).toFixed(3)} s, degree ${degree}`;
}

/** The broker and several nodes crash at once, and some again as soon as they are back. */
function storm(world: World, { ms, degree }: Fault): void {
  const { timeline, broker, names } = world;
  const chance = world.chance.fork(`storm ${timeline.now}`);
  broker.restart(ms, chance);
  const crashSome = (isAgain: boolean) => {
    for (const name of names.filter(() => chance.happens(0.4 + degree / 2))) {
      timeline.note(`${name} crashes in a storm`);
      world.crash(name, { downMs: chance.spread(1, 5000), losesPower: chance.happens(0.3) });
    }
    if (isAgain && chance.happens(degree)) broker.restart(chance.spread(1, 3000), chance);
  };
  crashSome(false);
  for (let again = chance.below(3); again > 0; again--)
    timeline.after(ms + chance.spread(1, 10_000), () => crashSome(true));
}

/** A link comes and goes, so that hardly anything gets to its end. */
function flap(world: World, node: string, how: { readonly until: number; readonly degree: number }): void {
  const { timeline, broker } = world;
  if (timeline.now >= how.until) return;
  const link = world.linkOf(node);
  const chance = world.chance.fork(`flap ${node} ${timeline.now}`);
  link.cutUntil = timeline.now + chance.spread(1, 3000);
  broker.cut(link, how.degree * 1000);
  timeline.after(link.cutUntil - timeline.now + chance.spread(50, 8000), () => flap(world, node, how));
}

function disk(trouble: DiskTrouble) {
  return (world: World, { node, ms }: Fault) => {
    const { disk } = world.machine(node);
    disk.trouble = trouble;
    world.whenOver(ms, () => {
      if (disk.trouble === trouble) disk.trouble = undefined;
    });
  };
}
