import type { AskKind, Asks, Deed, Item, NewAsk } from './ask.ts';
import type { Chance } from './chance.ts';
import { copyDeeds } from './copies.ts';
import { outsideDeeds } from './outside.ts';
import { passedDeeds, relayedDeeds } from './relayed.ts';
import { readWork, workArgs } from './sim-commands.ts';
import { waveDeeds } from './waves.ts';

/** What is asked for one by one, of some kinds. */
type FromKinds = Exclude<Asks, (typeof APART)[number]>;
const APART = ['copies', 'relayed', 'outside'] as const;

function isApart(asks: Asks): asks is (typeof APART)[number] {
  return (APART as readonly string[]).includes(asks);
}

/** Of these seeds on, the second stage asks with keys too. */
const FIRST_WITH_KEYS = 1_000_000;

interface DeedOptions {
  readonly nodes: readonly string[];
  readonly lastsMs: number;
  readonly asks: Asks;
  readonly seed?: number;
  readonly times?: number;
  readonly budgets?: ReadonlyMap<string, number>;
}

/** What is asked of a fleet in a run, made before it begins. */
export function makeDeeds(chance: Chance, options: DeedOptions): Deed[] {
  const { asks } = options;
  const deeds = isApart(asks) ? [] : makeSubmissions(chance, { ...options, asks });
  if (isOf(asks, 'fourth')) deeds.push(...waveDeeds(chance.fork('waves'), options));
  if (isOf(asks, 'copies')) deeds.push(...copyDeeds(chance.fork('copies'), options));
  if (isOf(asks, 'relayed')) deeds.push(...relayedDeeds(chance.fork('relayed'), options));
  if (isOf(asks, 'relayed')) deeds.push(...passedDeeds(chance.fork('passed'), options));
  if (isOf(asks, 'outside')) deeds.push(...outsideDeeds(chance.fork('outside'), options));
  if (asks === 'all') deeds.push(...forgetDeeds(chance.fork('forget'), options));
  return deeds.sort((a, b) => a.at - b.at);
}

/** Somebody takes nodes off the list of another one, whether they are there or not. */
function forgetDeeds(chance: Chance, { nodes, lastsMs }: DeedOptions): Deed[] {
  return Array.from({ length: chance.happens(0.4) ? 1 + chance.below(3) : 0 }, () => {
    const from = chance.happens(0.7) ? nodes[0]! : chance.pick(nodes);
    const node = chance.pick(nodes.filter((name) => name !== from));
    return { at: Math.round(chance.between(0, lastsMs)), what: 'forget' as const, from, node };
  });
}

/** Submissions, one by one and in numbers, and changes of mind. */
function makeSubmissions(chance: Chance, options: DeedOptions & { asks: FromKinds }): Deed[] {
  const { nodes, lastsMs, asks, times = 1 } = options;
  const makeItem = itemMaker(chance, { nodes, kinds: KINDS[asks], keyShare: keyShareOf(options) });
  const deeds: Deed[] = [];
  const count = Math.round(chance.spread(5, 60)) * times;
  for (let index = 0; index < count; index++) {
    const at = Math.round(chance.between(0, lastsMs));
    const from = chance.happens(0.7) ? nodes[0]! : chance.pick(nodes);
    if (chance.happens(0.15))
      deeds.push({ at, what: chance.happens(0.8) ? 'cancel' : 'resend', from, nth: chance.below(1000) });
    else deeds.push(...submission(chance, { at, from, makeItem }));
  }
  if (isOf(asks, 'third')) deeds.push(...makeCrowds(chance.fork('crowds'), { ...options, makeItem }));
  return deeds;
}

function submission(
  chance: Chance,
  { at, from, makeItem }: { at: number; from: string; makeItem: MakeItem },
): Deed[] {
  const items = Array.from({ length: Math.round(chance.spread(1, 12)) }, () => makeItem(from));
  const submit: Deed = { at, what: 'submit', from, items };
  // Whoever changes his mind does so while it is on its way.
  if (!chance.happens(0.15)) return [submit];
  return [submit, { at: at + chance.spread(5, 8000), what: 'cancel', from, nth: chance.below(items.length) }];
}

/** Whether what is asked for has all of a stage. */
function isOf(asks: Asks, stage: Asks): boolean {
  return (
    asks === stage || asks === 'all' || (asks === 'fourth' && stage !== 'relayed' && stage !== 'outside')
  );
}

function keyShareOf({ asks, seed = 0 }: DeedOptions): number {
  if (isOf(asks, 'third')) return 0.4;
  return asks === 'second' && seed >= FIRST_WITH_KEYS ? 0.3 : 0;
}

type MakeItem = (from: string, like?: Partial<NewAsk>) => Item;

/** What comes in numbers: hundreds at once, all nodes to one at the same moment, the same key again and again, an original that asks. */
function makeCrowds(
  chance: Chance,
  { nodes, lastsMs, makeItem, times = 1 }: DeedOptions & { makeItem: MakeItem },
): Deed[] {
  const deeds: Deed[] = [];
  const submit = (at: number, from: string, items: readonly Item[]) =>
    deeds.push({ at: Math.round(at), what: 'submit', from, items });
  if (chance.happens(0.15 * times)) {
    const from = chance.pick(nodes);
    const like = { kind: chance.pick(['append', 'write', 'command'] as const) };
    const length = Math.round(chance.spread(30, 300 * times));
    const items = Array.from({ length }, () => makeItem(from, like));
    submit(chance.between(0, lastsMs), from, items);
  }
  for (let burst = chance.below(3 * times); burst > 0; burst--) {
    const [at, toNode] = [chance.between(0, lastsMs), chance.pick(nodes)];
    for (const from of nodes.filter((name) => name !== toNode))
      submit(
        at + chance.between(0, 50),
        from,
        Array.from({ length: 1 + chance.below(4) }, () => makeItem(from, { toNode })),
      );
  }
  for (let series = chance.below(4 * times); series > 0; series--) {
    const from = chance.happens(0.6) ? nodes[0]! : chance.pick(nodes);
    const toNode = chance.pick(nodes.filter((name) => name !== from));
    const like = { toNode, key: 'again', kind: chance.pick(['append', 'write', 'command'] as const) };
    let at = chance.between(0, lastsMs);
    for (let again = 2 + chance.below(4); again > 0; again--) {
      submit(at, from, [makeItem(from, like)]);
      at += chance.spread(5, 20_000);
    }
  }
  for (let asked = chance.below(6); asked > 0; asked--)
    deeds.push({
      at: Math.round(chance.between(0, lastsMs)),
      what: 'original',
      toNode: chance.pick(nodes),
      token: `o${asked}`,
    });
  return deeds;
}

const FIRST_KINDS: readonly AskKind[] = [
  ...Array<AskKind>(3).fill('append'),
  ...Array<AskKind>(3).fill('command'),
  ...(['relay', 'schedule'] as const),
];
const SECOND_KINDS: readonly AskKind[] = [...FIRST_KINDS, 'write', 'write', 'original'];
const THIRD_KINDS: readonly AskKind[] = [...SECOND_KINDS, 'stream', 'tail', 'ping', 'admin'];
const KINDS: Readonly<Record<FromKinds, readonly AskKind[]>> = {
  first: FIRST_KINDS,
  second: SECOND_KINDS,
  third: THIRD_KINDS,
  told: ['stream', 'tail', 'live'],
  fourth: [...THIRD_KINDS, 'live'],
  all: [...THIRD_KINDS, 'live'],
};
/** The name of the node of the original program. */
export const ORIGINAL = 'old';
/** How many keys there are. */
const KEYS = 2;

function itemMaker(
  chance: Chance,
  { nodes, kinds, keyShare }: { nodes: readonly string[]; kinds: readonly AskKind[]; keyShare: number },
): MakeItem {
  let count = 0;
  // Chance of its own: what else is asked for stays the same.
  const keys = chance.fork('keys');
  const makeKey = () => (keyShare > 0 && keys.happens(keyShare) ? `k${keys.below(KEYS)}` : undefined);
  return (from, like = {}) => {
    const toNode = like.toNode ?? chance.pick(nodes.filter((name) => name !== from));
    const via = nodes.find((name) => name !== from && name !== toNode)!;
    const limits = makeLimits(chance);
    const isLimited = Object.keys(limits).length > 0;
    const kind = like.kind ?? chance.pick(kinds);
    const key = like.key ?? makeKey();
    const asked = { token: `t${++count}`, kind, from, isLimited, ...(key && { key }) };
    const ask: NewAsk = { ...asked, toNode: kind === 'original' ? ORIGINAL : toNode };
    const said = { ...limits, ...(key && { supersedes: key }) };
    const message = { ...makeMessage(chance, ask, via), ...said };
    return { ask: withTime(ask, message), message };
  };
}

/** A command that prints while it runs prints more the longer it takes. */
function withTime(ask: NewAsk, message: object): NewAsk {
  return ask.kind === 'stream' || ask.kind === 'live'
    ? { ...ask, ms: readWork(message as { methodArgs: string[] }).ms }
    : ask;
}

function makeMessage(chance: Chance, ask: NewAsk, via: string): object {
  const { kind, toNode, token } = ask;
  const isAppend = kind === 'append' || (kind === 'original' && chance.happens(0.5));
  if (kind === 'write') return { ...appendMessage(chance, ask), method: 'REQToFile', directory: 'written' };
  if (isAppend) return appendMessage(chance, ask);
  const reply = { replyMethod: 'REQToFileAppend', directory: 'replies', fileName: token };
  if (kind === 'admin') return { toNode, method: chance.pick(ADMIN), ...reply };
  if (kind === 'ping')
    return { toNode, method: 'REQPing', replyMethod: 'REQPong', directory: 'pings', fileName: token };
  if (kind === 'tail')
    return {
      toNode,
      method: 'REQTailFile',
      methodArgs: ['/log'],
      methodTimeout: 1 + chance.below(20),
      ...reply,
    };
  if (kind === 'live') return { ...commandMessage(chance, ask, via), output: 'live' };
  if (kind === 'stream')
    return { ...commandMessage(chance, ask, via), method: 'REQCliCommandCont', ...reply };
  return commandMessage(chance, ask, via);
}

/** What a node is asked for that tells of itself. */
const ADMIN = ['REQOpProcessList', 'REQOpQueueList', 'REQOpScheduleList'] as const;

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
