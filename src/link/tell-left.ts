import { HEADER } from '../message/codec/wire-headers.ts';
import { LINK_WORD } from '../message/link-word.ts';

/** Where answers go. */
interface Answers<Body> {
  publish(
    subject: string,
    body: Body,
    more: { headers: Record<string, string>; again?: Record<string, string> | undefined },
  ): boolean;
}

/** The sender whose messages are answered on a subject: `<subject>.reply.<sender>.<token>`. */
const ASKER = /\.reply\.([^.]+)\./;

/** What may be said to whom, and who asks for it. */
interface TellingAnswers<Body> extends Answers<Body> {
  /** A message came whose sender reads what it may send; `reply` is where it wants the answer. */
  asks(reply: string): void;
}

/** Of how many senders it is remembered that they asked. */
const MOST_ASKERS = 1000;

/**
 * A way for answers on which those whom they are for hear what they may send, where the link of this node has a budget: they
 * hold back the rest. That is for those who have named the word, or ask for it, or of whom nothing is known.
 */
export function tellLeft<Body>(
  bus: Answers<Body>,
  deps: {
    readonly budget: { readonly bytesPerDay: number; header(node: string): string | undefined };
    readonly peers: { knows(node: string, word: string): boolean; wordsOf(node: string): string | undefined };
  },
): TellingAnswers<Body> {
  const { budget, peers } = deps;
  const askers = new Set<string>();
  return {
    asks: (reply) => {
      const asker = ASKER.exec(reply)?.[1];
      if (asker === undefined || budget.bytesPerDay === 0) return;
      if (askers.size >= MOST_ASKERS) askers.clear();
      askers.add(asker);
    },
    publish: (subject, body, more) => {
      const asker = budget.bytesPerDay === 0 ? undefined : ASKER.exec(subject)?.[1];
      const isToHear =
        asker !== undefined &&
        (askers.has(asker) || peers.knows(asker, LINK_WORD) || peers.wordsOf(asker) === undefined);
      const left = isToHear ? budget.header(asker) : undefined;
      // What was left then is not what is left when it goes again.
      return bus.publish(
        ...[subject, body],
        left === undefined ? more : { headers: { ...more.headers, [HEADER.linkLeft]: left } },
      );
    },
  };
}
