import type { Ask, Asks, Deed, Item, NewAsk } from './ask.ts';
import { Chance } from './chance.ts';
import { DATA_FOLDER } from './sim-config.ts';
import { BrokenPromise } from './truth.ts';
import type { World } from './world.ts';

/** A relay keeps what is as large as this, and not all of several of the largest; bytes. */
const [LEAST_KEPT, LARGEST] = [16 * 1024, 60_000];

/** Their tokens are no others'. */
const FIRST_PASSED = 1_000_000;

interface RelayedOptions {
  readonly nodes: readonly string[];
  readonly lastsMs: number;
  readonly asks: Asks;
  readonly budgets?: ReadonlyMap<string, number> | undefined;
}

/**
 * Files that go by way of another node, to one after the other, to all at once, and the same again later; none where links have
 * budgets, as it would take them a week.
 */
export function relayedDeeds(chance: Chance, { nodes, lastsMs, asks, budgets }: RelayedOptions): Deed[] {
  if (budgets?.size) return [];
  const count = asks === 'relayed' ? 2 + chance.below(8) : chance.below(3);
  return Array.from({ length: count }, (_, index) => `f${index + 1}`).flatMap((file) => {
    const from = chance.happens(0.7) ? nodes[0]! : chance.pick(nodes);
    const via = chance.pick(nodes.filter((name) => name !== from));
    const targets = nodes.filter((name) => name !== from && name !== via);
    const content = contentOf(file, LEAST_KEPT + chance.below(LARGEST - LEAST_KEPT));
    const item = (toNode: string, time: number): Item => {
      const token = `${file}-${toNode}-${time}`;
      const ask: NewAsk = { token, kind: 'relayed', from, toNode, isLimited: false, content };
      const message = {
        ...{ toNode, method: 'REQToFile', relayViaNode: via, relayReplyMethod: 'REQNone' },
        ...{ directory: 'relayed', fileName: file, data: [content] },
      };
      return { ask, message };
    };
    const submit = (at: number, to: readonly string[], time: number): Deed => ({
      ...{ at: Math.round(at), what: 'submit', from, items: to.map((toNode) => item(toNode, time)) },
    });
    const at = chance.between(0, lastsMs);
    const first = chance.happens(0.5) ? targets : targets.slice(0, 1);
    const again = chance.happens(0.6) ? [submit(at + chance.spread(5, 60_000), targets, 2)] : [];
    return [submit(at, first, 1), ...again];
  });
}

/** Lines that are appended by way of another node, many in a short time: they keep their order. */
export function passedDeeds(chance: Chance, { nodes, lastsMs, asks }: RelayedOptions): Deed[] {
  let count = 0;
  return Array.from({ length: asks === 'relayed' ? 4 + chance.below(6) : chance.below(3) }).flatMap(() => {
    const from = chance.pick(nodes);
    const toNode = chance.pick(nodes.filter((name) => name !== from));
    const via = nodes.find((name) => name !== from && name !== toNode)!;
    const item = (): Item => {
      const token = `t${FIRST_PASSED + count++}`;
      const isLimited = chance.happens(0.1);
      const message = {
        ...{ toNode, method: 'REQToFileAppend', relayViaNode: via, relayReplyMethod: 'REQNone' },
        ...{ directory: 'passed', fileName: `by-${from}`, ...(isLimited && { expiresIn: 60 }) },
        data: [`${token} ${'x'.repeat(chance.below(100))}\n`],
      };
      return { ask: { token, kind: 'passed', from, toNode, isLimited }, message };
    };
    const at = chance.between(0, lastsMs);
    return Array.from({ length: 1 + chance.below(12) }, (_, burst): Deed => {
      const items = Array.from({ length: 1 + chance.below(6) }, item);
      return { at: Math.round(at + burst * chance.spread(5, 10_000)), what: 'submit', from, items };
    });
  });
}

/** Text that no two files have in common, and that compression does not make small. */
function contentOf(file: string, size: number): string {
  const chance = new Chance(`relayed ${file}`);
  return `${file} ${Buffer.from(chance.bytes(size)).toString('base64')}`.slice(0, size);
}

/** Holds what a node says of a file that went by way of another one against what is there. Throws BrokenPromise. */
export function checkRelayed(world: World, ask: Ask, { state }: { state: string }): void {
  const { token, id, from, toNode, content } = ask;
  const path = `${DATA_FOLDER}/relayed/${toNode}/${token.split('-', 1)[0]}`;
  const written = world.places
    .filter(({ nodeName }) => nodeName === toNode)
    .flatMap(({ machine }) => machine.files.replaced(path));
  const about = `relayed ${token} (${id}) from ${from} to ${toNode}`;
  if (written.some((text) => text !== content)) throw new BrokenPromise(`${about} wrote what nobody sent`);
  if (state === 'succeeded' && written.length === 0)
    throw new BrokenPromise(`${about} is succeeded, and its file was not written`);
}
