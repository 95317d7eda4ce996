import { formatOf } from '../../message/codec/body-format.ts';
import { type ShortReply, withoutTold, wordFor } from '../../message/told-output.ts';
import type { Entry } from './lane-window.ts';

/** How often it is looked whether what a reply waits for was delivered, ms. */
const LOOK_MS = 200;

/** How long a reply waits for the output that it need not bring, until it is looked again, ms; 0 where it does not. */
export function toldWaitMs(entry: Entry | undefined, knows: (word: string) => boolean): number {
  const waits =
    entry?.told && !entry.isCalledOff && !entry.isSent && knows(wordFor(entry.told)) && !entry.told.isThere();
  return waits ? LOOK_MS : 0;
}

/** A reply without what its target was told of it; undefined where it goes whole. */
export function shortOf(
  entry: Entry,
  body: Uint8Array,
  knows: (word: string) => boolean,
): ShortReply | undefined {
  if (!entry.told || entry.isCalledOff) return undefined;
  if (knows(wordFor(entry.told))) entry.short ??= withoutTold(body, formatOf(entry.format), entry.told);
  else entry.short = undefined;
  if (!entry.short) goWhole(entry);
  return entry.short;
}

/** From now on it goes whole; what has arrived of it in the other form is of no use. */
export function goWhole(entry: Entry): void {
  if (entry.short) entry.arrivedBytes = entry.sentBytes = entry.wholeBytes = entry.pieceBytes = 0;
  entry.told = undefined;
  entry.short = undefined;
}
