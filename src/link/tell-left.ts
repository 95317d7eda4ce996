import { HEADER } from '../message/codec/wire-headers.ts';
import { LINK_WORD } from '../message/link-word.ts';

/** Where answers go. */
interface Answers<Body> {
  publish(subject: string, body: Body, more: { headers: Record<string, string> }): boolean;
}

/** The sender whose messages are answered on a subject: `<subject>.reply.<sender>.<token>`. */
const ASKER = /\.reply\.([^.]+)\./;

/**
 * A way for answers on which those whom they are for hear what they may send, where the link of this node has a budget: they
 * hold back the rest.
 */
export function tellLeft<Body>(
  bus: Answers<Body>,
  deps: {
    readonly budget: { readonly bytesPerDay: number; header(node: string): string | undefined };
    knows(node: string, word: string): boolean;
  },
): Answers<Body> {
  const { budget } = deps;
  if (budget.bytesPerDay === 0) return bus;
  return {
    publish: (subject, body, more) => {
      const asker = ASKER.exec(subject)?.[1];
      const left = asker && deps.knows(asker, LINK_WORD) ? budget.header(asker) : undefined;
      return bus.publish(
        ...[subject, body],
        left === undefined ? more : { headers: { ...more.headers, [HEADER.linkLeft]: left } },
      );
    },
  };
}
