import { wireSubject } from '../message/subject.ts';
import type { WireMessage } from '../message/wire-message.ts';

/** What the inbox needs of the bus: `ready` rejects where the broker refuses the subscription. */
export interface AnswerBus {
  subscribe(subject: string, handler: (answer: WireMessage) => void): Disposable & { ready(): Promise<void> };
}

/** Where the answers to one subject come, until it is disposed of. */
export interface Listening extends Disposable {
  /** Whether all senders share the reply subject, because the broker allows no other. */
  readonly isShared: boolean;
  /** The reply subject for messages that are told apart by a token. */
  replyFor(token: string): string;
}

type Handler = (answer: WireMessage) => void;

interface Subscription {
  readonly pattern: string;
  /** Rejects where the broker refuses it. */
  ready: Promise<void>;
  readonly bus: Disposable;
  /** The subjects that rely on it. */
  readonly users: Set<string>;
}

/**
 * Hears the answers to everything that is sent, under as few subscriptions as the broker allows: one for all answers to
 * this node, one for those of each target, or one for each subject. What it refuses is not asked for again until the
 * next connection, or until it refuses all: a broker whose permissions were changed for a while gives some back.
 */
export class AnswerInbox {
  /** A name for this life of the process: it begins the tokens of questions, so that who hears another one knows what was lost. */
  readonly life: string;
  readonly #nodeName: string;
  readonly #bus: AnswerBus;
  readonly #handlers = new Map<string, Handler>();
  readonly #subscriptions = new Map<string, Subscription>();
  /** What the broker allowed in an earlier connection: that is not waited for again, and `refused` tells where it does so no more. */
  readonly #allowed = new Set<string>();
  /** Counts connections. */
  #connection = 0;

  constructor({ nodeName, life }: { readonly nodeName: string; readonly life: string }, bus: AnswerBus) {
    this.life = life;
    this.#nodeName = nodeName;
    this.#bus = bus;
  }

  /** Hears answers to what is sent to `subject`, for one listener at a time. Throws the bus's error where no way is allowed. */
  async listen(subject: string, handler: Handler): Promise<Listening> {
    let refusal: unknown;
    const refused: Subscription[] = [];
    for (const pattern of this.#patterns(wireSubject(subject))) {
      const connection = this.#connection;
      const subscription = this.#subscribe(pattern);
      subscription.users.add(subject);
      try {
        await subscription.ready;
        if (connection !== this.#connection) return this.listen(subject, handler);
        this.#handlers.set(wireSubject(subject), handler);
        return new Heard(this, subject, subscription.pattern);
      } catch (error) {
        subscription.users.delete(subject);
        refused.push(subscription);
        refusal = error;
      }
    }
    for (const one of refused)
      if (this.#subscriptions.get(one.pattern) === one) this.#subscriptions.delete(one.pattern);
    throw refusal;
  }

  /** The connection is gone: another one may allow more, or less. */
  disconnected(): void {
    this.#connection++;
    for (const { bus } of this.#subscriptions.values()) bus[Symbol.dispose]();
    this.#subscriptions.clear();
    this.#handlers.clear();
  }

  /** The broker does not allow a subscription (any more); answers with the subjects that it was for. */
  refused(pattern: string): readonly string[] {
    this.#allowed.delete(pattern);
    const subscription = this.#subscriptions.get(pattern);
    if (!subscription) return [];
    subscription.bus[Symbol.dispose]();
    subscription.ready = Promise.reject(new Error(`the broker does not allow to subscribe to ${pattern}`));
    subscription.ready.catch(() => {});
    return [...subscription.users];
  }

  /** From the widest to the one that nodes of the original use. */
  #patterns(subject: string): string[] {
    const own = `reply.${this.#nodeName}.*`;
    const tokens = subject.split('.');
    return [
      `${tokens.map(() => '*').join('.')}.${own}`,
      `${[...tokens.slice(0, -2), '*', '*'].join('.')}.${own}`,
      `${subject}.${own}`,
      `${subject}.reply`,
    ];
  }

  #subscribe(pattern: string): Subscription {
    const known = this.#subscriptions.get(pattern);
    if (known) return known;
    const bus = this.#bus.subscribe(pattern, this.#take);
    const ready = this.#allowed.has(pattern) ? Promise.resolve() : this.#ready(pattern, bus);
    const made = { pattern, ready, bus, users: new Set<string>() };
    this.#subscriptions.set(pattern, made);
    return made;
  }

  async #ready(pattern: string, subscription: ReturnType<AnswerBus['subscribe']>): Promise<void> {
    try {
      await subscription.ready();
      this.#allowed.add(pattern);
    } catch (error) {
      subscription[Symbol.dispose]();
      throw error;
    }
  }

  /** The reply subject of what is sent to a subject, to be told apart by a token. */
  replyFor(subject: string, token: string): string {
    return `${wireSubject(subject)}.reply.${this.#nodeName}.${token}`;
  }

  /** A subject is heard no longer: what it alone used goes with it; what many use stays. */
  leave(subject: string, pattern: string): void {
    const wire = wireSubject(subject);
    this.#handlers.delete(wire);
    const subscription = this.#subscriptions.get(pattern);
    subscription?.users.delete(subject);
    if (!subscription || !pattern.startsWith(`${wire}.`)) return;
    subscription.bus[Symbol.dispose]();
    this.#subscriptions.delete(pattern);
  }

  readonly #take = (answer: WireMessage): void => {
    const end = answer.subject.endsWith('.reply')
      ? answer.subject.length - '.reply'.length
      : answer.subject.lastIndexOf(`.reply.${this.#nodeName}.`);
    this.#handlers.get(answer.subject.slice(0, end))?.(answer);
  };
}

/** A class, since an object with functions of its own takes 300 bytes, for each of thousands of lanes. */
class Heard implements Listening {
  readonly #inbox: AnswerInbox;
  readonly #subject: string;
  readonly #pattern: string;

  constructor(inbox: AnswerInbox, subject: string, pattern: string) {
    this.#inbox = inbox;
    this.#subject = subject;
    this.#pattern = pattern;
  }

  get isShared(): boolean {
    return this.#pattern.endsWith('.reply');
  }

  replyFor(token: string): string {
    return this.isShared ? this.#pattern : this.#inbox.replyFor(this.#subject, token);
  }

  [Symbol.dispose](): void {
    this.#inbox.leave(this.#subject, this.#pattern);
  }
}
