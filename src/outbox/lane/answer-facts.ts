import { HEADER, parsePair } from '../../message/codec/wire-headers.ts';
import { parsePartPlace } from '../../message/part-place.ts';
import type { WireMessage } from '../../message/wire-message.ts';
import type { Entry } from './lane-window.ts';

/** How much of a message an answer says is there, bytes; undefined where it is about another form of it. */
export function arrivedUpTo(answer: WireMessage, entry: Entry): number | undefined {
  const header = answer.header(HEADER.part) ?? '';
  const place = parsePartPlace(header);
  if (place) return entry.isByOffset && place.total === entry.wholeBytes ? place.offset : undefined;
  const [part, parts] = parsePair(header, '/') ?? [];
  if (part === undefined || parts !== Math.ceil(entry.wholeBytes / entry.pieceBytes)) return undefined;
  return Math.min(part * entry.pieceBytes, entry.wholeBytes);
}

/** The node that an answer's text names, as the original's answers and this program's do. */
export function confirmerOf({ payload }: WireMessage): string | undefined {
  return /^confirmed from: ([^:]+): /.exec(Buffer.from(payload.subarray(0, 300)).toString())?.[1];
}

/** The places that an answer speaks for, the first and the last. */
export function rangeOf(answer: WireMessage): [number, number] {
  return parsePair(answer.header(HEADER.range) ?? '', '-') ?? [0, 0];
}

/** Whether an answer was given before, over a connection that has ended: for how long it was on its way says nothing. */
export function isAgain(answer: WireMessage): boolean {
  return answer.header(HEADER.again) !== undefined;
}

/** Notes how much of a message is there, as a `gap` says that asks for the rest. */
export function keepArrived(
  entry: Entry,
  { offset, total }: { readonly offset: number; readonly total: number },
): void {
  if (entry.isByOffset) entry.arrivedBytes = total === entry.wholeBytes ? offset : 0;
}

/** Whether a `gap` misses the very place that it answers: its message came compressed with what its target lacks, and goes without that. */
export function markLacked(entry: Entry, answer: WireMessage): boolean {
  const { seq } = entry;
  const isHere = rangeOf(answer)[0] === seq && answer.header(HEADER.expects) === String(seq);
  if (entry.isLacked || !isHere || answer.header(HEADER.part) !== undefined) return false;
  entry.isLacked = true;
  return true;
}
