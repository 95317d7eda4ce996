import { type ComponentChild, Fragment, h } from 'preact';
import { hashOf } from '../state/route.ts';
import type { ScreenData } from '../state/state.ts';
import { TEXTS } from '../texts.ts';
import { Requests } from './parts.ts';

type SchedulesData = Extract<ScreenData, { screen: 'schedules' }>;

/** What runs again and again, or later; each is ended on its own page. */
export function Schedules({ data: { page }, now }: { data: SchedulesData; now: number }): ComponentChild {
  const label = TEXTS.screens.schedules;
  return h(Fragment, null, [
    h(Requests, {
      ...{ label, requests: page.items, now, empty: TEXTS.schedulesNone, hasSchedule: true },
    }),
    page.next &&
      h('nav', { 'aria-label': label, class: 'pages' }, [
        h('a', { href: hashOf({ screen: 'schedules', cursor: page.next }) }, TEXTS.later),
      ]),
  ]);
}
