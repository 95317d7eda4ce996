import assert from 'node:assert/strict';
import { sentOn } from './fleet.ts';
import type { StewardNode } from './node.ts';
import { waitFor } from './wait-for.ts';

/** What can be ended at once and started again. */
interface Victim {
  readonly name: string;
  restart(): Promise<void>;
}

interface ChaosOptions {
  /** How far the work must have come for each kill, ascending. */
  readonly points: readonly number[];
  readonly victims: readonly Victim[];
  /** How far the work has come now. */
  progress(): number | Promise<number>;
  readonly random: () => number;
}

/** What can be killed of a fleet. */
export function victimsOf(
  broker: { restart(): Promise<void> },
  ...nodes: readonly StewardNode[]
): readonly Victim[] {
  const all = [{ name: 'broker', restart: () => broker.restart() }];
  for (const node of nodes) all.push({ name: node.name, restart: () => node.restart() });
  return all;
}

interface SubmitOptions {
  /** The subject of all messages, by which the node's ledger tells how many it accepted. */
  readonly subject: string;
  readonly total: number;
  readonly slice: number;
  /** How far the messages may be ahead of the work. */
  readonly most: number;
  /** How far the work has come now. */
  done(): number;
  message(index: number): object;
}

/** Submits messages in slices to a node that is killed at times; what it had not accepted then, again. */
export async function submitThroughKills(node: StewardNode, options: SubmitOptions): Promise<void> {
  const { subject, total, slice, most, done, message } = options;
  for (let next = 0; next < total; ) {
    await waitFor('room for more', () => next - done() < most, { timeoutMs: 60_000 });
    const size = Math.min(slice, total - next);
    try {
      const answer = await node.submit(Array.from({ length: size }, (_, index) => message(next + index)));
      assert.deepEqual(answer.refused, []);
      next += size;
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      // The ledger alone knows what was accepted before the node was killed.
      await waitFor(`${node.name} to be back`, () => hasStarted(node), { timeoutMs: 30_000 });
      next = sentOn(node, subject).length;
    }
  }
}

function hasStarted(node: StewardNode): boolean {
  return node.program.exit === undefined && node.logLines().some(({ msg }) => msg === 'started');
}

/** `count` random numbers of the middle of a run of `total` steps, ascending. */
export function randomPoints(count: number, total: number, random: () => number): number[] {
  const slot = (total * 0.9) / count;
  return Array.from({ length: count }, (_, index) => Math.floor(slot * (index + random())));
}

/**
 * Kills the victims in turns, in an order shuffled for every round, each when the work has come so far and a random
 * moment has passed; returns what was killed when, for the text of a failure.
 */
export async function killInTurns({ points, victims, progress, random }: ChaosOptions): Promise<string[]> {
  const log: string[] = [];
  let round: Victim[] = [];
  for (const point of points) {
    if (round.length === 0) round = shuffled(victims, random);
    await waitFor(`the work to come to ${point}`, async () => (await progress()) >= point, {
      timeoutMs: 60_000,
    });
    const moment = performance.now() + random() * 12;
    await waitFor('a random moment', () => performance.now() >= moment, { intervalMs: 1 });
    const victim = round.pop()!;
    log.push(`${victim.name} at ${await progress()}`);
    await victim.restart();
  }
  return log;
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}
