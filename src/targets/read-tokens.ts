import type { PatternPiece } from '../lib/glob.ts';
import { TargetError } from './target-error.ts';

/** A word or sign of a target, and where it stands (from 0). */
export interface Token {
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
export function readTokens(target: string): Token[] {
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
export function faultAt(target: string, at: number, what: string): TargetError {
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
