import type { Config } from '../config/config.ts';
import type { Operations } from '../contract/contract.ts';
import type { CallAnswer, LinkAnswer, NodeLink } from '../contract/link.ts';
import { OperationError } from '../contract/operation-error.ts';
import type { Calls } from '../fleet/calls.ts';
import { createHello, type HelloBudget, helloIntervalMs } from '../fleet/hello.ts';
import { LINK_DAYS, type LinkDays } from '../fleet/link-days.ts';
import type { NodePresence } from '../fleet/presence.ts';
import type { ToldBudget, ToldBudgets } from '../fleet/told-budgets.ts';
import type { Clock } from '../lib/clock.ts';
import { ERROR_CENTRAL } from '../message/names.ts';
import { receiverOf } from '../message/subject.ts';
import type { Amount } from '../outbox/lane/lane-room.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { Peers } from '../outbox/peers.ts';
import { LANE_SPAN, type Store } from '../store/store.ts';
import type { Trust } from '../trust/trust.ts';

/** How the way to a node does, as its window has it. */
export type Measured = Peers extends { measured(): Iterable<readonly [string, infer W]> } ? W : never;

interface LinkDeps {
  /** Undefined where the node keeps its connection. */
  readonly calls: Pick<Calls, 'isCalling' | 'call' | 'nextAt'> | undefined;
  readonly store: Pick<Store, 'query'>;
  readonly peers: Pick<Peers, 'measured' | 'isOriginal' | 'knows'>;
  readonly presence: Pick<NodePresence, 'of'>;
  readonly outbox: Pick<Outbox, 'lanes'>;
  readonly link: { readonly measured: Measured };
  readonly linkDays: Pick<LinkDays, 'look' | 'of' | 'told'>;
  readonly budget: HelloBudget;
  readonly budgets: Pick<ToldBudgets, 'of'>;
  readonly clock: Pick<Clock, 'wallNow'>;
  readonly trust: Pick<Trust, 'words' | 'addressing'>;
}

const DAY_SECONDS = 86_400;
const EMPTY: Amount = { messages: 0, bytes: 0 };

/** What can be asked of a node's link. */
export function linkOperations(
  config: Config,
  version: string,
  deps: LinkDeps,
): Pick<Operations, 'link' | 'linkDays' | 'callNow'> {
  return {
    link: () => linkAnswer(config, version, deps),
    linkDays: async ({ node = config.nodeName, days = LINK_DAYS }) =>
      deps.linkDays.of(node, days).map(({ sentBytes, ...day }) => ({
        ...day,
        sent: sentBytes && byClass(sentBytes),
      })),
    callNow: async () => callNow(deps.calls),
  };
}

/** How the link of this node does, and the ways to others over it. */
async function linkAnswer(config: Config, version: string, deps: LinkDeps): Promise<LinkAnswer> {
  const queued = await queuedByNode(deps.store);
  const ways = new Map(deps.peers.measured());
  const held = deps.outbox.lanes().filter(({ waitsFor }) => waitsFor !== null);
  const waits = new Map(held.map(({ toNode, waitsFor }) => [toNode, waitsFor]));
  const names = [...new Set([...ways.keys(), ...queued.keys()])].filter((name) => name !== ERROR_CENTRAL);
  const { sentBytes, ...day } = deps.linkDays.look();
  return {
    ...day,
    sent: byClass(sentBytes),
    budget: budgetOf(deps.budget.told),
    broker: wayOf(deps.link.measured),
    hello: helloCost(config, version, deps),
    nodes: names.sort().map((node) =>
      nodeLink(node, {
        ...{ config, deps, way: ways.get(node), queued: queued.get(node) },
        waitsFor: waits.get(node),
      }),
    ),
  };
}

function byClass([urgent = 0, normal = 0, bulk = 0]: readonly number[]) {
  return { urgent, normal, bulk };
}

/** Has a node that calls do so now. Throws OperationError for one that keeps its connection. */
function callNow(calls: LinkDeps['calls']): CallAnswer {
  if (calls === undefined)
    throw new OperationError(
      'bad-request',
      'this node keeps its connection: only one with link = calls calls',
    );
  const wasCalling = calls.isCalling;
  calls.call();
  return { wasCalling, nextAt: calls.nextAt };
}

function nodeLink(
  node: string,
  about: {
    config: Config;
    deps: LinkDeps;
    way: Measured | undefined;
    queued: Amount | undefined;
    waitsFor: string | null | undefined;
  },
): NodeLink {
  const { config, deps, way, queued = EMPTY, waitsFor = null } = about;
  const presence = node === config.nodeName ? 'here' : deps.presence.of(node);
  const { bytesPerMs, roundTripMs = 0 } = way ?? {};
  const isKnown = presence === 'here' && bytesPerMs !== undefined;
  const there = deps.budgets.of(node);
  const heldMs = Math.max(
    ...[deps.budget.told, there].map((budget) => waitMs(queued.bytes, budget, deps.clock.wallNow())),
  );
  const takesMs = isKnown ? Math.round(heldMs + roundTripMs + queued.bytes / bytesPerMs) : null;
  return {
    ...{ node, presence, queued: queued.messages, queuedBytes: queued.bytes },
    ...wayOf(way),
    emptyInMs: queued.messages === 0 ? 0 : takesMs,
    waitsFor,
    budget: budgetOf(there),
  };
}

/** How long budgets hold up a number of bytes, ms: what is left now goes at once, and so does each day's budget on its day. */
function waitMs(bytes: number, budget: ToldBudget | undefined, now: number): number {
  if (budget === undefined || bytes <= budget.leftBytes) return 0;
  const further = Math.ceil((bytes - budget.leftBytes) / budget.bytesPerDay) - 1;
  return budget.until - now + further * DAY_SECONDS * 1000;
}

function budgetOf(budget: ToldBudget | undefined): NodeLink['budget'] {
  if (budget === undefined) return null;
  const { bytesPerDay, leftBytes, until } = budget;
  return { bytesPerDay, leftBytes, nextAt: until };
}

/** A measured way in whole numbers. */
export function wayOf(way: Measured | undefined) {
  const { bytesPerMs, roundTripMs, wasFull = false } = way ?? {};
  return {
    bytesPerSecond: bytesPerMs === undefined ? null : Math.round(bytesPerMs * 1000),
    wasFull,
    roundTripMs: roundTripMs === undefined ? null : Math.round(roundTripMs),
  };
}

/** What waits for each node, also what no lane has read from the disk yet. */
async function queuedByNode(store: LinkDeps['store']): Promise<ReadonlyMap<string, Amount>> {
  const rows = await store.query<{ subject: string; messages: number; bytes: number }>(
    `SELECT n.subject AS subject, count(*) AS messages, sum(length(o.body)) AS bytes
     FROM outbox o JOIN lanes n ON n.id = o.key / ${LANE_SPAN} GROUP BY n.id`,
  );
  const byNode = new Map<string, Amount>();
  for (const { subject, messages, bytes } of rows) {
    const node = receiverOf(subject);
    const before = byNode.get(node) ?? EMPTY;
    byNode.set(node, { messages: before.messages + messages, bytes: before.bytes + bytes });
  }
  return byNode;
}

/** A hello is made, and not sent, to see what it takes. */
function helloCost(
  config: Config,
  version: string,
  { trust, peers, linkDays, budget }: LinkDeps,
): LinkAnswer['hello'] {
  const { centralNodeName } = config;
  const interval = helloIntervalMs(config, budget) / 1000;
  if (interval === 0) return null;
  const sizes: number[] = [];
  const bus = { publish: (...sent: Published) => sizes.push(publishedBytes(...sent)) > 0 };
  const parts = { now: () => 0, bus, trust, addresses: trust.addressing, linkDays, peers, budget };
  createHello(config, { version, ...parts })();
  const isOften = peers.isOriginal(centralNodeName) === true;
  const everySeconds = isOften ? Math.min(interval, config.originalHelloSeconds) : interval;
  return { everySeconds, bytesADay: Math.round(((sizes[0] ?? 0) * DAY_SECONDS) / everySeconds) };
}

type Published = [
  subject: string,
  payload: Uint8Array | string,
  more?: { readonly headers?: Readonly<Record<string, string>> },
];

/** What a message takes on the connection to the broker: `HPUB subject 100 200`, its headers, and its payload. */
function publishedBytes(
  subject: string,
  payload: Uint8Array | string,
  { headers = {} }: Published[2] = {},
): number {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const text = `HPUB ${subject} 100 200\r\nNATS/1.0\r\n${lines.join('')}\r\n\r\n`;
  return Buffer.byteLength(text) + Buffer.byteLength(payload);
}
