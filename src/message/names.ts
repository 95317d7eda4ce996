import { KINDS } from './kind.ts';

const MAX_NAME_BYTES = 128;

/** The name under which errors are collected, whichever node does it; it is no node's own. */
export const ERROR_CENTRAL = 'errorCentral';

/** A name that nothing else is to be looked at for, and what such a name must not be. */
const USUAL_NAME = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,127}$/;
const TAKEN_NAME = new RegExp(`^(REQ.*|_INBOX|and|or|not|Steward|reply|from|${KINDS.join('|')})$`, 'i');

/** Words of subjects: in a name with dots, or as a name, they would make a subject mean something else. */
const SUBJECT_WORDS: ReadonlySet<string> = new Set(['Steward', 'reply', 'from', ...KINDS]);

/**
 * Why a node must not have this name, as the end of a sentence that begins with the name, or undefined.
 *
 * A name is a part of NATS subjects, a folder in the data folder, and an argument of commands. So it is 1 to
 * 128 bytes of visible Unicode: letters, digits, marks, symbols and punctuation of any script, and dots between them,
 * as in a host's name. Refused are white space, control and other invisible characters, `*` `>` (NATS), `/` `\`
 * (paths), a leading `-` (read as a flag) or `$` (NATS keeps such subjects for itself), the name `_INBOX` (NATS'
 * reply subjects), what commands read as an expression for several nodes (`@fleet`, `a=b`, `a,b`, `and`, `or`, `not`),
 * and, between dots, nothing at all and the words of subjects: `Steward`, `reply`, `from`, kinds and
 * methods.
 */
export function nodeNameFault(name: string): string | undefined {
  if (USUAL_NAME.test(name) && !TAKEN_NAME.test(name)) return undefined;
  return charactersFault(name) ?? expressionFault(name) ?? partsFault(name);
}

function expressionFault(name: string): string | undefined {
  if (PLAIN_NAME.test(name) && !/^(and|or|not)$/i.test(name)) return undefined;
  const isExpression = /^@|[=,]|^(and|or|not)$/i.test(name);
  return isExpression ? 'is an expression for several nodes' : undefined;
}

function charactersFault(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) return `is longer than ${MAX_NAME_BYTES} bytes`;
  const fault = PLAIN_NAME.test(name) ? undefined : /[*>/\\\p{Z}\p{C}\u{FFFD}]/u.exec(name)?.[0];
  return fault === undefined ? undefined : `contains ${describeCharacter(fault)}`;
}

const PLAIN_NAME = /^[A-Za-z0-9_.-]+$/;

function partsFault(name: string): string | undefined {
  const parts = name.includes('.') ? name.split('.') : [name];
  if (parts[0] === '_INBOX')
    return `${parts.length > 1 ? 'begins with' : 'is'} a word that NATS keeps for itself`;
  const reserved = parts.find((part) => /^[-$]/.test(part));
  if (reserved !== undefined)
    return `${reserved === parts[0] ? 'begins' : 'has a part that begins'} with "${reserved[0]}"`;
  if (parts.includes('')) return 'has nothing before, between or behind its dots';
  const word = parts.find((part) => SUBJECT_WORDS.has(part) || part.startsWith('REQ'));
  if (word === undefined) return undefined;
  return word === name ? 'is a word of subjects' : `has the part "${word}", which is a word of subjects`;
}

/** Why a method must not have this name, in the words of `nodeNameFault`: letters, digits, `-` and `_` are allowed. */
export function methodNameFault(name: string): string | undefined {
  if (/^[A-Za-z][A-Za-z0-9_-]{0,127}$/.test(name)) return undefined;
  if (name.includes('.')) return 'contains "."';
  return charactersFault(name) ?? 'has characters other than letters, digits, "-" and "_"';
}

const ALIASES = new Map([
  ['REQnCliCommand', 'REQCliCommand'],
  ['REQnCliCommandCont', 'REQCliCommandCont'],
  ['ReqCliCommand', 'REQCliCommand'],
]);

/** The method's own name for one of the names that the reference's README also uses; any other name is kept. */
export function canonicalMethod(name: string): string {
  return ALIASES.get(name) ?? name;
}

function describeCharacter(character: string): string {
  if (character === ' ') return 'a space';
  if (/[.*>/\\]/.test(character)) return `"${character}"`;
  const code = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
  return `the invisible or broken character U+${code}`;
}
