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
