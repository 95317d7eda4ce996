/** The words that begin a line, and whether a blank must follow. */
const OPERATIONS = {
  ...{ PUB: true, HPUB: true, SUB: true, UNSUB: true, '-ERR': true },
  ...{ CONNECT: false, INFO: false, PING: false, PONG: false, '+OK': false },
} as const;
/** A word that begins a line. */
export type Operation = keyof typeof OPERATIONS;
const BY_LETTER: ReadonlyMap<number, readonly Operation[]> = byFirstLetter();

const SPACE = 32;
const TAB = 9;
const [H, P, U, B] = [0x68, 0x70, 0x75, 0x62];

/** The word at the beginning of a line; undefined where none is known. */
export function operationAt(buffer: Buffer, start: number): Operation | undefined {
  const isHeaded = (buffer[start]! | 0x20) === H;
  if (isPub(buffer, isHeaded ? start + 1 : start)) return isHeaded ? 'HPUB' : 'PUB';
  const candidates = BY_LETTER.get(upper(buffer[start]!));
  return candidates?.find(
    (name) => sameLetters(buffer, start, name) === name.length && isEnded(buffer[start + name.length], name),
  );
}

/** The words that matter for speed. */
function isPub(buffer: Buffer, at: number): boolean {
  return (
    (buffer[at]! | 0x20) === P &&
    (buffer[at + 1]! | 0x20) === U &&
    (buffer[at + 2]! | 0x20) === B &&
    (buffer[at + 3] === SPACE || buffer[at + 3] === TAB)
  );
}

/** What follows PING, PONG and +OK up to the end of the line does not matter. */
function isEnded(byte: number | undefined, name: Operation): boolean {
  return !OPERATIONS[name] || byte === SPACE || byte === TAB;
}

/** Whether these bytes can begin no line that is known. */
export function isUnknown(buffer: Buffer, start: number): boolean {
  const length = buffer.length - start;
  const candidates = BY_LETTER.get(upper(buffer[start]!)) ?? [];
  return !candidates.some((name) => {
    const same = sameLetters(buffer, start, name);
    if (same < name.length) return same === length;
    return length === name.length || isEnded(buffer[start + name.length], name);
  });
}

function sameLetters(buffer: Buffer, start: number, name: string): number {
  let same = 0;
  while (same < name.length && isLetter(buffer[start + same], name.charCodeAt(same))) same += 1;
  return same;
}

/** Whether a byte is this capital letter, or its small one. */
function isLetter(byte: number | undefined, letter: number): boolean {
  return byte === letter || (letter >= 0x41 && byte === letter + 0x20);
}

function byFirstLetter(): Map<number, Operation[]> {
  const map = new Map<number, Operation[]>();
  for (const name of Object.keys(OPERATIONS) as Operation[]) {
    const letter = name.charCodeAt(0);
    map.set(letter, [...(map.get(letter) ?? []), name]);
  }
  return map;
}

/** A small letter as its capital; other bytes as they are. */
function upper(byte: number): number {
  return byte >= 0x61 && byte <= 0x7a ? byte - 0x20 : byte;
}
