import { type AnswerStatus, HEADER, headerText } from '../message/wire-headers.ts';
import type { JournalDeps } from './journal-deps.ts';

interface Answerable {
  readonly seq: number;
  readonly id: string;
  readonly reply: string;
}

type Verdict = { readonly status: AnswerStatus; readonly reason?: string };

/**
 * Writes the answers of one lane. Neighbours that wait on the same reply subject and fared alike get one answer
 * for all of them: its range names the places. A sender that is not on a lane gets the reference's text alone.
 */
export class AnswerWriter {
  readonly #text: string;
  readonly #isSilent: boolean;
  readonly #deps: Pick<JournalDeps, 'answer'>;

  constructor(options: { nodeName: string; isSilent: boolean }, deps: Pick<JournalDeps, 'answer'>) {
    this.#text = `confirmed from: ${options.nodeName}: 0`;
    this.#isSilent = options.isSilent;
    this.#deps = deps;
  }

  /** Answers one message. */
  one(
    reply: string,
    status: AnswerStatus,
    about: { seq: number; id: string; reason?: string; headers?: Record<string, string> },
  ): void {
    this.#write({ reply, seq: about.seq, id: about.id }, about.seq, about, status);
  }

  /** Answers a run of messages, in their order. */
  run<T extends Answerable>(items: readonly T[], verdictOf: (item: T) => Verdict): void {
    let first = items[0];
    let last = first;
    for (let index = 1; index <= items.length; index++) {
      const item = items[index];
      const isMore =
        item &&
        last &&
        first &&
        item.seq === last.seq + 1 &&
        item.reply === first.reply &&
        isAlike(verdictOf(item), verdictOf(first));
      if (!isMore && first && last) {
        const verdict = verdictOf(first);
        this.#write(last, first.seq, verdict, verdict.status);
        first = item;
      }
      last = item;
    }
  }

  #write(
    last: Answerable,
    firstSeq: number,
    more: { reason?: string; headers?: Record<string, string> },
    status: AnswerStatus,
  ): void {
    if (this.#isSilent || !last.reply) return;
    // The header keeps a node of this program that shares the reply subject from taking this for its own answer.
    if (last.seq === 0) return this.#deps.answer(last.reply, this.#text, { [HEADER.status]: status });
    const headers: Record<string, string> = {
      [HEADER.status]: status,
      [HEADER.range]: `${firstSeq}-${last.seq}`,
      [HEADER.id]: last.id,
      ...more.headers,
    };
    if (more.reason) headers[HEADER.reason] = headerText(more.reason);
    this.#deps.answer(last.reply, this.#text, headers);
  }
}

function isAlike(a: Verdict, b: Verdict): boolean {
  return a.status === b.status && a.reason === b.reason;
}
