import type { Bus } from '../bus/bus.ts';
import { type Clock, wait } from '../lib/clock.ts';
import type { Addresses } from '../link/address.ts';
import { HEADER } from '../message/codec/wire-headers.ts';
import {
  decodeAnswer,
  type StateAnswer,
  type StateQuestion,
  stateSubject,
} from '../message/state-question.ts';
import type { WireMessage } from '../message/wire-message.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { Peers } from '../outbox/peers.ts';

/** How long an answer is waited for, and one that tells the words alone, without which large messages go as to an original node: over the thinnest links both ways are full before that; ms. */
const [PATIENCE_MS, WORDS_PATIENCE_MS] = [5000, 30_000];

interface AskStatesDeps {
  readonly bus: Pick<Bus, 'publish'>;
  readonly outbox: Pick<Outbox, 'inbox'>;
  readonly peers: Pick<Peers, 'heardWords'>;
  readonly clock: Clock;
  readonly addresses: Pick<Addresses, 'subjectFor'>;
}

/** What waits for answers of one node, by the token of its question, in the order in which they were asked. */
type Waiting = Map<string, (message: WireMessage) => void>;

/** Asks other nodes how requests stand; several questions to one node may be under way. */
export class AskStates implements Disposable {
  readonly #nodeName: string;
  readonly #deps: AskStatesDeps;
  readonly #waiting = new Map<string, Waiting>();
  readonly #stop = new AbortController();
  #count = 0;

  constructor(nodeName: string, deps: AskStatesDeps) {
    this.#nodeName = nodeName;
    this.#deps = deps;
  }

  /** Waits for no answer any more. */
  [Symbol.dispose](): void {
    this.#stop.abort();
  }

  /** Asks a node about own requests, and those of its own that this node holds; it names its words too. Undefined where it does not answer within 5 s, or 30 s where it is asked for its words alone. */
  async ask(node: string, about?: Pick<StateQuestion, 'ids' | 'held'>): Promise<StateAnswer | undefined> {
    const { bus, outbox, peers, clock, addresses } = this.#deps;
    const subject = stateSubject(node);
    const question: StateQuestion = { from: this.#nodeName, ids: [], ...about };
    const patienceMs = about ? PATIENCE_MS : WORDS_PATIENCE_MS;
    const [token, heard] = [`${outbox.inbox.life}-state-${++this.#count}`, new AbortController()];
    let answer: StateAnswer | undefined;
    const waiting = this.#waiting.get(node) ?? new Map();
    this.#waiting.set(node, waiting);
    waiting.set(token, ({ payload, noResponders, header }: WireMessage) => {
      if (!noResponders) answer = decodeAnswer(payload);
      const words = header(HEADER.knows);
      if (words) peers.heardWords(node, words);
      heard.abort();
    });
    let listening: Disposable | undefined;
    try {
      // The inbox has one listener for each subject: whichever it is, it hands each answer to who asked.
      const heardOf = await outbox.inbox.listen(subject, (message) => take(waiting, message));
      listening = heardOf;
      const reply = heardOf.replyFor(token);
      if (!bus.publish(addresses.subjectFor(subject, node), JSON.stringify(question), { reply }))
        return undefined;
      await wait(clock, patienceMs, AbortSignal.any([heard.signal, this.#stop.signal]));
      return answer;
    } finally {
      waiting.delete(token);
      if (waiting.size === 0) {
        this.#waiting.delete(node);
        listening?.[Symbol.dispose]();
      }
    }
  }
}

/** Hands an answer to who asked; where the broker grants one subject for all answers, a node answers in the order of the questions. */
function take(waiting: Waiting, message: WireMessage): void {
  const token = message.subject.slice(message.subject.lastIndexOf('.') + 1);
  const [first] = token === 'reply' ? waiting.values() : [];
  (waiting.get(token) ?? first)?.(message);
}
