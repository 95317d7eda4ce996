import type { AnswerInbox, Listening } from '../../link/answer-inbox.ts';
import { HEADER } from '../../message/codec/wire-headers.ts';
import type { WireMessage } from '../../message/wire-message.ts';
import type { LaneWindow } from './lane-window.ts';

/** What all lanes of an outbox name their attempts by. */
export interface Generations {
  /** A name for this life of the process. */
  readonly instance: string;
  /** The last number that was given. */
  last: number;
}

/** The life of its sender in the last word of a reply subject; of an earlier version, in those of its messages alone. */
const LIFE = /^[0-9a-f]{10}(?=-)/;

interface LaneRepliesDeps {
  readonly inbox: AnswerInbox;
  readonly generations: Generations;
}

/**
 * Where a lane's answers come, and which attempt they are about.
 *
 * All messages of one generation share a reply subject, so that the receiver can answer many at once. A new
 * generation begins whenever sending starts over: answers to an older one no longer say anything about order.
 */
export class LaneReplies {
  readonly #subject: string;
  readonly #deps: LaneRepliesDeps;
  /** The attempt that what is sent now belongs to. */
  generation: number;
  #asked: number | undefined;
  #listening: Listening | undefined;

  constructor(subject: string, deps: LaneRepliesDeps) {
    this.#subject = subject;
    this.#deps = deps;
    this.generation = deps.generations.last;
  }

  get isListening(): boolean {
    return this.#listening !== undefined;
  }

  /** Whether its answers are told apart by the reply subject alone. */
  get isOwn(): boolean {
    return this.#listening?.isShared === false;
  }

  /** The reply subject of what is sent now; there is one while it listens. */
  get subject(): string {
    return this.#listening!.replyFor(`${this.#deps.generations.instance}-${this.generation}`);
  }

  /** Begins to hear answers. Throws the bus's error where the broker allows no way. */
  async listen(handler: (answer: WireMessage) => void): Promise<void> {
    this.#listening = await this.#deps.inbox.listen(this.#subject, handler);
  }

  /** Hears no more answers. */
  silence(): void {
    this.#listening?.[Symbol.dispose]();
    this.#listening = undefined;
  }

  /** Whether nobody has asked this of the generation yet. */
  isNew(): boolean {
    const isNew = this.#asked !== this.generation;
    this.#asked = this.generation;
    return isNew;
  }

  /** Whether something of a generation asked. */
  hasAsked(generation: number): boolean {
    return this.#asked === generation;
  }

  newGeneration(): void {
    this.generation = ++this.#deps.generations.last;
  }

  /**
   * The generation that an answer belongs to; undefined where it is not ours. Answers on the shared subject are
   * ours when they name a message that is on its way, or, from a reference node, when nothing contradicts it.
   */
  generationOf(answer: WireMessage, window: LaneWindow): number | undefined {
    if (this.#listening?.isShared) {
      if (answer.noResponders) return this.generation;
      const id = answer.header(HEADER.id);
      const isOurs =
        id === undefined ? answer.header(HEADER.status) === undefined : window.findById(id) !== undefined;
      return isOurs ? this.generation : undefined;
    }
    const [instance, generation] = answer.subject.slice(answer.subject.lastIndexOf('.') + 1).split('-');
    const isOurs = instance === this.#deps.generations.instance && Number(generation) <= this.generation;
    return isOurs ? Number(generation) : undefined;
  }
}

/** The life of the process that waits for an answer at a reply subject; undefined where that names none. */
export function lifeIn(reply: string): number | undefined {
  const [life] = LIFE.exec(reply.slice(reply.lastIndexOf('.') + 1)) ?? [];
  return life === undefined ? undefined : Number.parseInt(life, 16);
}
