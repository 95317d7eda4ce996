/**
 * Subjects are kept as strings of bytes (latin1): each character is one byte of the wire, so that no text is decoded on
 * the way. `wireText` makes such a string of ordinary text.
 */
export function wireText(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** Ordinary text of a string of bytes, for people. */
export function plainText(wire: string): string {
  return Buffer.from(wire, 'latin1').toString('utf8');
}

/** Whether something can be subscribed to: tokens between dots, none empty or with a space, `>` only as the last. */
export function isSubject(subject: string): boolean {
  if (subject === '' || /[ \t\r\n\f]/.test(subject)) return false;
  const tokens = subject.split('.');
  return tokens.every((token, index) => token !== '' && (token !== '>' || index === tokens.length - 1));
}

/** Whether a subject is valid and has no wildcards. */
export function isLiteral(subject: string): boolean {
  return isSubject(subject) && !hasWildcard(subject);
}

/** Whether a token of the subject is a wildcard. */
export function hasWildcard(subject: string): boolean {
  return /(^|\.)[*>](\.|$)/.test(subject);
}

/** Whether all that `inner` can match is matched by `outer` too; both may have wildcards. */
export function isWithin(inner: string, outer: string): boolean {
  const [own, all] = [inner.split('.'), outer.split('.')];
  for (const [index, wanted] of all.entries()) {
    const token = own[index];
    if (token === undefined) return false;
    if (wanted === '>') return true;
    if (token === '>') return false;
    if (wanted !== '*' && token !== wanted) return false;
  }
  return own.length === all.length;
}

/** Whether some subject is matched by both. */
export function overlap(one: string, other: string): boolean {
  const [a, b] = [one.split('.'), other.split('.')];
  for (let index = 0; ; index += 1) {
    const [left, right] = [a[index], b[index]];
    if (left === undefined || right === undefined) return left === right;
    if (left === '>' || right === '>') return true;
    if (left !== '*' && right !== '*' && left !== right) return false;
  }
}
