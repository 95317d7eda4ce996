import { encodeMessage } from '../../src/message/codec/encode-message.ts';
import { type Message, newMessage } from '../../src/message/message.ts';
import { kindOf } from '../../src/message/subject.ts';
import { type Ask, type Deed, isByRelay, type NewAsk, pathOf } from './ask.ts';
import type { Chance } from './chance.ts';
import type { Machine } from './machine.ts';
import { RELAYS, SimAdmission } from './sim-admission.ts';
import { Connection, Link } from './sim-broker.ts';
import { workArgs } from './sim-commands.ts';
import { QUOTA_BYTES } from './sim-config.ts';
import type { Swaps } from './sim-node.ts';
import { BrokenPromise, EVIL, type Truth } from './truth.ts';
import type { World } from './world.ts';

const CENTRAL = 'central';
/** The node whose key somebody else has. */
const STOLEN = 'ship1';
const DAY_MS = 86_400_000;

/** A fleet whose nodes are let in, and judged by who they are; shares of what they may send begin anew soon after it begins. */
export const CLOSED = { trust: 'closed', beginsAt: Date.UTC(2026, 0, 1, 23, 52) } as const;

interface ClosedOptions {
  readonly nodes: readonly string[];
  readonly late: string;
  readonly lastsMs: number;
  readonly swaps?: Swaps | undefined;
}

/** Sets up who is let in, and what changes of that: a node comes later, another is let in no more and joins again, a key is stolen. */
export function setUpClosed(
  world: World,
  chance: Chance,
  { nodes, late, lastsMs, swaps = {} }: ClosedOptions,
): void {
  const { timeline } = world;
  // They begin when it is known who may.
  for (const name of nodes) world.add(name, { startsAt: name === late ? Number.POSITIVE_INFINITY : 1 });
  const names = nodes.filter((name) => name !== CENTRAL && name !== late);
  const admission = new SimAdmission(world, { names, swaps });
  world.admission = admission;
  const at = (task: () => void, latest = lastsMs) => timeline.after(chance.between(0, latest), task);
  at(() => admission.join(late));
  if (chance.happens(0.6)) {
    const name = chance.pick(names);
    at(() => admission.revoke(name, chance.spread(100, 60_000)));
  }
  for (let times = chance.below(3); times > 0; times--)
    at(() => {
      admission.setRelays([]);
      timeline.after(chance.spread(100, 60_000), () => admission.setRelays(RELAYS));
    });
  const link = new Link();
  link.key = world.linkOf(STOLEN).key;
  const thief = new Thief(world, chance.fork('thief'), link);
  for (let times = chance.below(6); times > 0; times--) at(() => thief.attack());
}

/** Somebody who has the key of a ship. What the broker does not let through he sends too, as if it did. */
class Thief {
  readonly #world: World;
  readonly #chance: Chance;
  readonly #link: Link;
  #count = 0;

  constructor(world: World, chance: Chance, link: Link) {
    this.#world = world;
    this.#chance = chance;
    this.#link = link;
  }

  attack(): void {
    const { timeline, broker } = this.#world;
    if (!broker.canConnect(this.#link)) return;
    const connection = new Connection(this.#link, { timeline, chance: this.#chance }, () => {});
    broker.add(connection);
    for (const message of this.#messages()) this.#send(connection, message);
    timeline.after(10_000, () => broker.drop(connection, 0));
  }

  #messages(): Partial<Message>[] {
    const toNode = this.#chance.pick(this.#world.names.filter((name) => name !== STOLEN));
    const work = { token: `${EVIL}${++this.#count}`, ms: 10, exitCode: 0, bytes: 0 };
    const command = { toNode, method: 'REQCliCommand' as const, methodArgs: workArgs(work) };
    const data = [Buffer.from(`${EVIL} ${'x'.repeat(10_000)}\n`)];
    const append = { toNode: CENTRAL, method: 'REQToFileAppend' as const, directory: 'asked', data };
    return [
      command,
      { ...command, fromNode: CENTRAL },
      { ...command, relayFromNode: CENTRAL },
      { ...append, toNode, directory: `asked/${CENTRAL}`, fileName: `by-${CENTRAL}` },
      // More than a node may send in days.
      ...Array.from({ length: this.#chance.pick([0, 100]) }, () => ({ ...append, fileName: 'much' })),
    ];
  }

  #send(connection: Connection, fields: Partial<Message>): void {
    const { broker } = this.#world;
    const message = newMessage({ fromNode: STOLEN, ...fields });
    const subject = `${message.toNode}.${message.method}.${kindOf(message.method)}.from.${STOLEN}`;
    const reply = `${message.toNode}.${message.method}.${kindOf(message.method)}.reply.${STOLEN}.${++this.#count}`;
    const { payload } = encodeMessage(message, { serialization: 'cbor', compression: '' });
    const id = `019b76db-0000-7000-8000-${String(this.#count).padStart(12, '0')}`;
    const headers = { serial: 'cbor', 'Steward-Lane': `thief${this.#count}/1/1`, 'Nats-Msg-Id': id };
    connection.toBroker(() => broker.publish(connection, { subject, reply, payload, headers }));
  }
}

/** Whether somebody may ask for something: `maybe` where that depends on when. */
function mayAsk({ kind, from, toNode }: NewAsk): boolean | 'maybe' {
  const isRelay = isByRelay({ kind }) || kind === 'copy';
  if (from === CENTRAL) return isRelay ? 'maybe' : true;
  const isAllowed = RELAYS.some((relay) => relay.from === from && relay.to === toNode);
  if (kind === 'relay') return isAllowed ? 'maybe' : false;
  return kind === 'append' && toNode === CENTRAL;
}

/** Whether a request of a closed fleet may come to nothing: nobody may ask for it, or its sender's share was used up. */
export function mayBeHeld(world: World, ask: Ask): boolean {
  if (!world.admission) return false;
  return mayAsk(ask) !== true || (ask.from !== CENTRAL && sentBy(world, ask.from) > QUOTA_BYTES / 2);
}

/** Where a node keeps what a request appended, or wrote: what nobody asked for is below the folder of who sent it. */
export function placeOf(world: World, ask: Pick<Ask, 'kind' | 'from' | 'toNode'>): string {
  const isUnasked = world.admission !== undefined && ask.from !== CENTRAL && ask.kind === 'append';
  return isUnasked ? `asked/${ask.from}/by-${ask.from}` : pathOf(ask);
}

/** What is asked of a fleet without nodes of the original program: a ship asks the central node, for what it may and what not, and no other. */
export function askedOfClosed(deeds: readonly Deed[]): Deed[] {
  return deeds.map((deed) => {
    if (deed.what !== 'submit') return deed;
    return { ...deed, items: deed.items.filter(({ ask }) => isPossible(ask)) };
  });
}

/** To another ship nothing of a ship gets out; the key of the one that was stolen lets it do with that ship what it likes. */
function isPossible(ask: NewAsk): boolean {
  if (ask.kind === 'original') return false;
  return [ask.from, ask.toNode].includes(CENTRAL) || mayAsk(ask) !== false;
}

/** What nobody may ask for is not done, and nobody sends more than his share. Throws BrokenPromise. */
export function checkClosed(world: World, asks: readonly Ask[], truth: Truth): void {
  if (!world.admission) return;
  for (const ask of asks)
    if (ask.id && mayAsk(ask) === false && !ask.isResent) checkRefused(world, ask, truth);
  for (const { machine } of world.places) checkUntouched(machine);
  checkShares(world);
}

function checkRefused(world: World, ask: Ask, truth: Truth): void {
  const { id, from, toNode, kind, token } = ask;
  const row = world.machine(from).disk.prepare('SELECT state FROM ledger WHERE id = ?').get(id!);
  if (row?.state === 'succeeded' || truth.runsOf(token).length > 0)
    throw new BrokenPromise(`trust: ${from} had ${toNode} do ${kind} ${token}: ${row?.state}`);
}

/** Who has the key of a ship has the central node append below its folder, and nothing else. */
function checkUntouched({ name, files }: Machine): void {
  const isOwn = (path: string) => name === CENTRAL && path.startsWith(`asked/${STOLEN}/`);
  const path = files.paths().find((one) => !isOwn(one) && files.read(one).startsWith(`${EVIL} `));
  if (path) throw new BrokenPromise(`trust: ${path} of ${name} was written by who has the key of ${STOLEN}`);
}

/** Of what was counted a life that ends forgets the last seconds: each may bring as much as a share again. */
function checkShares(world: World): void {
  const { machine, lives } = world.places.find(({ nodeName }) => nodeName === CENTRAL)!;
  const days = Math.ceil((machine.wallNow() - CLOSED.beginsAt) / DAY_MS) + 1;
  for (const { machine: ship } of world.places) {
    const bytes = ship.name === CENTRAL ? 0 : sentBy(world, ship.name);
    if (bytes > QUOTA_BYTES * (days + lives))
      throw new BrokenPromise(`trust: ${ship.name} had ${bytes} bytes written in ${days} days`);
  }
}

/** What a node had the central one write that nobody asked for, bytes. */
function sentBy(world: World, name: string): number {
  const { files } = world.machine(CENTRAL);
  const own = files.paths().filter((path) => path.startsWith(`asked/${name}/`));
  return own.reduce((sum, path) => sum + files.read(path).length, 0);
}
