import type { Asks } from './ask.ts';
import { makeDeeds, ORIGINAL } from './asks.ts';
import { Backlog, BEFORE_MIDNIGHT, checkBudgets, chooseBudgets } from './budgets.ts';
import { Chance } from './chance.ts';
import { askedOfClosed, CLOSED, checkClosed, setUpClosed } from './closed.ts';
import { Deliveries } from './delivered.ts';
import { type Fault, type FaultKind, LONGEST_STEP_MS, makeFaults, strike } from './faults.ts';
import { checkPromise, heldBy, remaining } from './promise.ts';
import { mayRunAgain } from './run-again.ts';
import type { Swaps } from './sim-node.ts';
import { Timeline } from './timeline.ts';
import { BrokenPromise, Truth } from './truth.ts';
import { Workload } from './workload.ts';
import { World } from './world.ts';
import { sizeOf, TIGHT, TIGHT_PAYLOAD } from './world-size.ts';

/** What is chosen of a run besides its seed. */
export interface RunOptions {
  readonly kinds: readonly FaultKind[];
  /** These faults, and none that the seed makes. */
  readonly faults?: readonly Fault[];
  /** Of the faults that the seed makes, those at these places alone. */
  readonly only?: readonly number[];
  /** What is asked for; all that can be, unless told. */
  readonly asks?: Asks | undefined;
  readonly swaps?: Swaps;
  /** Whether some of the ships are connected during calls alone. */
  readonly hasCalls?: boolean;
  /** Whether nodes are let in, and judged by who they are. */
  readonly isClosed?: boolean;
  /** Whether the links of some of the ships have a budget for each day. No clock is set then. */
  readonly hasBudgets?: boolean;
  /** Whether there is more of everything: nodes, faults, requests, and time. */
  readonly isLarge?: boolean;
  /** Whether messages are to be small, and patience is short. */
  readonly isTight?: boolean;
  readonly keepsStory?: boolean;
}

/** How a run went. */
export interface RunReport {
  readonly seed: number;
  readonly faults: readonly Fault[];
  /** What broke the promise; undefined where nothing did. */
  readonly failure: Error | undefined;
  /** The same for runs that were the same. */
  readonly hash: string;
  readonly events: number;
  readonly asks: number;
  /** How long the fleet lived, h, all its nodes together. */
  readonly nodeHours: number;
  readonly story: readonly string[];
  /** The methods that nodes were asked for, and did something about. */
  readonly methods: ReadonlySet<string>;
}

const CENTRAL = 'central';
/** The node that is set up when others have sent to it already. */
const LATE = 'ship3';
const LOOK_EVERY_MS = 10_000;
/** The same where days pass until the next budget. */
const LOOK_EVERY_MS_OF_DAYS = 60_000;
/** How long after the longest life of a message all must have ended: the time to tell of it. */
const TELL_MS = 30 * 60_000;
/** The same where large files go over links with budgets: a copy takes as long as it takes. */
const DAYS_OF_COPIES = 7 * 86_400_000;

/** How long an end may take to be forgotten: what is idle for a minute leaves memory, ms. */
const AT_REST_MS = 240_000;
/** How long a call takes at most that has nothing to say, ms. */
const LONGEST_CALL_MS = 60_000;
/** What a small budget holds back goes day by day, until messages have lived. */
const MOST_EVENTS_OF_DAYS = 2_500_000;
/** The same of what much was asked of in much bad weather. */
const MOST_EVENTS_OF_MUCH = 5_000_000;

/** How soon after the weather has cleared nothing waits any more, unless it has to. */
const SOON_MS = 10 * 60_000;

/** Lets one world happen, from its seed. Never throws for what breaks in it. */
export async function runSeed(seed: number, options: RunOptions): Promise<RunReport> {
  const chance = new Chance(`seed ${seed}`);
  const { nodes } = sizeOf(options);
  const timeline = makeTimeline(options);
  const made = faultsOf(seed, options);
  const faults = options.faults ?? made.filter((_, place) => options.only?.includes(place) ?? true);
  const truth: Truth = new Truth(timeline, {
    mayRepeat: (run) => {
      const ask = workload.asks.find((one) => one.token === run.token);
      return mayRunAgain(world, ask, run);
    },
  });
  const world = makeWorld(options, { timeline, chance, truth });
  const workload = new Workload(world);
  const handles = process.getActiveResourcesInfo();
  const onRejection = (error: unknown) => timeline.fail(error as Error);
  process.on('unhandledRejection', onRejection);
  let failure: Error | undefined;
  try {
    await letHappen(world, { chance, options, faults, workload, truth, seed });
  } catch (error) {
    failure = error as Error;
  } finally {
    world.end();
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', onRejection);
  }
  failure ??= leftOpen(handles);
  return {
    ...{ seed, faults, failure, hash: timeline.hash(), events: timeline.count, asks: workload.asks.length },
    nodeHours: (timeline.now * nodes.length) / 3_600_000,
    ...{ story: timeline.story, methods: truth.methods },
  };
}

interface Happening {
  readonly chance: Chance;
  readonly options: RunOptions;
  readonly faults: readonly Fault[];
  readonly workload: Workload;
  readonly truth: Truth;
  readonly seed: number;
}

/** Lets all happen that is asked of a world and strikes it, until it is at rest. Throws what is wrong then. */
async function letHappen(
  world: World,
  { chance, options, faults, workload, truth, seed }: Happening,
): Promise<void> {
  const { timeline, budgets } = world;
  const { hasBudgets = false, isClosed = false, asks = 'all' } = options;
  const { nodes, lastsMs, times } = sizeOf(options);
  setUp(world, chance, options);
  const asked = { nodes, lastsMs, asks: isClosed ? 'third' : asks, seed, times, budgets } as const;
  const deeds = makeDeeds(chance.fork('deeds'), asked);
  workload.plan(isClosed ? askedOfClosed(deeds) : deeds);
  for (const fault of faults) timeline.after(fault.at, () => strike(world, fault));
  await timeline.runUntil(lastsMs);
  world.heal();
  workload.startAgain();
  const isSet = faults.some(({ kind }) => kind === 'clock');
  await timeline.runUntil(Math.max(timeline.now, world.allHereAt));
  const backlog = new Backlog(world);
  for (const soon = timeline.now + SOON_MS; timeline.now < soon; ) {
    backlog.look();
    await timeline.runUntil(Math.min(soon, timeline.now + LOOK_EVERY_MS_OF_DAYS));
  }
  // What a budget, or a share, holds back waits for the next day.
  const deliveries = new Deliveries(world);
  if (!hasBudgets && !isClosed) deliveries.checkSoon();
  const ttlMs = world.settings.messageTtlSeconds * 1000;
  // What waited for a share until it expired is told in a line that may wait for that too.
  const longestMs = (isClosed ? 2 : 1) * ttlMs + (hasBudgets ? DAYS_OF_COPIES : TELL_MS);
  const look = () => {
    if (!hasBudgets) deliveries.checkCalls();
    return remaining(world);
  };
  await untilQuiet(world, look, {
    backlog,
    mostMs: isSet ? longestMs + LONGEST_STEP_MS : longestMs,
    everyMs: hasBudgets ? LOOK_EVERY_MS_OF_DAYS : LOOK_EVERY_MS,
  });
  await checkAtRest(world);
  if (!hasBudgets) await checkListed(world, nodes);
  checkPromise(world, { workload, truth });
  checkBudgets(world);
  checkClosed(world, workload.asks, truth);
}

function makeTimeline({ keepsStory = false, hasBudgets, isLarge }: RunOptions): Timeline {
  return new Timeline({
    keepsStory,
    ...(hasBudgets && { mostEvents: MOST_EVENTS_OF_DAYS }),
    ...(isLarge && { mostEvents: MOST_EVENTS_OF_MUCH }),
  });
}

function makeWorld(
  { swaps = {}, hasBudgets, isTight, isClosed }: RunOptions,
  parts: { readonly timeline: Timeline; readonly chance: Chance; readonly truth: Truth },
): World {
  const begin = hasBudgets ? BEFORE_MIDNIGHT : undefined;
  const settings = { ...begin?.settings, ...(isTight && TIGHT) };
  return new World({
    ...{ ...parts, swaps, ...begin, settings, ...(isClosed && CLOSED) },
    ...(isTight && { maxPayload: TIGHT_PAYLOAD }),
  });
}

/** What of the machine itself a run has left open: nothing simulated waits there. */
function leftOpen(before: readonly string[]): Error | undefined {
  const left = process.getActiveResourcesInfo();
  for (const one of before) if (left.includes(one)) left.splice(left.indexOf(one), 1);
  return left.length === 0 ? undefined : new Error(`the run has left open, outside of its world: ${left}`);
}

/** The kinds of faults that a run may have. */
export function kindsIn({ kinds, hasBudgets }: RunOptions): FaultKind[] {
  return kinds.filter((kind) => !(hasBudgets && kind === 'clock'));
}

/** The faults that a seed makes. */
export function faultsOf(seed: number, options: RunOptions): Fault[] {
  const chance = new Chance(`seed ${seed}`).fork('faults');
  const { nodes, lastsMs, faults: number } = sizeOf(options);
  return makeFaults(chance, { nodes, lastsMs, number, kinds: kindsIn(options) });
}

/** Sets up the machines of a fleet. */
function setUp(world: World, chance: Chance, options: RunOptions): void {
  const { asks, hasCalls, hasBudgets } = options;
  const { nodes, lastsMs } = sizeOf(options);
  const ships = nodes.slice(1);
  if (hasBudgets)
    for (const [ship, bytes] of chooseBudgets(chance.fork('budgets'), ships)) world.budgets.set(ship, bytes);
  if (hasCalls) chooseCallers(world, ships, chance.fork('calls'));
  if (options.isClosed)
    return setUpClosed(world, chance.fork('closed'), {
      ...{ nodes, lastsMs },
      late: LATE,
      swaps: options.swaps,
    });
  for (const name of nodes) if (name !== LATE) world.add(name);
  world.add(LATE, { startsAt: Math.round(chance.fork('late').between(0, lastsMs)) });
  if (asks !== 'first') world.addOriginal(ORIGINAL);
}

/** Some ships call, at least one. */
function chooseCallers(world: World, ships: readonly string[], chance: Chance): void {
  const some = ships.filter(() => chance.happens(0.5));
  for (const ship of some.length > 0 ? some : [chance.pick(ships)])
    world.callsEvery.set(ship, Math.round(chance.spread(20_000, 120_000)));
}

interface Patience {
  readonly backlog: Backlog;
  readonly mostMs: number;
  readonly everyMs: number;
}

/** Lets time pass until nothing is left to do. */
async function untilQuiet(
  world: World,
  look: () => string | undefined,
  { backlog, mostMs, everyMs }: Patience,
): Promise<void> {
  const { timeline } = world;
  const clearedAt = timeline.now;
  let latest = clearedAt + mostMs;
  let left = look() ?? '';
  while (timeline.now < latest) {
    await timeline.runUntil(timeline.now + everyMs);
    backlog.look();
    const now = look();
    if (now === undefined) {
      // What is quiet for a moment only may be on its way.
      await timeline.runUntil(timeline.now + everyMs);
      if (look() === undefined) return;
    }
    left = now ?? left;
    if (timeline.now >= latest) latest += backlog.nextMs();
  }
  const minutes = Math.round((timeline.now - clearedAt) / 60_000);
  throw new BrokenPromise(`an end for everything: ${left}, ${minutes} min after the weather cleared`);
}

/** A node that is there is on the list of the central one, also where somebody had taken it off. Throws BrokenPromise. */
async function checkListed(world: World, nodes: readonly string[]): Promise<void> {
  let listed: readonly string[] = [];
  void world
    .node(CENTRAL)!
    .known()
    .then((names) => {
      listed = names;
    });
  await world.timeline.runUntil(world.timeline.now + AT_REST_MS);
  const missing = nodes.find((name) => !listed.includes(name));
  if (missing) throw new BrokenPromise(`list: ${missing} says hello, and is not listed`);
}

/**
 * Sees to it that a node that has nothing to do holds nothing: one that is connected during calls alone between two of them, as
 * in a call it asks for what is new. Throws BrokenPromise.
 */
async function checkAtRest(world: World): Promise<void> {
  const { timeline } = world;
  await timeline.runUntil(timeline.now + AT_REST_MS);
  for (const place of world.places.filter(({ machine, nodeName }) => machine.name === nodeName)) {
    const { name } = place.machine;
    const latest = timeline.now + LONGEST_CALL_MS;
    while (place.node?.isCalling && timeline.now < latest) await timeline.runUntil(timeline.now + 1000);
    if (place.node?.isCalling) throw new BrokenPromise(`at rest: ${name} calls on and on`);
    const held = heldBy(place);
    if (held) throw new BrokenPromise(`at rest: ${name} holds ${held}`);
  }
}
