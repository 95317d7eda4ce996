import type { Publisher } from '../../src/link/publish.ts';
import { unfoldMessage } from '../../src/message/codec/brief.ts';
import { HEADER } from '../../src/message/codec/wire-headers.ts';
import type { WireMessage } from '../../src/message/wire-message.ts';
import type { Transport } from '../../src/outbox/outbox-deps.ts';

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
export class FakeTransport implements Transport, Publisher {
  isConnected = true;
  maxPayload = 1024 * 1024;
  /** Subjects that may not be subscribed to. */
  readonly refused = new Set<string>();
  readonly sent: SentMessage[] = [];
  readonly #handlers = new Map<string, (answer: WireMessage) => void>();

  publish(
    subject: string,
    payload: Uint8Array,
    { reply = '', headers }: { reply?: string; headers: Record<string, string> },
  ): boolean {
    if (!this.isConnected) return false;
    const told = unfoldMessage({
      subject,
      reply,
      payload,
      noResponders: false,
      header: (name) => headers[name],
    });
    const [epoch = '', seq, floor] = (told.header(HEADER.lane) ?? '').split('/');
    this.sent.push({ subject, payload, reply, headers, epoch, seq: Number(seq), floor: Number(floor) });
    return true;
  }

  subscribe(
    subject: string,
    handler: (answer: WireMessage) => void,
  ): Disposable & { ready(): Promise<void> } {
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

  /** Nothing is ever under way to this broker. */
  async flush(): Promise<void> {}

  /** Takes what was sent since the last call. */
  take(): SentMessage[] {
    return this.sent.splice(0);
  }

  /** Answers messages from the first to the last one given, as a node that speaks lanes does. */
  answer(status: string, messages: SentMessage[], headers: Record<string, string> = {}): void {
    const [first, last] = [messages[0]!, messages.at(-1)!];
    const own = { [HEADER.status]: status, [HEADER.range]: `${first.seq}-${last.seq}` };
    this.deliver(last.reply, { ...own, [HEADER.id]: last.headers[HEADER.id] ?? '', ...headers });
  }

  /** Answers a message as a reference node does, which names itself. */
  answerPlainly({ reply }: SentMessage, node = 'ship1'): void {
    this.deliver(reply, {}, { text: `confirmed from: ${node}: 0` });
  }

  /** The broker's word that nobody listens. */
  nobodyListens({ reply }: SentMessage): void {
    this.deliver(reply, {}, { noResponders: true });
  }

  deliver(
    subject: string,
    headers: Record<string, string>,
    { noResponders = false, text = '' }: { noResponders?: boolean; text?: string } = {},
  ): void {
    const answer = {
      subject,
      reply: '',
      payload: Buffer.from(text),
      noResponders,
      header: (name: string) => headers[name],
    };
    for (const [pattern, handler] of [...this.#handlers]) if (matches(pattern, subject)) handler(answer);
  }
}

function matches(pattern: string, subject: string): boolean {
  const wanted = pattern.split('.');
  const tokens = subject.split('.');
  return (
    wanted.length === tokens.length && wanted.every((token, at) => token === '*' || token === tokens[at])
  );
}
