const MAX_NAME_BYTES = 128;

/**
 * Why a node must not have this name, as the end of a sentence that begins with the name, or undefined.
 *
 * A name is a token of a NATS subject, a folder in the data folder, and an argument of commands. So it is 1 to
 * 128 bytes of visible Unicode: letters, digits, marks, symbols and punctuation of any script. Refused are white
 * space, control and other invisible characters, `.` `*` `>` (NATS), `/` `\` (paths), a leading `-` (read as a
 * flag) or `$` (NATS keeps such subjects for itself), and the name `_INBOX` (NATS' reply subjects).
 */
export function nodeNameFault(name: string): string | undefined {
  if (/^[A-Za-z0-9_][A-Za-z0-9_-]{0,127}$/.test(name) && name !== '_INBOX') return undefined;
  if (name === '') return 'is empty';
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) return `is longer than ${MAX_NAME_BYTES} bytes`;
  if (name === '_INBOX') return 'is a word that NATS keeps for itself';
  const reserved = /^[-$]/.exec(name);
  if (reserved) return `begins with "${reserved[0]}"`;
  const fault = /[.*>/\\\p{Z}\p{C}\u{FFFD}]/u.exec(name)?.[0];
  return fault === undefined ? undefined : `contains ${describeCharacter(fault)}`;
}

/** Why a method must not have this name, in the words of `nodeNameFault`: letters, digits, `-` and `_` are allowed. */
export function methodNameFault(name: string): string | undefined {
  if (/^[A-Za-z][A-Za-z0-9_-]{0,127}$/.test(name)) return undefined;
  return nodeNameFault(name) ?? 'has characters other than letters, digits, "-" and "_"';
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
