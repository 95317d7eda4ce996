import { HEADER } from '../../src/message/wire-headers.ts';
import type { Answer, Transport } from '../../src/outbox/outbox-deps.ts';

/** A message as an outbox handed it to the transport. */
export interface SentMessage {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly reply: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Its place in the lane, and the lowest place still open. */
  readonly epoch: string;
  readonly seq: number;
  readonly floor: number;
}

/** A broker that notes what is published, and hands out the answers that a test makes. */
export class FakeTransport implements Transport {
  isConnected = true;
  maxPayload = 1024 * 1024;
  /** Subjects that may not be subscribed to. */
  readonly refused = new Set<string>();
  readonly sent: SentMessage[] = [];
  readonly #handlers = new Map<string, (answer: Answer) => void>();

  publish(
    subject: string,
    payload: Uint8Array,
    more: { reply: string; headers: Record<string, string> },
  ): boolean {
    if (!this.isConnected) return false;
    const [epoch = '', seq, floor] = (more.headers[HEADER.lane] ?? '').split('/');
    this.sent.push({ subject, payload, ...more, epoch, seq: Number(seq), floor: Number(floor) });
    return true;
  }

  subscribe(subject: string, handler: (answer: Answer) => void): Disposable & { ready(): Promise<void> } {
    this.#handlers.set(subject, handler);
    return {
      ready: async () => {
        if (this.refused.has(subject)) throw new Error(`not allowed: ${subject}`);
      },
      [Symbol.dispose]: () => void this.#handlers.delete(subject),
    };
  }

  get subscriptions(): string[] {
    return [...this.#handlers.keys()];
  }

  /** Takes what was sent since the last call. */
  take(): SentMessage[] {
    return this.sent.splice(0);
  }

  /** Answers messages from the first to the last one given, as a node that speaks lanes does. */
  answer(status: string, messages: SentMessage[], headers: Record<string, string> = {}): void {
    const [first, last] = [messages[0]!, messages.at(-1)!];
    const own = { [HEADER.status]: status, [HEADER.range]: `${first.seq}-${last.seq}` };
    this.deliver(last.reply, { ...own, [HEADER.id]: last.headers[HEADER.id]!, ...headers });
  }

  /** Answers a message as a reference node does. */
  answerPlainly({ reply }: SentMessage): void {
    this.deliver(reply, {});
  }

  /** The broker's word that nobody listens. */
  nobodyListens({ reply }: SentMessage): void {
    this.deliver(reply, {}, true);
  }

  deliver(subject: string, headers: Record<string, string>, noResponders = false): void {
    const wildcard = `${subject.slice(0, subject.lastIndexOf('.'))}.*`;
    const handler = this.#handlers.get(subject) ?? this.#handlers.get(wildcard);
    handler?.({ subject, payload: new Uint8Array(0), noResponders, header: (name) => headers[name] });
  }
}
