import type { WavesOrder } from '../../src/contract/waves.ts';
import { isRunPlan } from '../../src/waves/run-plan.ts';
import type { Deed } from './ask.ts';
import type { Chance } from './chance.ts';
import { workArgs } from './sim-commands.ts';
import { BrokenPromise, type Truth } from './truth.ts';
import type { World } from './world.ts';

/** A command that goes from node to node. */
export interface WaveAsk {
  readonly batch: string;
  readonly from: string;
  readonly token: string;
  readonly order: WavesOrder;
  /** When it was asked for; undefined until then. */
  at?: number;
  /** Whether the answer said that it goes. */
  isAccepted?: boolean;
  isCancelled?: boolean;
}

/** What a node of a batch is called in what really happened. */
function tokenAt({ token }: WaveAsk, node: string): string {
  return `${token}-${node}`;
}

/** Commands that go from node to node, of which some are called off, and some asked for twice, as when an answer was lost. */
export function waveDeeds(
  chance: Chance,
  { nodes, lastsMs }: { nodes: readonly string[]; lastsMs: number },
): Deed[] {
  return makeWaves(chance, { nodes, count: chance.below(4) }).flatMap((wave) => {
    const at = Math.round(chance.between(0, lastsMs));
    const later = (mostMs: number, isEnd: boolean): Deed[] => [
      { at: at + Math.round(chance.spread(1, mostMs)), what: 'waves', wave, isEnd },
    ];
    return [
      { at, what: 'waves' as const, wave, isEnd: false },
      ...(chance.happens(0.3) ? later(30_000, false) : []),
      ...(chance.happens(0.2) ? later(60_000, true) : []),
    ];
  });
}

/** Some commands that go from node to node: one at a time or several, with a canary, and with an end when some fail. */
function makeWaves(chance: Chance, { nodes, count }: { nodes: readonly string[]; count: number }) {
  return Array.from({ length: count }, (_, index): WaveAsk => {
    const from = chance.happens(0.8) ? nodes[0]! : chance.pick(nodes);
    const targets = nodes.filter((name) => name !== from || chance.happens(0.3));
    const token = `w${index + 1}`;
    const work = {
      token: `${token}-{{node}}`,
      ms: Math.round(chance.spread(5, 20_000)),
      exitCode: chance.happens(0.6) ? 0 : 3,
      bytes: chance.below(50),
      ...(chance.happens(0.7) && { failsAt: [chance.pick(targets)] }),
    };
    const reply = { replyMethod: 'REQToFileAppend', directory: 'replies', fileName: token };
    return {
      ...{ batch: uuidOf(chance), from, token },
      order: {
        targets,
        message: { method: 'REQCliCommand', methodArgs: workArgs(work), methodTimeout: 30, ...reply },
        ...{ isTemplate: true, takesNew: true, batchWaitMs: chance.below(3) * 2000 },
        ...(chance.happens(0.7) && { batch: String(1 + chance.below(2)) }),
        ...(chance.happens(0.4) && { canary: 1, waitMs: Math.round(chance.spread(1000, 300_000)) }),
        ...(chance.happens(0.6) && { maxErrors: String(chance.below(2)) }),
      },
    };
  });
}

/** An id of version 7, as who asks makes one. */
function uuidOf(chance: Chance): string {
  const hex = chance.bytes(16).toString('hex');
  return `019b7600-${hex.slice(0, 4)}-7${hex.slice(4, 7)}-8${hex.slice(7, 10)}-${hex.slice(10, 22)}`;
}

interface Turn {
  readonly id: string;
  readonly state: string;
  readonly subject: string;
  readonly queuedAt: number;
  readonly endedAt: number | null;
}

const TURNS = `SELECT l.id, l.state, n.subject, l.queued_at AS queuedAt, l.ended_at AS endedAt FROM ledger l JOIN lanes n ON n.id = l.key / 4294967296
  WHERE l.batch = ? ORDER BY l.id`;

/** Each node has one turn, and nobody has one who was not to have it any more. Throws BrokenPromise. */
export function checkWaves(world: World, asks: readonly WaveAsk[], truth: Truth): void {
  for (const ask of asks) if (ask.at !== undefined && !isSetBack(world, ask)) checkWave(world, ask, truth);
}

function checkWave(world: World, ask: WaveAsk, truth: Truth): void {
  const { batch, from, order, isAccepted = false } = ask;
  const { disk } = world.machine(from);
  const turns = disk.prepare(TURNS).all(batch) as unknown as Turn[];
  const nodes = turns.map(({ subject }) => subject.split('.')[0]!);
  const twice =
    nodes.find((node, place) => nodes.indexOf(node) < place) ??
    order.targets.find((node) => truth.runsOf(tokenAt(ask, node)).flatMap(({ starts }) => starts).length > 1);
  if (twice) throw broken(ask, `had two turns at ${twice}`);
  const { plan = null } = disk.prepare('SELECT plan FROM batches WHERE id = ?').get(batch) ?? {};
  if (isAccepted && plan === null) throw broken(ask, 'was accepted, and nothing is known of it');
  if (plan !== null) checkPlan(ask, JSON.parse(plan as string), nodes);
  if (order.canary && world.machine(from).setBy === 0) checkCanary(ask, turns);
}

/** A canary that is away holds nobody up: its failure counts where nobody had a turn before. */
function checkCanary(ask: WaveAsk, turns: readonly Turn[]): void {
  const [first, second] = turns;
  if (first?.state === 'failed' && second && second.queuedAt > (first.endedAt ?? Infinity))
    throw broken(ask, `went on after its canary had failed`);
}

function checkPlan(ask: WaveAsk, plan: unknown, nodes: readonly string[]): void {
  if (!isRunPlan(plan) || !plan.isOver) throw broken(ask, 'is not over');
  const left = plan.targets.find((node) => !nodes.includes(node) && plan.refused?.[node] === undefined);
  if (left && plan.stopped === undefined) throw broken(ask, `is over, and ${left} had no turn`);
  if (left === undefined && plan.stopped !== undefined && !ask.isCancelled)
    throw broken(ask, `was stopped (${plan.stopped}) when all had had their turn`);
}

function isSetBack(world: World, { from, at, order }: WaveAsk): boolean {
  return [from, ...order.targets].some((name) => world.wasSetBack(name, at!) || world.hasTwin(name));
}

function broken({ token, batch, from }: WaveAsk, what: string): BrokenPromise {
  return new BrokenPromise(`waves: ${token} (${batch}) from ${from} ${what}`);
}
