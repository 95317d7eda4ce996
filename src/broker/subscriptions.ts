import type { Frame } from './frame.ts';
import type { Subscription } from './router.ts';

/** The client that a subscription belongs to. */
export interface Receiver {
  /** Takes a message for one of its subscriptions; false where it must not have it. */
  receive(subscription: ClientSubscription, frame: Frame, subject: string): boolean;
}

/** One subscription of a client, with how much it got. */
export class ClientSubscription implements Subscription {
  readonly owner: Receiver;
  readonly subject: string;
  readonly queue: string;
  readonly sid: string;
  /** Whether single messages must be held against what the user may not get. */
  isFiltered = false;
  isEnded = false;
  /** Messages after which it ends by itself; 0 = never. */
  max = 0;
  delivered = 0;
  readonly #head: Head = { subject: undefined, bytes: Buffer.alloc(0) };
  readonly #headedHead: Head = { subject: undefined, bytes: Buffer.alloc(0) };

  constructor(owner: Receiver, { subject, queue, sid }: { subject: string; queue: string; sid: string }) {
    this.owner = owner;
    this.subject = subject;
    this.queue = queue;
    this.sid = sid;
  }

  /** The beginning of a frame for it, up to the reply subject or the size: the last one is kept. */
  head(subject: string, hasHeaders: boolean): Buffer {
    const last = hasHeaders ? this.#headedHead : this.#head;
    if (last.subject !== subject) {
      last.subject = subject;
      last.bytes = Buffer.from(`${hasHeaders ? 'HMSG' : 'MSG'} ${subject} ${this.sid} `, 'latin1');
    }
    return last.bytes;
  }
}

interface Head {
  subject: string | undefined;
  bytes: Buffer;
}

/** A long subject makes a tree as deep as it has tokens: that number of them counts as one subscription more. */
const TOKENS_AS_ONE = 16;

/** The subscriptions of one client, by their sid. */
export class SubscriptionTable {
  readonly #bySid = new Map<string, ClientSubscription>();
  readonly bySid: ReadonlyMap<string, ClientSubscription> = this.#bySid;
  readonly #max: number;
  #weight = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Whether there was room for it. */
  add(subscription: ClientSubscription): boolean {
    const weight = weightOf(subscription);
    if (this.#weight + weight > this.#max) return false;
    this.#weight += weight;
    this.#bySid.set(subscription.sid, subscription);
    return true;
  }

  delete(subscription: ClientSubscription): void {
    if (this.#bySid.delete(subscription.sid)) this.#weight -= weightOf(subscription);
  }
}

function weightOf({ subject }: ClientSubscription): number {
  return 1 + Math.floor((subject.split('.').length - 1) / TOKENS_AS_ONE);
}
