import { CBOR_BYTES } from './codec/body-format.ts';
import { BRIEF } from './codec/brief.ts';
import { BUNDLE } from './codec/bundle.ts';
import { END_IN_REPLY } from './end-in-reply.ts';
import { LINK_WORD } from './link-word.ts';
import { PRIORITY_WORD } from './priority.ts';
import { RELAY_FILES } from './relayed-file.ts';
import { TEXT_OUTPUT } from './report.ts';
import { HELD_WORD } from './state-question.ts';
import { SUPERSEDES_WORD } from './supersedes.ts';
import { KEPT_DATA, TOLD_OUTPUT } from './told-output.ts';

/** The word for a node that heeds when others say that they call next. */
export const CALL_TIMES = 'call-times';

/** The word for a node that is connected during its calls alone, and cannot be reached between them. */
export const CALLS = 'calls';

/** The words for what this node understands beyond the first form of the wire, as hellos and answers name them. */
export const OWN_WORDS = `state goodbye dots offset-parts lean ${END_IN_REPLY} ${BRIEF} ${PRIORITY_WORD} blocks fine-blocks ${SUPERSEDES_WORD} ${LINK_WORD} ${CALL_TIMES} ${TOLD_OUTPUT} ${KEPT_DATA} ${TEXT_OUTPUT} ${CBOR_BYTES} ${HELD_WORD} ${RELAY_FILES} ${BUNDLE}`;

/** Whether words as they came name this one. */
export function namesWord(words: string | undefined, word: string): boolean {
  return words !== undefined && ` ${words} `.includes(` ${word} `);
}

/** What the JSON of a hello says of the wire: the words that its node knows, if any, whether it is a goodbye, and whether its node has just connected. */
export function readWords(json: string | null | undefined): {
  words?: string;
  isGoodbye?: boolean;
  hasConnected?: boolean;
} {
  try {
    const { knows, leaving, connected } = (JSON.parse(json ?? '{}') ?? {}) as Record<string, unknown>;
    return {
      ...(typeof knows === 'string' && { words: knows }),
      isGoodbye: leaving === true,
      hasConnected: connected === true,
    };
  } catch {
    return {};
  }
}
