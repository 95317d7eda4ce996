import { parse, TomlError } from 'smol-toml';
import { showValue } from '../lib/show-value.ts';
import { type Groups, NodeMatcher } from './match-nodes.ts';
import { parseTarget } from './parse-target.ts';
import { TargetError } from './target-error.ts';

/**
 * Reads the text of a groups file: TOML, in which each key is a group, and its value a target or a list of them. Throws
 * TargetError with the line for anything else, for a target that cannot be read, and for a group that holds itself.
 */
export function readGroups(text: string, path: string): Groups {
  const groups: Record<string, readonly string[]> = Object.create(null);
  for (const [name, value] of Object.entries(parseToml(text, path))) {
    const fault = nameFault(name) ?? valueFault(value);
    if (fault !== undefined) throw faultOf(name, fault, { text, path });
    groups[name] = [value as string | string[]].flat();
  }
  for (const [name, members] of Object.entries(groups))
    told(name, { text, path }, () => members.forEach(parseTarget));
  for (const name of Object.keys(groups)) told(name, { text, path }, () => checkGroup(name, groups));
  return groups;
}

interface Source {
  readonly text: string;
  readonly path: string;
}

function parseToml(text: string, path: string): Record<string, unknown> {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [sentence = ''] = error.message.split('\n');
    throw new TargetError(
      `${path}:${error.line}: it is no TOML: ${sentence.replace(/^Invalid TOML document: /, '')}`,
      { cause: error },
    );
  }
}

function nameFault(name: string): string | undefined {
  return /^[^\s()='"@!]+$/.test(name)
    ? undefined
    : `the group ${JSON.stringify(name)} needs a name without spaces, quotes and ( ) = @ !`;
}

function valueFault(value: unknown): string | undefined {
  const isList = Array.isArray(value) && value.every((item) => typeof item === 'string');
  if (typeof value === 'string' || isList) return undefined;
  const odd = Array.isArray(value) ? value.find((item) => typeof item !== 'string') : value;
  return `a group is a target in quotes or a list of them, as in dock = ["ship1", "crane*"], not ${showValue(odd)}`;
}

/** Follows a group among no nodes at all, to see whether that comes to an end and meets only groups that exist. */
function checkGroup(name: string, groups: Groups): void {
  const { unknown } = new NodeMatcher([], groups).match({ kind: 'group', name });
  const missing = unknown.find(({ kind }) => kind === 'group');
  if (missing !== undefined) throw new TargetError(missing.reason);
}

/** Does something for a group, with its line in what goes wrong. */
function told(name: string, source: Source, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof TargetError)) throw error;
    throw faultOf(name, error.message, source);
  }
}

function faultOf(name: string, what: string, { text, path }: Source): TargetError {
  const line = lineOf(name, text);
  return new TargetError(line === undefined ? `${path}: ${what}` : `${path}:${line}: ${what}`);
}

/** The line on which a key, bare or in quotes, is given its value. */
function lineOf(name: string, text: string): number | undefined {
  const keys = [name, `"${name}"`, `'${name}'`];
  const index = text.split('\n').findIndex((line) => {
    const key = /^\s*\[*\s*("[^"]*"|'[^']*'|[^\s=\].]+)/.exec(line)?.[1];
    return key !== undefined && keys.includes(key);
  });
  return index < 0 ? undefined : index + 1;
}
