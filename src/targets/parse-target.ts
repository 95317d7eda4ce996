import { type Glob, type PatternPiece, readGlob } from '../lib/glob.ts';
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

/** A word or sign of a target, and where it stands (from 0). */
interface Token {
  readonly kind: 'word' | '(' | ')' | '=' | '!=' | 'end';
  readonly at: number;
  /** The text as it was written. */
  readonly text: string;
  /** Of a word: what is in it, with what was in quotes apart. */
  readonly pieces: readonly PatternPiece[];
}

const SIGN = /[()]|!=|==?/y;
const SPACE = /\s+/y;
const BARE = /(?:(?!!=)[^\s()='"])+/y;
const QUOTED = /"([^"]*)"|'([^']*)'/y;

/** Splits a target into its words and signs; the last one is `end`. Throws TargetError for a quote that is not closed. */
function readTokens(target: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < target.length) {
    const space = textAt(SPACE, target, at);
    if (space !== undefined) {
      at += space.length;
      continue;
    }
    const sign = textAt(SIGN, target, at);
    const token = sign === undefined ? wordAt(target, at) : signToken(sign, at);
    tokens.push(token);
    at += token.text.length;
  }
  return [...tokens, { kind: 'end', at: target.length, text: '', pieces: [] }];
}

/** The error for a place in a target, from 0. */
function faultAt(target: string, at: number, what: string): TargetError {
  const text = JSON.stringify(target);
  const place =
    at >= target.length ? 'at its end' : `at column ${at + 1} (${JSON.stringify(target.slice(at, at + 20))})`;
  return new TargetError(`the target ${text} cannot be read ${place}: ${what}`);
}

function signToken(text: string, at: number): Token {
  return { kind: text === '==' ? '=' : (text as Token['kind']), at, text, pieces: [] };
}

function wordAt(target: string, start: number): Token {
  const pieces: PatternPiece[] = [];
  let at = start;
  for (;;) {
    const bare = textAt(BARE, target, at);
    const quoted = bare === undefined ? textAt(QUOTED, target, at) : undefined;
    if (bare !== undefined) pieces.push({ text: bare, isLiteral: false });
    if (quoted !== undefined) pieces.push({ text: quoted.slice(1, -1), isLiteral: true });
    const length = (bare ?? quoted)?.length;
    if (length === undefined) break;
    at += length;
  }
  const next = target[at];
  if (next === '"' || next === "'") throw faultAt(target, at, `the quote ${next} is not closed`);
  return { kind: 'word', at: start, text: target.slice(start, at), pieces };
}

function textAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}
