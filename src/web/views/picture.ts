import { type ComponentChild, type ComponentChildren, h } from 'preact';
import type { Bar } from '../state/chart-bars.ts';

export const WIDTH = 700;
export const HEIGHT = 120;

/** A picture with words below its two ends. */
export function Chart({
  from,
  to,
  children,
}: {
  from: string;
  to: string;
  children?: ComponentChildren;
}): ComponentChild {
  const ends = h('figcaption', null, [h('span', null, from), h('span', null, to)]);
  return h('figure', null, [children, ends]);
}

/** A picture of WIDTH x HEIGHT that is stretched to its place; what it shows is said in words besides. */
export function Picture({ children }: { children?: ComponentChildren }): ComponentChild {
  const picture = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: 'chart', preserveAspectRatio: 'none' };
  return h('svg', { ...picture, 'aria-hidden': true }, children);
}

/** Bars, each of the class of its part. */
export function Bars({ bars }: { bars: readonly Bar<string>[] }): ComponentChild {
  const rect = ({ part, x, y, width, height }: Bar<string>) =>
    h('rect', {
      class: part,
      ...{ x: x * WIDTH, y: y * HEIGHT, width: width * WIDTH, height: height * HEIGHT },
    });
  return h(Picture, null, bars.map(rect));
}
