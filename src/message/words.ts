import { CBOR_BYTES } from './codec/body-format.ts';
import { BRIEF, wordsSum } from './codec/brief.ts';
import { BUNDLE } from './codec/bundle.ts';
import { DICTIONARY, HAS_DICTIONARIES } from './codec/dictionaries.ts';
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

/** The word for a node that knows the words of others from a sum, in their hellos as in brief answers. */
export const WORDS_SUM = 'words-sum';
/** Before such a sum: no word begins so. */
const SUM_MARK = '#';

/** The words for what this node understands beyond the first form of the wire, as hellos and answers name them. */
export const OWN_WORDS = `state goodbye dots offset-parts lean ${END_IN_REPLY} ${BRIEF} ${PRIORITY_WORD} blocks fine-blocks ${SUPERSEDES_WORD} ${LINK_WORD} ${CALL_TIMES} ${TOLD_OUTPUT} ${KEPT_DATA} ${TEXT_OUTPUT} ${CBOR_BYTES} ${HELD_WORD} ${RELAY_FILES} ${BUNDLE} ${WORDS_SUM}${HAS_DICTIONARIES ? ` ${DICTIONARY}` : ''}`;

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

/** Words in a hello, in short. */
export function shortWords(words: string): string {
  return `${SUM_MARK}${wordsSum(words)}`;
}

/** The words that a hello names: of those that came in short, the one of `known` that it means; undefined where it is none of these. */
export function longWords(words: string, known: readonly (string | undefined)[]): string | undefined {
  if (!words.startsWith(SUM_MARK)) return words;
  return known.find((each) => each !== undefined && shortWords(each) === words);
}
