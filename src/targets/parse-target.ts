import { type Glob, readGlob } from '../lib/glob.ts';
import { faultAt, readTokens, type Token } from './read-tokens.ts';
import { TargetError } from './target-error.ts';

/** What a target says of a node. */
export type Expression =
  | { readonly kind: 'name'; readonly glob: Glob; readonly text: string }
  | { readonly kind: 'group'; readonly name: string }
  | { readonly kind: 'match'; readonly key: string; readonly glob: Glob; readonly text: string }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Expression[] }
  | { readonly kind: 'not'; readonly part: Expression };

const MAX_LENGTH = 10_000;
const MAX_DEPTH = 100;
const WHAT_BELONGS = 'a name, a pattern such as ship*, @group or label=value belongs here';

/**
 * Reads a target: a name or pattern, `@group`, `label=value`, `label!=value`, joined with `and`, `or`, `not` and
 * parentheses, in this order of strength: not, and, or. Throws TargetError that names the column.
 */
export function parseTarget(target: string): Expression {
  if (target.length > MAX_LENGTH) throw new TargetError(`a target has more than ${MAX_LENGTH} characters`);
  return new Parser(target).whole();
}

class Parser {
  readonly #target: string;
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(target: string) {
    this.#target = target;
    this.#tokens = readTokens(target);
  }

  whole(): Expression {
    const expression = this.#either();
    if (this.#token.kind === 'end') return expression;
    const what = this.#token.kind === ')' ? 'this ")" closes nothing' : '"and" or "or" belongs here';
    throw this.#fault(
      `${what}; a name with spaces, parentheses or = goes in quotes, and several targets are words of their own`,
    );
  }

  #either(): Expression {
    return this.#joined('or', () => this.#joined('and', () => this.#single()));
  }

  #joined(kind: 'and' | 'or', read: () => Expression): Expression {
    const parts = [read()];
    while (this.#takeWord(kind)) parts.push(read());
    return parts.length === 1 ? parts[0]! : { kind, parts };
  }

  #single(): Expression {
    if (++this.#depth > MAX_DEPTH) throw this.#fault(`it is nested more than ${MAX_DEPTH} deep`);
    const expression = this.#takeWord('not')
      ? ({ kind: 'not', part: this.#single() } as const)
      : this.#term();
    this.#depth--;
    return expression;
  }

  #term(): Expression {
    if (this.#token.kind === '(') return this.#inner();
    const word = this.#token;
    if (word.kind !== 'word' || isOperator(word)) throw this.#fault(WHAT_BELONGS);
    this.#next++;
    const { kind } = this.#token;
    if (kind === '=' || kind === '!=') return this.#match(word, kind);
    const [first] = word.pieces;
    if (!first?.isLiteral && word.text.startsWith('@')) return this.#group(word);
    return { kind: 'name', glob: readGlob(word.pieces), text: word.text };
  }

  #inner(): Expression {
    this.#next++;
    const expression = this.#either();
    if (this.#token.kind !== ')') throw this.#fault('a ")", "and" or "or" belongs here');
    this.#next++;
    return expression;
  }

  #match(word: Token, sign: '=' | '!='): Expression {
    const key = readGlob(word.pieces).plain;
    if (key === undefined)
      throw faultAt(this.#target, word.at, 'what stands before = is the name of a label, without * ? [');
    this.#next++;
    const value = this.#token;
    // An empty value, as in `region=`, is what nodes without the label have.
    const isGiven = value.kind === 'word' && !isOperator(value);
    if (isGiven) this.#next++;
    const glob = readGlob(isGiven ? value.pieces : []);
    const match = {
      kind: 'match',
      key,
      glob,
      text: `${word.text}${sign}${isGiven ? value.text : ''}`,
    } as const;
    return sign === '=' ? match : { kind: 'not', part: match };
  }

  #group(word: Token): Expression {
    const name = word.pieces
      .map(({ text }) => text)
      .join('')
      .slice(1);
    if (name === '') throw faultAt(this.#target, word.at, 'the name of a group belongs behind the @');
    return { kind: 'group', name };
  }

  get #token(): Token {
    return this.#tokens[this.#next]!;
  }

  #takeWord(word: string): boolean {
    const isThere = this.#token.kind === 'word' && this.#token.text.toLowerCase() === word;
    if (isThere) this.#next++;
    return isThere;
  }

  #fault(what: string): TargetError {
    return faultAt(this.#target, this.#token.at, what);
  }
}

function isOperator({ text }: Token): boolean {
  return ['and', 'or', 'not'].includes(text.toLowerCase());
}
