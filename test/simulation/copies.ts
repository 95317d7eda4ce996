import type { Ask, Asks, Deed, NewAsk } from './ask.ts';
import { Chance } from './chance.ts';
import { BrokenPromise } from './truth.ts';
import type { Workload } from './workload.ts';
import type { World } from './world.ts';

/** Up to here a file travels in one message: larger ones go in pieces. */
const [SMALL_BYTES, LARGEST_BYTES] = [30_000, 330_000];
const LEAST_IN_PIECES = 257 * 1024;
/** A file goes in pieces over a link whose budget takes it within two days or so: over others it would take a week. */
const LEAST_BUDGET = LARGEST_BYTES / 2;
/** What all sources have in common, so that a target may have some of it already. */
const COMMON = new Chance('what files are made of').bytes(2 * LARGEST_BYTES);
/** So often a file says whose it is, and which version, bytes. */
const MARK_EVERY = 40_000;

/** How something other than a node changes a file. */
const CHANGES = ['grown', 'rewritten', 'shortened'] as const;

/** A file of a machine becomes another one. */
export interface SourceDeed {
  readonly at: number;
  readonly what: 'source';
  readonly node: string;
  readonly path: string;
  readonly content: Buffer;
}

interface CopyOptions {
  readonly nodes: readonly string[];
  readonly lastsMs: number;
  readonly asks: Asks;
  /** The budgets of links that have one, bytes a day. */
  readonly budgets?: ReadonlyMap<string, number> | undefined;
}

/** Copies between nodes, of files that others write to meanwhile, to places that others copy to too. */
export function copyDeeds(chance: Chance, { nodes, lastsMs, asks, budgets }: CopyOptions): Deed[] {
  const count = asks === 'copies' ? 2 + chance.below(12) : chance.below(4);
  return Array.from({ length: count }, (_, index) => `c${index + 1}`).flatMap((token) => {
    const at = Math.round(chance.between(0, lastsMs));
    const from = chance.happens(0.7) ? nodes[0]! : chance.pick(nodes);
    const toNode = chance.pick(nodes.filter((name) => name !== from));
    const copyTo = chance.pick(nodes.filter((name) => name !== toNode));
    const path = `/out/${token}`;
    const target = `/in/${chance.happens(0.5) ? 'shared' : token}`;
    const ask: NewAsk = { token, kind: 'copy', from, toNode, copyTo, target, isLimited: false };
    const message = {
      ...{ toNode, method: 'REQCopyFileFrom', methodArgs: [path, copyTo, target] },
      ...{ replyMethod: 'REQToFileAppend', directory: 'replies', fileName: token },
    };
    const isThin = [toNode, copyTo].some((name) => (budgets?.get(name) ?? LEAST_BUDGET) < LEAST_BUDGET);
    const size = Math.min(sizeOf(chance), isThin ? SMALL_BYTES : LARGEST_BYTES);
    const source = (when: number, content: Buffer): SourceDeed => ({
      ...{ at: Math.round(when), what: 'source', node: toNode, path, content },
    });
    const change = chance.pick(CHANGES);
    return [
      source(at, contentOf(token, 0, size)),
      { at, what: 'submit', from, items: [{ ask, message }] },
      ...(chance.happens(0.3) ? [source(at + chance.spread(5, 5000), changed(token, size, change))] : []),
      ...(chance.happens(0.15)
        ? [{ at: at + chance.spread(5, 8000), what: 'cancel' as const, from, nth: 0 }]
        : []),
    ];
  });
}

function sizeOf(chance: Chance): number {
  if (chance.happens(0.5)) return Math.round(chance.spread(1, SMALL_BYTES));
  return LEAST_IN_PIECES + chance.below(LARGEST_BYTES - LEAST_IN_PIECES);
}

function contentOf(token: string, version: number, size: number): Buffer {
  const content = Buffer.from(COMMON.subarray(0, size));
  for (let at = 0; at < size; at += MARK_EVERY) content.write(`${token} v${version} `, at);
  return content;
}

function changed(token: string, size: number, how: (typeof CHANGES)[number]): Buffer {
  if (how === 'rewritten') return contentOf(token, 1, size);
  const before = contentOf(token, 0, size);
  return how === 'shortened' ? before.subarray(0, size >> 1) : Buffer.concat([before, Buffer.from('more\n')]);
}

const NOT_MADE: ReadonlySet<string> = new Set(['rejected', 'expired', 'undelivered', 'superseded']);
/** What is there while a copy is made, and not afterwards; what a relay keeps is in a folder of its own. */
const TEMPORARY = /^(?!simulated\/relayed\/).*(\/\.steward-[^/]*\.copy$|\.new$|\/source-[^/]*$)/;

/** Holds what a node says of a copy against the bytes that are there. Throws BrokenPromise. */
export function checkCopy(
  world: World,
  ask: Ask,
  { state, reason }: { state: string; reason: string | null },
): void {
  const isThere = arrivedAt(world, ask).some((content) =>
    versionsOf(world, ask).some((one) => one.equals(content)),
  );
  if (state === 'succeeded' && !isThere)
    throw broken(ask, 'is succeeded, and no version of its file arrived');
  if (NOT_MADE.has(state) && isThere) throw broken(ask, `is ${state} (${reason}), and its file arrived`);
  if (![...NOT_MADE, 'succeeded', 'failed', 'cancelled'].includes(state))
    throw broken(ask, `is ${state} (${reason}), which is no end of a copy`);
  const machines = world.places.filter(({ nodeName }) => nodeName === ask.from);
  const replies = machines.map(({ machine }) => machine.files.read(`replies/${ask.toNode}/${ask.token}`));
  const count = replies.join('').split('info: succesfully read').length - 1;
  if (!ask.isResent && count !== Number(state === 'succeeded'))
    throw broken(ask, `is ${state}, and its reply came ${count} times`);
}

/** A target holds whole files alone, whatever becomes of who writes it, and nothing is left next to it. Throws BrokenPromise. */
export function checkTargets(world: World, { asks, forgot }: Pick<Workload, 'asks' | 'forgot'>): void {
  const copies = asks.filter(({ kind }) => kind === 'copy');
  for (const ask of copies) {
    const whole = copies.filter(({ copyTo, target }) => copyTo === ask.copyTo && target === ask.target);
    const versions = whole.flatMap((one) => versionsOf(world, one));
    const torn = arrivedAt(world, ask).find((content) => !versions.some((one) => one.equals(content)));
    if (torn)
      throw broken(
        ask,
        `left ${torn.length} bytes at ${ask.target} that are no file of anybody: ${torn.subarray(0, 20)}`,
      );
  }
  const isForgotten = (name: string) => world.names.some((who) => forgot.has(`${who} ${name}`));
  // Whose database went back, or who was set up anew, knows of no copy that he began.
  if (world.names.some((name) => world.wasSetBack(name, 0) || world.hasTwin(name))) return;
  for (const { machine } of world.places) {
    // Nobody could tell it that a copy was called off.
    if (isForgotten(machine.name) || world.wasAwayLong(machine.name)) continue;
    const left = machine.files.paths().find((path) => TEMPORARY.test(path));
    if (left) throw new BrokenPromise(`copies: ${left} is left at ${machine.name}`);
  }
}

/** What was seen at the target of a copy. */
function arrivedAt(world: World, { copyTo, target }: Ask): Buffer[] {
  const places = world.places.filter(({ nodeName }) => nodeName === copyTo);
  return places.flatMap(({ machine }) => machine.files.seenAt(target!));
}

function versionsOf(world: World, { toNode, token }: Ask): readonly Buffer[] {
  return world.machine(toNode).files.seenAt(`/out/${token}`);
}

function broken({ token, id, from, toNode, copyTo }: Ask, what: string): BrokenPromise {
  return new BrokenPromise(`copy ${token} (${id}) from ${from}, of ${toNode} to ${copyTo} ${what}`);
}
