import type { Chance } from './chance.ts';
import { workArgs } from './sim-commands.ts';
import type { World } from './world.ts';

/** A request that somebody made of a node, and what is known of it outside of the fleet. */
export interface Ask {
  readonly token: string;
  readonly kind: AskKind;
  /** The machine that it was asked of, and the node that is to do it. */
  readonly from: string;
  readonly toNode: string;
  readonly at: number;
  /** Whether who asked said how long it is to be tried. */
  readonly isLimited: boolean;
  /** Once it was accepted: its id. */
  id?: string;
  /** Whether the answer said that it was not accepted. */
  isRefused?: boolean;
  /** The key of which only the newest counts. */
  readonly key?: string;
  /** Whether somebody had it sent again, as another request. */
  isResent?: boolean;
}

type AskKind = 'append' | 'command' | 'relay' | 'schedule' | 'write' | 'original';

type Deed =
  | { readonly at: number; readonly what: 'submit'; readonly from: string; readonly items: readonly Item[] }
  | { readonly at: number; readonly what: 'cancel' | 'resend'; readonly from: string; readonly nth: number };

interface Item {
  readonly ask: NewAsk;
  readonly message: object;
}

/** What is asked of a fleet in a run, made before it begins. */
export function makeDeeds(
  chance: Chance,
  options: { nodes: readonly string[]; lastsMs: number; asks: Asks; hasKeys: boolean },
): Deed[] {
  const { nodes, lastsMs, asks, hasKeys } = options;
  const makeItem = itemMaker(chance, { nodes, kinds: KINDS[asks], hasKeys });
  const deeds: Deed[] = [];
  const count = Math.round(chance.spread(5, 60));
  for (let index = 0; index < count; index++) {
    const at = Math.round(chance.between(0, lastsMs));
    const from = chance.happens(0.7) ? nodes[0]! : chance.pick(nodes);
    if (chance.happens(0.15))
      deeds.push({ at, what: chance.happens(0.8) ? 'cancel' : 'resend', from, nth: chance.below(1000) });
    else {
      const items = Array.from({ length: Math.round(chance.spread(1, 12)) }, () => makeItem(from));
      deeds.push({ at, what: 'submit', from, items });
      // Whoever changes his mind does so while it is on its way.
      if (chance.happens(0.15))
        deeds.push({
          at: at + chance.spread(5, 8000),
          what: 'cancel',
          from,
          nth: chance.below(items.length),
        });
    }
  }
  return deeds.sort((a, b) => a.at - b.at);
}

type NewAsk = Omit<Ask, 'at'>;

/** What is asked for: `first` is what it was at first, so that the seeds that found something then go on to ask for it. */
export type Asks = 'all' | 'first';

const FIRST_KINDS: readonly AskKind[] = [
  ...Array<AskKind>(3).fill('append'),
  ...Array<AskKind>(3).fill('command'),
  ...(['relay', 'schedule'] as const),
];
const KINDS: Readonly<Record<Asks, readonly AskKind[]>> = {
  first: FIRST_KINDS,
  all: [...FIRST_KINDS, 'write', 'write', 'original'],
};
/** The name of the node of the original program. */
export const ORIGINAL = 'old';

/** How many keys there are. */
const KEYS = 2;

function itemMaker(
  chance: Chance,
  { nodes, kinds, hasKeys }: { nodes: readonly string[]; kinds: readonly AskKind[]; hasKeys: boolean },
): (from: string) => Item {
  let count = 0;
  // Chance of its own: what else is asked for stays the same.
  const keys = chance.fork('keys');
  return (from) => {
    const toNode = chance.pick(nodes.filter((name) => name !== from));
    const via = nodes.find((name) => name !== from && name !== toNode)!;
    const limits = makeLimits(chance);
    const isLimited = Object.keys(limits).length > 0;
    const kind = chance.pick(kinds);
    const key = hasKeys && keys.happens(0.3) ? `k${keys.below(KEYS)}` : undefined;
    const asked = { token: `t${++count}`, kind, from, isLimited, ...(key && { key }) };
    const ask: NewAsk = { ...asked, toNode: kind === 'original' ? ORIGINAL : toNode };
    const said = { ...limits, ...(key && { supersedes: key }) };
    return { ask, message: { ...makeMessage(chance, ask, via), ...said } };
  };
}

function makeMessage(chance: Chance, ask: NewAsk, via: string): object {
  const isAppend = ask.kind === 'append' || (ask.kind === 'original' && chance.happens(0.5));
  if (ask.kind === 'write')
    return { ...appendMessage(chance, ask), method: 'REQToFile', directory: 'written' };
  return isAppend ? appendMessage(chance, ask) : commandMessage(chance, ask, via);
}

/** How long a request is to be tried, where whoever asks says so. */
function makeLimits(chance: Chance): object {
  return {
    ...(chance.happens(0.15) ? { expiresIn: Math.round(chance.spread(1, 600)) } : {}),
    ...(chance.happens(0.15)
      ? { ACKTimeout: Math.round(chance.spread(1, 20)), retries: chance.below(5) }
      : {}),
  };
}

function commandMessage(chance: Chance, { token, kind, from, toNode }: NewAsk, via: string): object {
  const work = {
    token,
    ms: Math.round(chance.spread(5, chance.happens(0.2) ? 60_000 : 3000)),
    exitCode: chance.happens(0.8) ? 0 : 3,
    bytes: chance.happens(0.1) ? chance.below(20_000) : chance.below(50),
  };
  const schedule = [Math.round(chance.spread(1, 30)), Math.round(chance.spread(30, 90))];
  return {
    ...{ toNode, method: 'REQCliCommand', methodArgs: workArgs(work), methodTimeout: 30 },
    ...{ replyMethod: 'REQToFileAppend', directory: 'replies', fileName: `of-${from}` },
    ...(kind === 'relay' ? { relayViaNode: via, relayReplyMethod: 'REQToFileAppend' } : {}),
    ...(kind === 'schedule' ? { schedule } : {}),
  };
}

function appendMessage(chance: Chance, { token, from, toNode }: NewAsk): object {
  const size = chance.happens(0.05) ? chance.below(30_000) : chance.below(80);
  const place = { method: 'REQToFileAppend', directory: 'asked', fileName: `by-${from}` };
  return { toNode, ...place, data: [`${token} ${'x'.repeat(size)}\n`] };
}

/** Where a node keeps what was appended, or written, by a request of another. */
export function pathOf({ kind, toNode, from }: Ask): string {
  return `${kind === 'write' ? 'written' : 'asked'}/${toNode}/by-${from}`;
}

/** Asks the fleet for what was planned, and notes what became of it. */
export class Workload {
  readonly asks: Ask[] = [];
  readonly byId = new Map<string, Ask>();
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  plan(deeds: readonly Deed[]): void {
    for (const deed of deeds) this.#world.timeline.after(deed.at, () => this.#do(deed));
  }

  #do(deed: Deed): void {
    const node = this.#world.node(deed.from);
    // A node that is down takes nothing: whoever asks hears that.
    if (!node) return;
    if (deed.what === 'submit') void this.#submit(deed.from, deed.items);
    else {
      const known = this.asks.filter(({ id, from }) => id !== undefined && from === deed.from);
      const one = known[known.length - 1 - (deed.nth % Math.max(1, Math.min(known.length, 10)))];
      if (one?.id === undefined) return;
      this.#world.timeline.note(`${deed.from} is asked to ${deed.what} ${one.token}`);
      if (deed.what === 'resend') one.isResent = true;
      void (deed.what === 'cancel' ? node.cancel(one.id) : node.resend(one.id)).catch(() => {});
    }
  }

  async #submit(from: string, items: readonly Item[]): Promise<void> {
    const { timeline } = this.#world;
    const asks = items.map(({ ask }): Ask => ({ ...ask, at: timeline.now }));
    this.asks.push(...asks);
    timeline.note(
      `${from} is asked for ${asks.map(({ token, kind, toNode }) => `${token}:${kind}>${toNode}`)}`,
    );
    const answer = await this.#world.node(from)!.submit(items.map(({ message }) => message));
    for (const { index, id } of answer.accepted) {
      const ask = asks[index]!;
      ask.id = id;
      this.byId.set(id, ask);
    }
    for (const { index } of answer.refused) if (index !== null) asks[index]!.isRefused = true;
    timeline.note(
      `${from} accepted ${answer.accepted.map(({ index, id }) => `${asks[index]!.token}=${id}`)}, refused ${answer.refused.map(({ reason }) => reason)}`,
    );
  }
}
