import { answeredAgain, briefAnswer } from '../../message/codec/brief.ts';
import { type AnswerStatus, HEADER, headerText } from '../../message/codec/wire-headers.ts';
import type { JournalDeps } from '../journal-deps.ts';

/** How long an answer waits for the one of the message behind, ms. */
const HOLD_MS = 500;

interface Answerable {
  readonly seq: number;
  readonly id: string;
  readonly reply: string;
  readonly isFollowed?: boolean;
}

/** What is true whenever it is said. */
const LASTING: ReadonlySet<AnswerStatus> = new Set<AnswerStatus>(['accepted', 'duplicate', 'part']);
const ACCEPTED: Verdict = { status: 'accepted' };

type Verdict = { readonly status: AnswerStatus; readonly reason?: string };

/**
 * Writes the answers of one lane. Neighbours that wait on the same reply subject and fared alike get one answer
 * for all of them: its range names the places. A sender that is not on a lane gets the reference's text alone.
 */
export class AnswerWriter {
  readonly #text: string;
  readonly #isSilent: boolean;
  readonly #deps: Pick<JournalDeps, 'bus' | 'clock' | 'trust'>;
  /** Answered by the next message's answer, or a moment later. */
  #held: { readonly item: Answerable; readonly verdict: Verdict }[] = [];
  #cancelTimer: (() => void) | undefined;

  constructor(
    options: { nodeName: string; isSilent: boolean },
    deps: Pick<JournalDeps, 'bus' | 'clock' | 'trust'>,
  ) {
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
    this.flush();
    this.#write({ reply, seq: about.seq, id: about.id }, about.seq, about, status);
  }

  /**
   * Answers a run of messages, in their order; those without a verdict are accepted. While others follow right behind, their
   * answers come together.
   */
  run<T extends Answerable>(items: readonly T[], verdicts: ReadonlyMap<T, Verdict>): void {
    for (const item of items) this.#held.push({ item, verdict: verdicts.get(item) ?? ACCEPTED });
    if (!items.at(-1)?.isFollowed) return this.flush();
    this.#cancelTimer ??= this.#deps.clock.after(HOLD_MS, () => this.flush());
  }

  /** Sends the answers that wait. */
  flush(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const held = this.#held;
    this.#held = [];
    for (let start = 0; start < held.length; ) {
      let end = start + 1;
      while (end < held.length && isOneRun(held[end - 1]!, held[end]!)) end++;
      const { item, verdict } = held[end - 1]!;
      this.#write(item, held[start]!.item.seq, verdict, verdict.status);
      start = end;
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
    if (last.seq === 0)
      return void this.#deps.bus.publish(last.reply, this.#text, { headers: { [HEADER.status]: status } });
    const headers: Record<string, string> = {
      [HEADER.status]: status,
      [HEADER.range]: `${firstSeq}-${last.seq}`,
      [HEADER.id]: last.id,
      [HEADER.knows]: this.#deps.trust.words,
      ...more.headers,
    };
    if (more.reason) headers[HEADER.reason] = headerText(more.reason);
    const brief = briefAnswer(last.reply, headers);
    const again = brief && LASTING.has(status) ? answeredAgain(brief) : undefined;
    this.#deps.bus.publish(last.reply, brief ? '' : this.#text, { headers: brief ?? headers, again });
  }
}

/** Whether one answer speaks for both. */
function isOneRun(
  a: { item: Answerable; verdict: Verdict },
  b: { item: Answerable; verdict: Verdict },
): boolean {
  const isNext = b.item.seq === a.item.seq + 1 && b.item.reply === a.item.reply;
  return isNext && a.verdict.status === b.verdict.status && a.verdict.reason === b.verdict.reason;
}
