import { type ComponentChild, Fragment, h } from 'preact';
import type { PresenceChange } from '../../contract/nodes.ts';
import { readWeek, WEEK_MS } from '../../contract/presence-week.ts';
import { presenceShare, presenceSpans } from '../state/presence-spans.ts';
import { TEXTS } from '../texts.ts';

const WIDTH = 700;
const HEIGHT = 16;
const PICTURE = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: 'strip', preserveAspectRatio: 'none' };

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
  return h(Fragment, null, [h('svg', { ...PICTURE, 'aria-hidden': true }, bars), h('p', null, words)]);
}

/** The week of a node in a list, from its short form. */
export function WeekStrip({ week }: { week: string }): ComponentChild {
  const { runs, hereShare } = readWeek(week);
  if (hereShare === undefined) return '';
  const slot = WIDTH / week.length;
  const bars = runs.flatMap(({ is, from, to }) => {
    const across = { x: from * slot, width: (to - from) * slot };
    return [
      is === 'here' && h('rect', { ...across, class: 'here', y: 0, height: HEIGHT }),
      is === 'both' && h('rect', { ...across, class: 'here', y: HEIGHT / 2, height: HEIGHT / 2 }),
      (is === 'away' || is === 'both') && h('rect', { ...across, class: 'away', y: HEIGHT - 4, height: 4 }),
    ];
  });
  return h('span', { class: 'week' }, [
    h('svg', { ...PICTURE, 'aria-hidden': true }, bars),
    TEXTS.weekShare(Math.floor(hereShare * 100)),
  ]);
}
