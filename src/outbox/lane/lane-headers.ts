import type { OutboundMessage } from '../../link/way-out.ts';
import { CALLED_OFF_AT } from '../../message/codec/wire-headers.ts';
import { LINK_WORD } from '../../message/link-word.ts';
import { ENDLESS } from '../../store/endless.ts';
import type { KeptTime } from '../../store/kept-clock.ts';
import type { Entry } from './lane-window.ts';

/** How long a message lives. What was called off is over by any clock, so that no node begins with it any more. */
export function lifeOf({ isCalledOff, expiresAt }: Entry, kept: KeptTime): OutboundMessage['life'] {
  if (isCalledOff) return { leftMs: null, endsAt: CALLED_OFF_AT };
  if (expiresAt === null || expiresAt >= ENDLESS) return null;
  return { leftMs: expiresAt - kept.now(), endsAt: kept.toWall(expiresAt) };
}

/**
 * Messages as they go together: each says whether the next is right behind, so that one answer is enough, and the first one of a
 * generation that a node with a budget is to say with its answers what may come.
 */
export function marked(
  messages: readonly OutboundMessage[],
  knows: (word: string) => boolean,
  generation: { isNew(): boolean },
): readonly OutboundMessage[] {
  const all = messages[0]?.isLean && knows('lean') ? messages.map(followed) : messages;
  const [first, ...others] = all;
  return first && knows(LINK_WORD) && generation.isNew() ? [{ ...first, asksLeft: true }, ...others] : all;
}

function followed(message: OutboundMessage, index: number, all: readonly OutboundMessage[]): OutboundMessage {
  return index === all.length - 1 ? message : { ...message, place: { ...message.place!, isFollowed: true } };
}
