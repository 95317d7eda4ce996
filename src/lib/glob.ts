/** A part of a pattern: any characters, any one, one of a set, or this one. */
type Part =
  | { readonly kind: 'any' }
  | { readonly kind: 'one' }
  | {
      readonly kind: 'set';
      readonly isNegated: boolean;
      readonly ranges: readonly (readonly [string, string])[];
    }
  | { readonly kind: 'character'; readonly character: string };

/** Text of a pattern; what was in quotes is literal. */
export interface PatternPiece {
  readonly text: string;
  readonly isLiteral: boolean;
}

/** A pattern that was read. */
export interface Glob {
  readonly parts: readonly Part[];
  /** The one text that it means where it has no wildcards. */
  readonly plain: string | undefined;
}

/** Reads `*`, `?`, `[abc]`, `[a-f]` and `[!abc]`; a `[` that is not closed stands for itself. */
export function readGlob(pieces: readonly PatternPiece[]): Glob {
  const parts = pieces.flatMap(({ text, isLiteral }) => (isLiteral ? literal(text) : patternParts(text)));
  const isPlain = parts.every(({ kind }) => kind === 'character');
  return { parts, plain: isPlain ? pieces.map(({ text }) => text).join('') : undefined };
}

/** Whether a text fits a pattern as a whole. Takes no more than text x pattern steps. */
export function fitsGlob({ parts }: Glob, text: string): boolean {
  const characters = [...text];
  let at = 0;
  let part = 0;
  let star = -1;
  let resumeAt = 0;
  while (at < characters.length) {
    const wanted = parts[part];
    if (wanted?.kind === 'any') {
      star = part++;
      resumeAt = at;
    } else if (wanted !== undefined && fitsPart(wanted, characters[at]!)) {
      part++;
      at++;
    } else if (star >= 0) {
      part = star + 1;
      at = ++resumeAt;
    } else return false;
  }
  return parts.slice(part).every(({ kind }) => kind === 'any');
}

/** Whether a text fits a pattern as a whole; case does not count. */
export function fitsPattern(pattern: string, text: string): boolean {
  return fitsGlob(readGlob([{ text: pattern.toLowerCase(), isLiteral: false }]), text.toLowerCase());
}

function fitsPart(part: Part, character: string): boolean {
  if (part.kind === 'character') return part.character === character;
  if (part.kind !== 'set') return true;
  const isIn = part.ranges.some(([first, last]) => character >= first && character <= last);
  return isIn !== part.isNegated;
}

function literal(text: string): Part[] {
  return [...text].map((character) => ({ kind: 'character', character }));
}

function patternParts(text: string): Part[] {
  const found = text.matchAll(/\[(!?)(\]?[^\]]*)\]|[\s\S]/gu);
  return [...found].map(([part, negation, set]): Part => {
    if (set !== undefined && set !== '')
      return { kind: 'set', isNegated: negation === '!', ranges: rangesOf(set) };
    if (part === '*') return { kind: 'any' };
    return part === '?' ? { kind: 'one' } : { kind: 'character', character: part };
  });
}

function rangesOf(set: string): [string, string][] {
  return [...set.matchAll(/([\s\S])-([\s\S])|([\s\S])/gu)].map(([, first, last, one]) =>
    one === undefined ? [first!, last!] : [one, one],
  );
}
