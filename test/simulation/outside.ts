import type { Ask, Asks, Deed, Item, NewAsk } from './ask.ts';
import type { Chance } from './chance.ts';
import type { Machine } from './machine.ts';
import { STARTUP_FOLDER } from './sim-config.ts';
import { addressOf, pageOf } from './sim-outside.ts';
import { BrokenPromise, type Truth } from './truth.ts';
import type { World } from './world.ts';

interface OutsideOptions {
  readonly nodes: readonly string[];
  readonly lastsMs: number;
  readonly asks: Asks;
}

/** What a node is asked to do outside of the fleet, and to itself. */
const KINDS = [
  ...(['http', 'http', 'http', 'socket', 'socket', 'console', 'console'] as const),
  ...(['startup', 'startup', 'none', 'stop', 'remove', 'list', 'queue'] as const),
];
/** Methods of which somebody stops the subscriber: what others ask for, what replies come with, and what ends are told by. */
const STOPPED = [
  ...['REQCliCommand', 'REQToFileAppend', 'REQToFile', 'REQHttpGet', 'REQToSocket', 'REQPing'],
  ...['REQReport', 'REQCancel', 'REQRelay', 'REQCopyFileFrom'],
];
const STARTUP_NAMES = ['first.json', 'second.json'] as const;

/** A request of a kind: when, what is known of it outside of the fleet, and the rest of its message. */
interface Part {
  readonly after?: number;
  readonly ask: Partial<NewAsk> & Pick<NewAsk, 'kind'>;
  readonly message: object;
}

type Kind = (typeof KINDS)[number];

/** What asks for each kind; `token` makes the next one. */
const MAKERS: Readonly<Record<Kind, (chance: Chance, given: Given) => readonly Part[]>> = {
  http: (chance, { tokens }) => [page(chance, tokens[0]!)],
  socket: (chance, given) => several(chance, given, 'socket'),
  console: (chance, given) => several(chance, given, 'console'),
  startup: (chance, { tokens }) => {
    const name = chance.pick(STARTUP_NAMES);
    const content = `[{"toNode":"central","method":"REQNone","fileName":"${tokens[0]}"}]`;
    const ask = { kind: 'startup', target: `${STARTUP_FOLDER}/${name}`, content } as const;
    return [{ ask, message: { method: 'REQStartupAdd', methodArgs: [name], data: [content] } }];
  },
  stop: (chance, { toNode }) => {
    const method = chance.pick(STOPPED);
    const stop = { method: 'REQOpProcessStop', methodArgs: [method, toNode, 'subscriber'] };
    const again = { method: 'REQOpProcessStart', methodArgs: [method] };
    const ask = { kind: 'admin' } as const;
    return [
      { ask, message: stop },
      { ask, message: again, after: chance.spread(5, 60_000) },
    ];
  },
  remove: (chance) => {
    const name = chance.pick(STARTUP_NAMES);
    const ask = { kind: 'admin', target: `${STARTUP_FOLDER}/${name}` } as const;
    return [{ ask, message: { method: 'REQStartupRemove', methodArgs: [name] } }];
  },
  none: () => [{ ask: { kind: 'none' }, message: { method: 'REQNone' } }],
  list: (chance) => [
    { ask: { kind: 'admin' }, message: { method: chance.pick(['REQStartupList', 'REQOpQueueList']) } },
  ],
  queue: () => [
    {
      ask: { kind: 'admin' },
      message: { method: 'REQOpQueueRemove', methodArgs: ['method=REQCliCommand'] },
    },
  ],
};

interface Given {
  readonly toNode: string;
  /** As many as any kind takes. */
  readonly tokens: readonly string[];
}
const MOST_PARTS = 4;

/** Pages that are fetched, what is written to sockets and terminals, subscribers that are stopped, files that are sent at each start. */
export function outsideDeeds(chance: Chance, { nodes, lastsMs, asks }: OutsideOptions): Deed[] {
  const count = asks === 'outside' ? 5 + chance.below(30) : chance.below(8);
  return Array.from({ length: count }, (_, index) => index * MOST_PARTS).flatMap((made) => {
    const from = chance.happens(0.7) ? nodes[0]! : chance.pick(nodes);
    const toNode = chance.pick(nodes.filter((name) => name !== from));
    const at = chance.between(0, lastsMs);
    const tokens = Array.from({ length: MOST_PARTS }, (_, part) => `x${made + part + 1}`);
    const parts = MAKERS[chance.pick(KINDS)](chance, { toNode, tokens });
    const deeds = parts.map(({ after = 0, ask, message }, part): Deed => {
      const token = tokens[part]!;
      const reply = { replyMethod: 'REQToFileAppend', directory: 'replies', fileName: token };
      const item: Item = {
        ask: { token, from, toNode, isLimited: false, ...ask },
        message: { toNode, ...reply, ...message },
      };
      return { at: Math.round(at + after), what: 'submit', from, items: [item] };
    });
    if (!chance.happens(0.15)) return deeds;
    return [...deeds, { at: Math.round(at + chance.spread(5, 8000)), what: 'cancel' as const, from, nth: 0 }];
  });
}

/** A page that is fetched, once or again and again; its reply goes to a file, a socket or a terminal. */
function page(chance: Chance, token: string): Part {
  const methodArgs = [addressOf(token, chance.happens(0.8) ? 200 : 404)];
  const message = { method: 'REQHttpGet', methodArgs, methodTimeout: 1 + chance.below(20) };
  const kind = 'http';
  const to = chance.next();
  if (to < 0.2) {
    const schedule = [Math.round(chance.spread(1, 30)), Math.round(chance.spread(30, 90))];
    return { ask: { kind, repeats: true, isLimited: true }, message: { ...message, schedule } };
  }
  if (to < 0.4)
    return { ask: { kind, repliesTo: 'console' }, message: { ...message, replyMethod: 'REQToConsole' } };
  if (to >= 0.6) return { ask: { kind }, message };
  const socket = { replyMethod: 'REQToSocket', replyMethodArgs: ['listener'] };
  return { ask: { kind, repliesTo: 'socket' }, message: { ...message, ...socket } };
}

/** Some for one place, in a row. */
function several(chance: Chance, { tokens }: Given, kind: 'socket' | 'console'): Part[] {
  const message =
    kind === 'console' ? { method: 'REQToConsole' } : { method: 'REQToSocket', methodArgs: ['listener'] };
  return tokens
    .slice(0, 1 + chance.below(MOST_PARTS))
    .map((token, after) => ({ after, ask: { kind }, message: { ...message, data: [`${token} \n`] } }));
}

const NOT_MADE: ReadonlySet<string> = new Set([
  ...['rejected', 'cancelled', 'superseded', 'expired', 'undelivered'],
]);

/** Holds what a node says of what it did outside of the fleet against what was done there. Throws BrokenPromise. */
export function checkOutside(world: World, ask: Ask, { state, reason, truth }: Told): void {
  if (ask.isResent) return;
  const told = { state, reason, truth };
  if (ask.kind === 'http') checkPage(world, ask, told);
  if (ask.kind === 'socket' || ask.kind === 'console') checkTaken(world, ask, told);
}

interface Told {
  readonly state: string;
  readonly reason: string | null;
  readonly truth: Truth;
}

function checkPage(world: World, ask: Ask, { state, reason, truth }: Told): void {
  const { token, repeats, repliesTo } = ask;
  const run = truth.runs.get(`page ${token}`);
  const isWhole = run?.ends.some(({ how }) => how === 0) === true;
  const says = `is ${state} (${reason})`;
  if (state === 'succeeded' && !isWhole) throw broken(ask, `${says}, and nobody served the page`);
  if (repeats) return;
  if (state === 'failed' && (run === undefined || isWhole))
    throw broken(ask, `${says}, and the page was served`);
  if (state !== 'cancelled' && NOT_MADE.has(state) && run)
    throw broken(ask, `${says}, and the page was fetched`);
  if (repliesTo) return checkReplyTo(world, ask, { state, where: repliesTo });
  const text = world.machine(ask.from).files.read(`replies/${ask.toNode}/${token}`);
  if ((text === pageOf(token)) !== (state === 'succeeded'))
    throw broken(ask, `${says}, and its reply is ${JSON.stringify(text)}`);
}

function checkReplyTo(
  world: World,
  ask: Ask,
  { state, where }: { readonly state: string; readonly where: 'console' | 'socket' },
): void {
  const machine = world.machine(ask.from);
  const times = machine.outside[where].filter(({ token }) => token === ask.token);
  if (times.length > 1 && !times.some(({ at }) => isUnsure(machine, at)))
    throw broken(ask, `is ${state}, and its reply came ${times.length} times`);
  if (where === 'console' && state === 'succeeded' && times.length === 0)
    throw broken(ask, 'is succeeded, and nobody saw its reply');
}

/** Nothing asks a socket, or a terminal, what it took: where the word of that could be lost, it may take it again. */
function checkTaken(world: World, ask: Ask, { state, reason }: Told): void {
  const machine = world.machine(ask.toNode);
  const times = machine.outside[ask.kind as 'socket' | 'console'].filter(({ token }) => token === ask.token);
  const says = `is ${state} (${reason})`;
  if (state === 'succeeded' && times.length === 0) throw broken(ask, `${says}, and nobody took it`);
  const isUncertain = times.some(({ at }) => isUnsure(machine, at));
  if (times.length > 1 && !isUncertain) throw broken(ask, `was taken ${times.length} times`);
  if (NOT_MADE.has(state) && times.length > 0 && !isUncertain) throw broken(ask, `${says}, and was taken`);
}

/** What is taken comes in the order in which it was accepted; and files that are sent at each start are whole. Throws BrokenPromise. */
export function checkOutsides(world: World, asks: readonly Ask[]): void {
  const places = new Map(asks.map(({ token }, place) => [token, place]));
  for (const machine of world.places.map((place) => place.machine))
    for (const where of ['socket', 'console'] as const) {
      const known = asks.filter(
        (ask) => ask.kind === where && ask.toNode === machine.name && !ask.isResent && ask.id,
      );
      for (const ofLane of Map.groupBy(known, ({ from }) => from).values()) {
        const tokens = new Set(ofLane.map(({ token }) => token));
        const first = [...new Set(machine.outside[where].map(({ token }) => token))].filter((one) =>
          tokens.has(one),
        );
        const late = first.find((token, at) => at > 0 && places.get(token)! < places.get(first[at - 1]!)!);
        if (late && !world.hasTwin(machine.name))
          throw new BrokenPromise(
            `${where} of ${machine.name}: ${late} was taken after what was accepted later`,
          );
      }
    }
}

/** A file that is sent at each start is whole: what one of those was who asked for it. Throws BrokenPromise. */
export function checkStartup(
  world: World,
  ask: Ask,
  { state, asks }: { state: string; asks: readonly Ask[] },
): void {
  const held = world.machine(ask.toNode).files.read(ask.target!);
  const all = asks.filter(
    ({ kind, toNode, target }) => kind === 'startup' && toNode === ask.toNode && target === ask.target,
  );
  const isOne = held === '' || all.some(({ content }) => content === held);
  if (!isOne) throw broken(ask, `left ${JSON.stringify(held)}, which nobody asked for`);
  const mayBeRemoved = asks.some(
    ({ kind, target, toNode }) => kind === 'admin' && target === ask.target && toNode === ask.toNode,
  );
  if (state === 'succeeded' && held === '' && !mayBeRemoved)
    throw broken(ask, 'is succeeded, and its file is not there');
}

const UNSURE_MS = 120_000;

/** Whether the word of what was done could be lost after that: its node ended, or could not write. */
function isUnsure({ unsureAt }: Machine, since: number): boolean {
  return unsureAt.some((at) => at >= since && at <= since + UNSURE_MS);
}

function broken({ token, id, kind, from, toNode }: Ask, what: string): BrokenPromise {
  return new BrokenPromise(`${kind} ${token} (${id}) from ${from} to ${toNode} ${what}`);
}
