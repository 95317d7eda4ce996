import type { OutboundMessage } from '../../link/way-out.ts';
import { CALLED_OFF_AT } from '../../message/codec/wire-headers.ts';
import { ENDLESS } from '../../store/endless.ts';
import type { KeptTime } from '../../store/kept-clock.ts';
import type { Entry } from './lane-window.ts';

/** How long a message lives. What was called off is over by any clock, so that no node begins with it any more. */
export function lifeOf({ isCalledOff, expiresAt }: Entry, kept: KeptTime): OutboundMessage['life'] {
  if (isCalledOff) return { leftMs: null, endsAt: CALLED_OFF_AT };
  if (expiresAt === null || expiresAt >= ENDLESS) return null;
  return { leftMs: expiresAt - kept.now(), endsAt: kept.toWall(expiresAt) };
}

/** Tells the receiver that it may wait with its answer: the next message is right behind. */
export function followed(
  message: OutboundMessage,
  index: number,
  all: readonly OutboundMessage[],
): OutboundMessage {
  return index === all.length - 1 ? message : { ...message, place: { ...message.place!, isFollowed: true } };
}
