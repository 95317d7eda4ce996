import { headers, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { exposeFreeing } from '../lib/collect-garbage.ts';
import { KINDS } from '../message/kind.ts';
import { ERROR_CENTRAL } from '../message/names.ts';
import type { WireMessage } from '../message/wire-message.ts';
import { BusError } from './bus-error.ts';
import { headerBytes } from './library-internals.ts';
import { droppedText, isReadable, toWireMessage } from './to-wire-message.ts';

type Handler = (message: WireMessage) => void;

/** An interest in a subject, kept over reconnects until it is disposed of. */
export interface BusSubscription extends Disposable {
  /** Resolves when the broker has taken the subscription; throws BusError 'refused' where it may not be made. */
  ready(): Promise<void>;
}

interface Wanted {
  readonly subject: string;
  readonly handler: Handler;
  subscription: Subscription | undefined;
  refused: BusError | undefined;
  /** Whether it was allowed once: then it may be again. */
  wasAllowed: boolean;
}

/** One subscription for what is wanted of all methods of a kind. */
interface Wide {
  readonly members: Map<string, Wanted>;
  subscription: Subscription | undefined;
  isRefused: boolean;
  /** Hears what is wanted by itself from now on. */
  split(): void;
}

interface SubscriptionsDeps {
  readonly bus: {
    /** Resolves when the broker has read what was sent to it, or the connection is gone. */
    flush(): Promise<void>;
  };
  /** What throws must not end the loop that reads from the broker. */
  take(message: WireMessage, handler: Handler): void;
  /** A message was dropped. */
  dropped(text: string): void;
}

/** A node's messages by method and kind, with the subjects that prove their sender. */
const BY_METHOD = new RegExp(`^([^.*>]+)\\.REQ[^.*>]*\\.(${KINDS.join('|')})(\\.from\\.>)?$`);
const PROOF = '.from.';
/** What a broker says itself where nobody listens. */
const NOBODY = { headers: headers(503, 'No Responders') };

/**
 * All that a node listens to, subscribed anew at each connection. What it hears by method goes under one subscription for each
 * kind, which spares a thin link a line for each method; where the broker refuses that, each is asked for. For a method that is
 * not heard the node then says what the broker would: that nobody listens. What a broker denies of a wider subscription it refuses
 * nobody, and drops in silence where it comes from another broker of its cluster: `sound` finds that.
 */
export class Subscriptions {
  readonly #deps: SubscriptionsDeps;
  readonly #freed = exposeFreeing();
  readonly #wanted = new Set<Wanted>();
  readonly #wide = new Map<string, Wide>();
  #connection: NatsConnection | undefined;

  constructor(deps: SubscriptionsDeps) {
    this.#deps = deps;
  }

  /** Listens on a subject (wildcards allowed) from now on, whenever there is a connection. */
  add(subject: string, handler: Handler): BusSubscription {
    const unasked = { subscription: undefined, refused: undefined, wasAllowed: false };
    const wanted: Wanted = { subject, handler, ...unasked };
    this.#wanted.add(wanted);
    if (this.#connection) this.#apply(wanted, this.#connection);
    return {
      ready: async () => {
        const wide = this.#wide.get(wideOf(subject) ?? '');
        const wasRefused = wide?.isRefused;
        await this.#deps.bus.flush();
        if (wide && wide.isRefused !== wasRefused) await this.#deps.bus.flush();
        if (wanted.refused) throw wanted.refused;
        wanted.wasAllowed = true;
      },
      [Symbol.dispose]: () => this.#remove(wanted),
    };
  }

  /** There is another connection, or none. */
  connected(connection: NatsConnection | undefined): void {
    this.#connection = connection;
    this.#wide.clear();
    for (const wanted of this.#wanted) {
      wanted.subscription = undefined;
      if (connection) this.#apply(wanted, connection);
    }
  }

  /** Asks anew for what was allowed and is refused now: a broker changes what a connection may, and gives it no word when it may again. */
  askAgain(): void {
    const connection = this.#open;
    for (const wanted of connection ? this.#wanted : []) {
      if (!wanted.refused) wanted.wasAllowed = true;
      else if (wanted.wasAllowed) {
        wanted.refused = undefined;
        this.#single(wanted, connection!);
      }
    }
  }

  /** Asks for each method by itself: where one is refused, all of its kind are heard so, and senders learn that nobody listens for that one. */
  async sound(): Promise<boolean> {
    const connection = this.#open;
    let isDenied = false;
    for (const wide of connection ? [...this.#wide.values()] : []) {
      if (connection !== this.#open) break;
      const asked = [...wide.members.keys()].map((subject) =>
        // What comes is heard under the wide one.
        this.#subscribe(connection!, subject, { taken: () => {}, refused: () => wide.split() }),
      );
      await this.#deps.bus.flush();
      for (const one of asked) one.unsubscribe();
      isDenied ||= wide.isRefused;
    }
    return isDenied;
  }

  /** The connection, where it still takes something: that it has ended is heard a moment later. */
  get #open(): NatsConnection | undefined {
    const connection = this.#connection;
    return connection?.isClosed() || connection?.isDraining() ? undefined : connection;
  }

  #remove(wanted: Wanted): void {
    this.#wanted.delete(wanted);
    wanted.subscription?.unsubscribe();
    const pattern = wideOf(wanted.subject) ?? '';
    const wide = this.#wide.get(pattern);
    if (wide?.members.get(wanted.subject) !== wanted) return;
    wide.members.delete(wanted.subject);
    if (wide.members.size > 0) return;
    wide.subscription?.unsubscribe();
    this.#wide.delete(pattern);
  }

  #apply(wanted: Wanted, connection: NatsConnection): void {
    wanted.refused = undefined;
    const pattern = wideOf(wanted.subject);
    const wide = pattern === undefined ? undefined : this.#wideFor(pattern, connection);
    // One subject is heard once there.
    if (!wide || wide.isRefused || wide.members.has(wanted.subject)) return this.#single(wanted, connection);
    wide.members.set(wanted.subject, wanted);
  }

  #single(wanted: Wanted, connection: NatsConnection): void {
    wanted.subscription = this.#subscribe(connection, wanted.subject, {
      taken: (message) => this.#deps.take(message, wanted.handler),
      refused: (error) => {
        wanted.refused = refusal(error, wanted.subject);
      },
    });
  }

  #wideFor(pattern: string, connection: NatsConnection): Wide {
    const known = this.#wide.get(pattern);
    if (known) return known;
    const split = () => {
      if (wide.isRefused) return;
      wide.isRefused = true;
      wide.subscription?.unsubscribe();
      const members = [...wide.members.values()];
      wide.members.clear();
      if (connection === this.#connection) for (const one of members) this.#single(one, connection);
    };
    const wide: Wide = { members: new Map(), subscription: undefined, isRefused: false, split };
    this.#wide.set(pattern, wide);
    wide.subscription = this.#subscribe(connection, pattern, {
      taken: (message) => {
        const member = wide.members.get(memberSubject(message.subject));
        if (member) this.#deps.take(message, member.handler);
        else if (message.reply) connection.publish(message.reply, '', NOBODY);
      },
      refused: split,
    });
    return wide;
  }

  #subscribe(
    connection: NatsConnection,
    subject: string,
    { taken, refused }: { taken: Handler; refused(error: Error): void },
  ): Subscription {
    return connection.subscribe(subject, {
      callback: (error, msg) => {
        if (error) refused(error);
        else if (isReadable(msg)) taken(toWireMessage(msg));
        else this.#drop(msg);
      },
    });
  }

  /** It is not read, and its buffers may go at once. */
  #drop(msg: Msg): void {
    this.#deps.dropped(droppedText(msg));
    this.#freed(headerBytes(msg) + msg.data.length);
  }
}

/** The subscription that hears a subject among others; undefined for one that is heard by itself. */
export function wideOf(subject: string): string | undefined {
  const [, node, kind, proof = ''] = BY_METHOD.exec(subject) ?? [];
  return node === undefined || node === ERROR_CENTRAL ? undefined : `${node}.*.${kind}${proof}`;
}

/** How a subject on which something came is asked for. */
function memberSubject(subject: string): string {
  const at = subject.indexOf(PROOF);
  return at === -1 ? subject : `${subject.slice(0, at)}${PROOF}>`;
}

function refusal(error: Error, subject: string): BusError {
  return new BusError('refused', `the broker does not allow to subscribe to ${subject}: ${error.message}`, {
    cause: error,
  });
}
