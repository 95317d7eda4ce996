import { type ComponentChild, Fragment, h } from 'preact';
import type { PresenceChange } from '../../contract/nodes.ts';
import { presenceShare, presenceSpans } from '../state/presence-spans.ts';
import { TEXTS } from '../texts.ts';

const WEEK_MS = 7 * 86_400_000;
const WIDTH = 700;
const HEIGHT = 16;

/** A week of a node as a strip: filled where it was here, marked below where it was away; the words say the same. */
export function PresenceStrip({
  changes,
  now,
}: {
  changes: readonly PresenceChange[];
  now: number;
}): ComponentChild {
  const spans = presenceSpans(changes, { now, lengthMs: WEEK_MS });
  const share = presenceShare(spans);
  const words = share ? TEXTS.week(Math.round(share.here * 100), share.absences) : TEXTS.weekNone;
  const bars = spans
    .filter(({ presence }) => presence !== 'unknown')
    .map(({ presence, from, to }) =>
      h('rect', {
        ...{ class: presence, x: from * WIDTH, width: Math.max(1, (to - from) * WIDTH) },
        // Not by colour alone: an absence is as low as a presence is high.
        ...(presence === 'here' ? { y: 0, height: HEIGHT } : { y: HEIGHT - 4, height: 4 }),
      }),
    );
  const picture = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: 'strip', preserveAspectRatio: 'none' };
  return h(Fragment, null, [h('svg', { ...picture, 'aria-hidden': true }, bars), h('p', null, words)]);
}
