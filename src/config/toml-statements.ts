import { parse } from 'smol-toml';

/** One `key = value` of a TOML text, by its places in that text. */
export interface TomlStatement {
  /** The first part of the key, unquoted. */
  readonly key: string;
  readonly line: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

/** The statements that stand before the first [table], and where the last of them ends. */
export interface TopLevel {
  readonly statements: readonly TomlStatement[];
  /** Where a further statement can be put. */
  readonly end: number;
}

const BLANK = /(?:[ \t\r\n]|#[^\n]*)*/y;
const KEY = /(?:"(?:\\.|[^"\\])*"|'[^']*'|[^="'])*/y;
const STRING = /"""(?:\\[\s\S]|[^\\])*?"{3,5}|'''[\s\S]*?'{3,5}|"(?:\\.|[^"\\])*"|'[^']*'/y;
const COMMENT = /#[^\n]*/y;

/** Finds the top-level statements of a text that is known to be valid TOML. */
export function findStatements(text: string): TopLevel {
  const statements: TomlStatement[] = [];
  let end: number | undefined;
  let at = endOf(BLANK, text, 0);
  while (at < text.length && text[at] !== '[') {
    const equals = endOf(KEY, text, at);
    const valueStart = endOf(/[ \t]*/y, text, equals + 1);
    const { valueEnd, lineEnd } = findValueEnd(text, valueStart);
    statements.push({ key: firstPart(text.slice(at, equals)), line: lineOf(text, at), valueStart, valueEnd });
    end = lineEnd;
    at = endOf(BLANK, text, lineEnd);
  }
  return { statements, end: end ?? at };
}

function lineOf(text: string, at: number): number {
  return text.slice(0, at).split('\n').length;
}

function findValueEnd(text: string, start: number): { valueEnd: number; lineEnd: number } {
  let depth = 0;
  let at = start;
  let valueEnd = start;
  while (at < text.length && !(depth === 0 && text[at] === '\n')) {
    const from = at;
    at = endOfToken(text, at);
    if (text[from] === '#') continue;
    if ('[{'.includes(text[from]!)) depth++;
    if (']}'.includes(text[from]!)) depth--;
    if (!/\s/.test(text[from]!)) valueEnd = at;
  }
  return { valueEnd, lineEnd: Math.min(at + 1, text.length) };
}

function endOfToken(text: string, at: number): number {
  const char = text[at]!;
  if (char === '#') return endOf(COMMENT, text, at);
  if (char !== '"' && char !== "'") return at + 1;
  return Math.max(endOf(STRING, text, at), at + 1);
}

function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return at + (pattern.exec(text)?.[0].length ?? 0);
}

function firstPart(key: string): string {
  return Object.keys(parse(`${key}=0`))[0]!;
}
