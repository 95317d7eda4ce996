import { Permissions } from '../../src/broker/permissions.ts';
import type { FleetUser } from '../../src/security/fleet-users.ts';
import type { Chance } from './chance.ts';
import type { Timeline } from './timeline.ts';

/** A message on the simulated wire. */
export interface Frame {
  readonly subject: string;
  readonly reply: string;
  readonly payload: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  readonly noResponders?: boolean;
}

interface Interest {
  readonly pattern: readonly string[];
  readonly handler: (frame: Frame) => void;
  /** From when on others of the cluster know of it. */
  readonly knownAt: number;
}

/** The way between a node and the broker, as the weather has it. */
export class Link {
  /** Nothing gets through until then, and neither side is told. */
  blockedUntil = 0;
  /** Nobody can connect until then. */
  cutUntil = 0;
  /** The same, but longer than the weather lasts: nobody heals it. */
  awayUntil = 0;
  delayMs = 2;
  jitterMs = 3;
  /** With which key its machine signs in; '' for none. */
  key = '';
  /** Whether its machine may send only so much a day. */
  hasBudget = false;
  /** Bytes that came and went, by the day as the machine has it, where it has a budget. */
  readonly went = new Map<string, { readonly in: number; readonly out: number }>();
  /** From when to when it was connected. */
  readonly connected: { readonly from: number; until: number }[] = [];
  /** What this node may not publish and not subscribe to, by the words of the subject. */
  forbidden: { readonly operation: 'publish' | 'subscription'; readonly pattern: RegExp } | undefined;
}

/** The longest time within a span for which two nodes were connected both, ms. */
export function longestTogether(one: Link, other: Link, span: { since: number; until: number }): number {
  let longest = 0;
  for (const { from, until } of one.connected)
    for (const its of other.connected) {
      const began = Math.max(from, its.from, span.since);
      longest = Math.max(longest, Math.min(until, its.until, span.until) - began);
    }
  return longest;
}

/** What a message takes of a connection, bytes: its words, and the protocol around them. */
export function sizeOf({ subject, reply, payload, headers }: Frame): number {
  const ofHeaders = Object.entries(headers).map(([name, value]) => name.length + value.length + 4);
  return subject.length + reply.length + payload.length + ofHeaders.reduce((sum, one) => sum + one, 20);
}

/** One connection of a node: in order, and gone with all that is on its way when it is cut. */
export class Connection {
  readonly link: Link;
  readonly interests = new Map<number, Interest>();
  /** Whether each side takes it for open. */
  isOpenHere = true;
  isOpenThere = true;
  readonly #deps: { readonly timeline: Timeline; readonly chance: Chance };
  readonly #closed: () => void;
  readonly #span: { readonly from: number; until: number };
  #arrivesThere = 0;
  #arrivesHere = 0;

  constructor(link: Link, deps: { timeline: Timeline; chance: Chance }, closed: () => void) {
    this.link = link;
    this.#deps = deps;
    this.#closed = closed;
    this.#span = { from: deps.timeline.now, until: Number.POSITIVE_INFINITY };
    link.connected.push(this.#span);
  }

  /** Does something at the broker, after all that was sent before. */
  toBroker(task: () => void): void {
    this.#arrivesThere = this.#arrival(this.#arrivesThere);
    this.#at(this.#arrivesThere, () => {
      if (this.isOpenThere && this.isOpenHere) task();
    });
  }

  /** Does something at the node, after all that was sent to it before. */
  toNode(task: () => void): void {
    this.#arrivesHere = this.#arrival(this.#arrivesHere);
    this.#at(this.#arrivesHere, () => {
      if (this.isOpenHere && this.isOpenThere) task();
    });
  }

  /** The connection breaks: what is on its way is lost, and the node hears of it after a while. */
  cut(tellMs: number): void {
    if (!this.isOpenThere) return;
    this.isOpenThere = false;
    this.#ends();
    this.interests.clear();
    this.#deps.timeline.after(tellMs, () => this.closeHere());
  }

  closeHere(): void {
    if (!this.isOpenHere) return;
    this.isOpenHere = false;
    this.#ends();
    this.#closed();
  }

  #ends(): void {
    this.#span.until = Math.min(this.#span.until, this.#deps.timeline.now);
  }

  #arrival(last: number): number {
    const { timeline, chance } = this.#deps;
    const { delayMs, jitterMs } = this.link;
    return Math.ceil(Math.max(last, timeline.now + delayMs + chance.between(0, jitterMs)));
  }

  /** What is held up by a blocked link gets through afterwards, if the connection still stands then. */
  #at(at: number, task: () => void): void {
    const { timeline } = this.#deps;
    timeline.after(at - timeline.now, () => {
      const left = this.link.blockedUntil - timeline.now;
      if (left > 0) this.#at(timeline.now + left + 1, task);
      else task();
    });
  }
}

/** A broker as NATS is one: at most once, in order per connection, and it keeps nothing. */
export class SimBroker {
  downUntil = 0;
  /** How long it takes until all of a cluster know who listens, ms. */
  interestLagMs = 0;
  readonly maxPayload: number;
  /** Whether it lets in those alone whose keys it knows. */
  isClosed = false;
  #users = new Map<string, Permissions>();
  readonly #timeline: Timeline;
  readonly #connections = new Set<Connection>();
  #ids = 0;

  constructor(timeline: Timeline, options: { readonly maxPayload: number }) {
    this.#timeline = timeline;
    this.maxPayload = options.maxPayload;
  }

  canConnect(link: Link): boolean {
    const { now } = this.#timeline;
    if (this.isClosed && !this.#users.has(link.key)) return false;
    return now >= this.downUntil && now >= link.cutUntil && now >= link.blockedUntil && now >= link.awayUntil;
  }

  /** Lets in these and nobody else; cuts off who is not among them. */
  setUsers(users: readonly FleetUser[]): void {
    this.#users = new Map(users.map(({ nkey, permissions }) => [nkey, new Permissions(permissions)]));
    for (const connection of this.#connections)
      if (!this.#users.has(connection.link.key)) this.drop(connection, 1);
  }

  /** Whether somebody may publish, or subscribe to, a subject. */
  allows({ forbidden, key }: Link, operation: 'publish' | 'subscription', subject: string): boolean {
    if (forbidden?.operation === operation && forbidden.pattern.test(subject)) return false;
    if (!this.isClosed) return true;
    const rights = this.#users.get(key);
    return rights?.[operation === 'publish' ? 'publish' : 'subscribe'].allows(subject) === true;
  }

  add(connection: Connection): void {
    this.#connections.add(connection);
  }

  /** The broker goes and comes again; all connections are gone. */
  restart(downMs: number, chance: Chance): void {
    this.downUntil = this.#timeline.now + downMs;
    for (const connection of this.#connections) this.drop(connection, chance.between(0, 5));
  }

  drop(connection: Connection, tellMs: number): void {
    connection.cut(tellMs);
    this.#connections.delete(connection);
  }

  /** All connections of a link break. */
  cut(link: Link, tellMs: number): void {
    for (const connection of this.#connections) if (connection.link === link) this.drop(connection, tellMs);
  }

  subscribe(connection: Connection, subject: string, handler: (frame: Frame) => void): number {
    const id = ++this.#ids;
    const knownAt = this.#timeline.now + this.interestLagMs;
    connection.interests.set(id, { pattern: subject.split('.'), handler, knownAt });
    return id;
  }

  publish(from: Connection, frame: Frame): void {
    this.#timeline.note(`wire: ${frame.subject} ${sizeOf(frame)} B ${wordsOf(frame.headers)}`);
    if (this.#route(from, frame) > 0 || frame.reply === '') return;
    const nobody = { subject: frame.reply, reply: '', payload: new Uint8Array(0), headers: {} };
    this.#route(from, { ...nobody, noResponders: true }, from);
  }

  #route(from: Connection, frame: Frame, only?: Connection): number {
    const words = frame.subject.split('.');
    const isKnown = (to: Connection, { pattern, knownAt }: Interest) =>
      fits(pattern, words) && (to === from || knownAt <= this.#timeline.now);
    let count = 0;
    for (const connection of only ? [only] : this.#connections) {
      for (const [id, interest] of connection.isOpenThere ? connection.interests : []) {
        if (!isKnown(connection, interest)) continue;
        count++;
        connection.toNode(() => {
          if (connection.interests.has(id)) interest.handler(frame);
        });
      }
    }
    return count;
  }
}

/** What the headers of a message say to whoever reads the story. */
function wordsOf(headers: Frame['headers']): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name.replace('Steward-', '')}=${value}`)
    .join(' ');
}

function fits(pattern: readonly string[], words: readonly string[]): boolean {
  for (let at = 0; at < pattern.length; at++) {
    if (pattern[at] === '>') return at < words.length;
    if (pattern[at] !== '*' && pattern[at] !== words[at]) return false;
  }
  return pattern.length === words.length;
}
